"""`stark train`: samples, one or many processes, and MLflow told of it."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stark_udfs.core.errors import SettingsError, StarkError
from stark_udfs.core.ids import Json, fingerprint
from stark_udfs.tracking.runs import spool_of
from stark_udfs.tracking.send import SendJob, send, tracking_uri
from stark_udfs.tracking.spool import Spool
from stark_udfs.ultron.dataset import PreparedSamples, prepare
from stark_udfs.ultron.outcome import TrainedAdapter
from stark_udfs.ultron.train import ADAPTER, TrainingJob, train, train_from_text

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

Task = Literal["dialogue", "summary"]


@dataclass(frozen=True)
class Trained:
    """What a training came to: the adapter, its facts, and why MLflow does not know of it, if so."""

    folder: Path
    facts: TrainedAdapter
    samples: PreparedSamples
    untold: str = ""


def prepared_job(settings: "Settings", task: Task, *, resume: bool = True) -> tuple[TrainingJob, PreparedSamples]:
    """Write the samples, and the job that every process reads.

    What a training depends on names its folder, so that one with other samples or another model starts anew.

    Raises:
        StorageError: a table is not there.
        InputError: nothing to train on.
        SettingsError: packing is asked of a model that sees.
    """
    ultron = settings.ultron
    if ultron.packing and task == "dialogue":
        raise SettingsError(
            "ultron.packing: several samples in one row are for text-only models; pictures are not packed. "
            "Set it to false."
        )
    root = Path(ultron.out) / task
    samples = prepare(
        settings.storage.tables,
        ultron,
        root / "samples",
        files=settings.storage.files,
        seed=settings.pipeline.seed,
        task=task,
    )
    meaning: dict[str, Json] = {
        "settings": ultron.model_dump(
            mode="json", exclude={"out", "processes", "local", "keep", "epochs", "max_steps", "eval_samples"}
        ),
        "version": samples.version,
        "source": samples.source,
    }
    run = f"training-{task}-{fingerprint(meaning)}"
    spool = spool_of(settings.storage.files)
    job = TrainingJob(
        settings=ultron,
        task=task,
        folder=str(root / run),
        train=samples.train,
        validation=samples.validation,
        source=samples.source,
        table=samples.table,
        version=samples.version,
        samples=samples.lengths.count,
        seed=settings.pipeline.seed,
        resume=resume,
        watch_driver=ultron.processes > 1,
        tracking=spool if settings.tracking.enabled else None,
        run=run,
    )
    if not resume:
        shutil.rmtree(job.folder, ignore_errors=True)
    job.write()
    return job, samples


def train_all(settings: "Settings", task: Task, *, resume: bool = True, say: Callable[[str], None]) -> Trained:
    """Train as the settings say, in as many processes as they say; MLflow can be down.

    Raises:
        StarkError: as `prepared_job` and `train`.
    """
    job, samples = prepared_job(settings, task, resume=resume)
    if samples.validation is None:
        say("the validation split is empty: no early stop, and the last checkpoint is taken, not the best")
    _begin(job, settings)
    status = "FAILED"
    try:
        facts = run_processes(job)
        status = "FINISHED"
    finally:
        _end(job, settings, status)
    folder = Path(job.folder) / ADAPTER
    latest = Path(settings.ultron.out) / task / "latest.json"
    latest.write_text(json.dumps({"adapter": str(folder.absolute())}), encoding="utf-8")
    return Trained(folder, facts, samples, _sent(job, settings))


def latest_adapter(settings: "Settings", task: Task) -> Path | None:
    """The adapter that was trained last; None: there is none."""
    path = Path(settings.ultron.out) / task / "latest.json"
    if not path.is_file():
        return None
    return Path(json.loads(path.read_text(encoding="utf-8"))["adapter"])


def run_processes(job: TrainingJob) -> TrainedAdapter:
    """Train in as many processes as the job says: here, or by TorchDistributor in the active Spark session.

    Raises:
        StarkError: as `train`.
    """
    ultron = job.settings
    done = train(job) if ultron.processes == 1 and ultron.local else _distributed(job)
    if done is None:
        raise StarkError("the training ended without a word of its first process: look into its log.")
    return done


def _distributed(job: TrainingJob) -> TrainedAdapter | None:
    import torch
    from pyspark.ml.torch.distributor import TorchDistributor
    from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is None:
        raise SettingsError("ultron.processes: more than one needs a Spark session; `stark train` starts it.")
    # torchrun's processes find the package and the interpreter by the environment alone
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[2]))
    runner = TorchDistributor(
        num_processes=job.settings.processes, local_mode=job.settings.local, use_gpu=torch.cuda.is_available()
    )
    text = runner.run(train_from_text, job.model_dump_json())
    return TrainedAdapter(**json.loads(text)) if text else TrainedAdapter.read(Path(job.folder) / ADAPTER)


def _begin(job: TrainingJob, settings: "Settings") -> None:
    if job.tracking is None:
        return
    spool = Spool(job.tracking)
    tags = {"stark.kind": "training", "stark.task": job.task, "stark.folder": job.folder}
    spool.begin(job.run, name=f"train {job.task}", tags=tags)
    spool.params(
        job.run, {**_flat(job.settings.model_dump(mode="json")), "seed": settings.pipeline.seed, "samples": job.samples}
    )
    spool.table(job.run, job.table, job.source, version=job.version, context="training")


def _end(job: TrainingJob, settings: "Settings", status: str) -> None:
    if job.tracking is None:
        return
    spool = Spool(job.tracking)
    folder = Path(job.folder) / ADAPTER
    if status == "FINISHED":
        if job.task == "dialogue":
            spool.model(job.run, str(folder), registry=settings.tracking.registry)
        else:
            spool.artifact(job.run, str(folder), "adapter")
    spool.end(job.run, status=status)


def _sent(job: TrainingJob, settings: "Settings") -> str:
    if job.tracking is None:
        return ""
    from stark_udfs.ultron.pyfunc import log_adapter

    uri = tracking_uri(settings.tracking, settings.storage.tables)
    wrong = send(SendJob(folder=job.tracking, uri=uri, settings=settings.tracking), log_adapter)
    return (
        f"{wrong}. The training is whole, and what is to be told stands in {job.tracking}: it is sent next time."
        if wrong
        else ""
    )


def _flat(tree: dict[str, Json], above: str = "") -> dict[str, Json]:
    flat: dict[str, Json] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{name}.")
        else:
            flat[f"{above}{name}"] = value
    return flat
