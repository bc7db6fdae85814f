"""What a training leaves beside its adapter: `stark.json`, by which the model is found, loaded and described again."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from stark_udfs.core.errors import SettingsError

FACTS = "stark.json"


@dataclass(frozen=True)
class TrainedAdapter:
    """Where an adapter comes from.

    Attributes:
        base: id or folder of the base model.
        revision: of it.
        special_tokens: text, or added.
        task: dialogue, or summary.
        table: what it was trained on.
        version: of the table.
        source: address of the table.
        samples: it saw.
        steps: of the optimiser.
        metrics: name → last value.
        run: the key under which it stands in MLflow.
        seed: of the run.
    """

    base: str
    revision: str | None
    special_tokens: str
    task: str
    table: str
    version: int
    source: str
    samples: int
    steps: int
    metrics: dict[str, float] = field(default_factory=dict)
    run: str = ""
    seed: int = 0

    def write(self, folder: str | Path) -> None:
        """Into the adapter's folder."""
        (Path(folder) / FACTS).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: str | Path) -> "TrainedAdapter":
        """From an adapter's folder.

        Raises:
            SettingsError: no training left it.
        """
        path = Path(folder) / FACTS
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SettingsError(f"{folder} holds no trained model ({FACTS}): train one with `stark train`.") from error
