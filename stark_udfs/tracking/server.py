"""Which MLflow runs are kept in, and how it is spoken to without changing what else this process tells MLflow."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.tracking import TrackingSettings

TRACKING_URI, REGISTRY_URI = "MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"


def tracking_uri(settings: TrackingSettings, tables: str) -> str:
    """Where MLflow keeps its runs: the settings', the environment's, else a database beside the tables.

    Raises:
        StorageError: there is none of these, and the tables are no local folder.
    """
    given = settings.uri or os.environ.get(TRACKING_URI)
    if given:
        return given
    if "://" in tables or ("/" not in tables.rstrip("/") and "." in tables):
        raise StorageError(
            f"tracking.uri: {tables} is no local folder, so there is no place for mlflow.db. Name a server, or "
            "`databricks`; or switch it off with --set tracking.enabled=false."
        )
    return f"sqlite:///{Path(tables).absolute().parent}/mlflow.db"


def client_of(uri: str, settings: TrackingSettings) -> Any:  # noqa: ANN401
    """A client of MLflow that gives up on a server that is down."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", str(int(settings.timeout_s)))
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    import mlflow

    logging.getLogger("mlflow").setLevel(logging.WARNING)
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def mlflow_at(uri: str) -> Iterator[None]:
    """MLflow's functions that take no client work on this server meanwhile.

    They go by one address of the whole process, which MLflow also writes into the environment: left there, it would
    be taken for the user's own by the next run of this process.
    """
    import mlflow

    before = {name: os.environ.get(name) for name in (TRACKING_URI, REGISTRY_URI)}
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before[TRACKING_URI])  # None unsets it
        mlflow.set_registry_uri(before[REGISTRY_URI] or "")
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def shown(uri: str) -> str:
    """An address without what might be a password."""
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"
