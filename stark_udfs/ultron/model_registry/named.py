"""A trained model by its name: a folder, or where MLflow keeps it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from stark_udfs.core.errors import SettingsError
from stark_udfs.tracking.server import mlflow_at, tracking_uri
from stark_udfs.ultron.training.outcome import FACTS

if TYPE_CHECKING:
    from stark_udfs.settings.tracking import TrackingSettings

SCHEMES = ("models:", "runs:")


def adapter_named(name: str, tracking: "TrackingSettings", tables: str) -> Path:
    """The folder of a trained adapter.

    Args:
        name: a folder as `stark train` leaves it, `models:/ultron/1` or `runs:/RUN/ultron` of MLflow.
        tracking: where MLflow is.
        tables: `storage.tables`, beside which `mlflow.db` lies.

    Raises:
        SettingsError: there is no such model, or it is none that was trained here.
        StorageError: there is no MLflow to ask.
    """
    if not name.startswith(SCHEMES):
        if (Path(name) / FACTS).is_file():
            return Path(name)
        raise SettingsError(
            f"{name} is no folder of a trained model (it has no {FACTS}). Name the folder that `stark train` printed, "
            "or a model of MLflow as models:/ultron/1."
        )
    import mlflow
    from mlflow.exceptions import MlflowException

    uri = tracking_uri(tracking, tables)
    try:
        with mlflow_at(uri):
            folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=name, tracking_uri=uri))
    except (MlflowException, OSError) as error:
        raise SettingsError(f"{name} is not to be had from MLflow at {uri}: {str(error).splitlines()[0]}") from error
    found = sorted(folder.rglob(FACTS))
    if not found:
        raise SettingsError(f"{name} holds no adapter that was trained here ({FACTS} is not in it).")
    return found[0].parent


def latest_adapter(out: str, task: str) -> Path | None:
    """The adapter that was trained last; None: there is none.

    Args:
        out: `ultron.out`.
        task: dialogue, or summary.
    """
    path = Path(out) / task / "latest.json"
    if not path.is_file():
        return None
    return Path(json.loads(path.read_text(encoding="utf-8"))["adapter"])
