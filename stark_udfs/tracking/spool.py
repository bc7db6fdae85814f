"""The spool: one file of JSON lines per run, sent to MLflow by `tracking.send`, kept until it has been.

Writing costs no import and no network. A run is known by a key of ours; sending finds or makes the MLflow run of it.
"""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stark_udfs.core.ids import Json

SENT = ".sent"  # beside a file: how many of its lines MLflow has


@dataclass(frozen=True)
class Spool:
    """A folder of what is to be sent.

    Example:
        ```python
        spool = Spool("warehouse/files/tracking")
        spool.begin("my-run", name="evaluation", tags={"stark.kind": "evaluation"})
        spool.metrics("my-run", {"R_at_1": 0.31}, step=0)
        spool.table("my-run", "training_samples", "warehouse/tables/training_samples", version=3, context="evaluation")
        spool.end("my-run")
        ```
    """

    folder: str

    def begin(self, run: str, *, name: str, tags: Mapping[str, str] | None = None, parent: str | None = None) -> None:
        """A run begins; a second time it goes on.

        Args:
            run: a key of your own, of letters, digits, `-`, `_` and `.`.
            name: as MLflow shows it.
            tags: by name.
            parent: key of the run that it is nested in.
        """
        self._add(run, {"op": "begin", "name": name, "tags": dict(tags or {}), "parent": parent})

    def params(self, run: str, values: Mapping[str, Json]) -> None:
        """What it was called with."""
        self._add(run, {"op": "params", "values": {name: str(value) for name, value in values.items()}})

    def metrics(self, run: str, values: Mapping[str, float], step: int = 0) -> None:
        """Numbers; MLflow allows letters, digits, `_`, `-`, `.`, `/` and spaces in their names."""
        self._add(run, {"op": "metrics", "values": dict(values), "step": step})

    def tags(self, run: str, values: Mapping[str, str]) -> None:
        """Words by which it is found."""
        self._add(run, {"op": "tags", "values": dict(values)})

    def table(self, run: str, name: str, source: str, *, version: int, context: str) -> None:
        """A table that it read or wrote: a dataset input, and the tag `table.<name>` = version to find it by."""
        self._add(run, {"op": "table", "name": name, "source": source, "version": version, "context": context})

    def artifact(self, run: str, path: str, to: str = "") -> None:
        """A file or folder, read when it is sent."""
        self._add(run, {"op": "artifact", "path": str(Path(path).absolute()), "to": to})

    def model(self, run: str, folder: str, *, registry: str) -> None:
        """A trained adapter that is to be logged and registered as a pyfunc model."""
        self._add(run, {"op": "model", "folder": str(Path(folder).absolute()), "registry": registry})

    def end(self, run: str, *, status: str = "FINISHED") -> None:
        """It has ended: FINISHED, FAILED or KILLED."""
        self._add(run, {"op": "end", "status": status})

    def _add(self, run: str, entry: dict[str, Json]) -> None:
        folder = Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({**entry, "at": int(time.time() * 1000)}, allow_nan=True)
        with (folder / f"{run}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno()) if entry["op"] in ("end", "model") else None

    def open_files(self) -> list[Path]:
        """Files with lines that were not sent yet, in the order in which their runs began: parents come first."""
        files = sorted(Path(self.folder).glob("*.jsonl"), key=lambda path: (_begun(path), path.stem))
        return [path for path in files if sent(path) < path.read_bytes().count(b"\n")]


def _begun(path: Path) -> int:
    """When the first line was written, in milliseconds."""
    with path.open(encoding="utf-8") as file:
        return int(json.loads(file.readline() or '{"at": 0}')["at"])


def sent(path: Path) -> int:
    """How many lines of a file MLflow has."""
    mark = path.with_suffix(SENT)
    return int(mark.read_text(encoding="utf-8")) if mark.is_file() else 0


def mark_sent(path: Path, lines: int) -> None:
    """So many lines of it have been sent."""
    fresh = path.with_suffix(f"{SENT}.new")
    fresh.write_text(str(lines), encoding="utf-8")
    fresh.replace(path.with_suffix(SENT))
