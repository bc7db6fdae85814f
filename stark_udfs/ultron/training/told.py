"""What a training tells MLflow's spool at its beginning and its end, by whichever launcher it was started."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stark_udfs.core.ids import Json
from stark_udfs.tracking.spool import Spool
from stark_udfs.ultron.training.train import ADAPTER, TrainingJob


@contextmanager
def telling(job: TrainingJob) -> Iterator[None]:
    """Tell of the training that happens within; a disk that is full takes none of its own error's words."""
    _begin(job)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _end(job, whole=False)
        raise
    _end(job, whole=True)


def _begin(job: TrainingJob) -> None:
    """Its parameters, and the table with its version."""
    if job.tracking is None:
        return
    spool = Spool(job.tracking)
    tags = {"stark.kind": "training", "stark.task": job.task, "stark.folder": job.folder}
    spool.begin(job.run, name=f"train {job.task}", tags=tags)
    spool.params(job.run, {**_flat(job.settings.model_dump(mode="json")), "seed": job.seed, "samples": job.samples})
    spool.table(job.run, job.table, job.source, version=job.version, context="training")


def _end(job: TrainingJob, *, whole: bool) -> None:
    """The adapter, where the training is whole, which is then the one that was trained last; and that it has ended."""
    folder = Path(job.folder) / ADAPTER
    if whole:
        latest = Path(job.settings.out) / job.task / "latest.json"
        latest.write_text(json.dumps({"adapter": str(folder.absolute())}), encoding="utf-8")
    if job.tracking is None:
        return
    spool = Spool(job.tracking)
    if whole and job.task == "dialogue":
        spool.model(job.run, str(folder), registry=job.registry)
    elif whole:
        spool.artifact(job.run, str(folder), "adapter")
    spool.end(job.run, status="FINISHED" if whole else "FAILED")


def _flat(tree: dict[str, Json], above: str = "") -> dict[str, Json]:
    flat: dict[str, Json] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat
