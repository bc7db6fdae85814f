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
from stark_udfs.engine.ask.failed_tasks import last_words
from stark_udfs.tables.address import located
from stark_udfs.tracking.runs import spool_of
from stark_udfs.tracking.send import SendJob, send
from stark_udfs.tracking.server import tracking_uri
from stark_udfs.ultron.model_registry.logged import log_adapter
from stark_udfs.ultron.training import told
from stark_udfs.ultron.training.dataset import PreparedSamples, prepare
from stark_udfs.ultron.training.outcome import TrainedAdapter
from stark_udfs.ultron.training.train import ADAPTER, TrainingJob, last_checkpoint, train, train_from_text

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
    settings = located(settings)  # processes on other hosts have working folders of their own
    root = (Path(ultron.out) / task).absolute()
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
        tracking=spool if settings.tracking.enabled else None,
        run=run,
        registry=settings.tracking.registry,
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
    with told.telling(job):
        facts = run_processes(job)
    return Trained(Path(job.folder) / ADAPTER, facts, samples, _sent(job, settings))


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
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.ml.torch.distributor import TorchDistributor
    from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is None:
        raise SettingsError("ultron.processes: more than one needs a Spark session; `stark train` starts it.")
    # torchrun's processes find the package and the interpreter by the environment alone
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[3]))
    runner = TorchDistributor(
        num_processes=job.settings.processes, local_mode=job.settings.local, use_gpu=torch.cuda.is_available()
    )
    try:
        text = runner.run(train_from_text, job.model_copy(update={"watch_driver": True}).model_dump_json())
    except (Py4JJavaError, PySparkException) as error:
        whole = last_checkpoint(Path(job.folder))
        kept = f"{Path(whole).name} is whole, and it goes on from there" if whole else "no checkpoint was whole yet"
        raise StarkError(f"the training's processes ended: {last_words(error)}. Train again: {kept}.") from error
    return TrainedAdapter(**json.loads(text)) if text else TrainedAdapter.read(Path(job.folder) / ADAPTER)


def _sent(job: TrainingJob, settings: "Settings") -> str:
    if job.tracking is None:
        return ""
    uri = tracking_uri(settings.tracking, settings.storage.tables)
    wrong = send(SendJob(folder=job.tracking, uri=uri, settings=settings.tracking), log_adapter)
    return (
        f"{wrong}. The training is whole, and what is to be told stands in {job.tracking}: it is sent next time."
        if wrong
        else ""
    )
