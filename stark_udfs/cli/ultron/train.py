"""`stark train`, `stark mlflow`: a training, its plan, and MLflow's pages on what was written down."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal, cast

from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import console, out, plain, tell
from stark_udfs.core.errors import SettingsError
from stark_udfs.stages.pipeline import Settings

Task = Literal["dialogue", "summary"]


def task_of(name: str) -> Task:
    """The task of that name.

    Raises:
        SettingsError: there is none.
    """
    if name not in ("dialogue", "summary"):
        raise SettingsError(f"--task {name}: dialogue (Ultron) or summary (the memory of sessions).")
    return cast("Task", name)


def carry_out(settings: Settings, task: Task, *, resume: bool, copy_to: str | None = None) -> None:
    """Train, and say what came of it; `copy_to` is a folder or URI that the adapter is copied to."""
    from stark_udfs.tables.address import in_catalog
    from stark_udfs.ultron.card import write_card
    from stark_udfs.ultron.training.launch import train_all

    if settings.ultron.processes > 1 or not settings.ultron.local or in_catalog(settings.storage.tables):
        from stark_udfs.tables.session import spark_session

        spark_session(settings.spark)
    done = train_all(settings, task, resume=resume, say=tell)
    if done.untold:
        tell(done.untold, "yellow")
    losses = ", ".join(
        f"{name} {done.facts.metrics[name]:.3f}" for name in ("train_loss", "eval_loss") if name in done.facts.metrics
    )
    card = write_card(settings, done.folder)
    data = f"{done.facts.samples:,} samples of {done.facts.table} v{done.facts.version}"
    out(plain(f"{done.facts.steps:,} steps on {data}; {losses}"))
    out(plain(f"adapter: {done.folder}\nmodel card: {card}"))
    if copy_to is not None:
        out(plain(f"copied to {copied(done.folder, copy_to)}"))


def copied(adapter: Path, to: str) -> str:
    """Copy an adapter into a folder or URI, under the name of its training; where it is then.

    For a disk that ends with the cluster, where places that last take no file that is not written from end to end.

    Raises:
        StorageError: it cannot be written.
    """
    import fsspec

    from stark_udfs.core.errors import StorageError

    place = f"{to.rstrip('/')}/{adapter.parent.name}"
    try:
        filesystem, folder = fsspec.core.url_to_fs(place)
        for file in sorted(path for path in adapter.rglob("*") if path.is_file()):
            target = f"{folder}/{file.relative_to(adapter).as_posix()}"
            filesystem.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
            filesystem.put_file(str(file), target)
    except (OSError, ValueError, ImportError) as error:
        raise StorageError(f"--copy-to {place}: cannot be written: {error}. The adapter is in {adapter}.") from error
    return place


def job_only(settings: Settings, task: Task) -> None:
    """Write the samples and the job, and say how a launcher starts it."""
    from stark_udfs.ultron.training.launch import prepared_job

    job, _ = prepared_job(settings, task)
    count = f" --multi_gpu --num_processes {settings.ultron.processes}" if settings.ultron.processes > 1 else ""
    path = Path(job.folder).absolute() / "job.json"
    out(plain(f"accelerate launch{count} -m stark_udfs.ultron.training.launched {path}"))


def show_plan(settings: Settings, task: Task, gpu: str, screen: Console | None = None) -> None:
    """Print what a training would take."""
    from stark_udfs.ultron.training.plan import planned

    for line in planned(settings, task, gpu).lines():
        (screen or console()).print(Text(plain(line)), soft_wrap=True)


def open_mlflow(settings: Settings, *, host: str, port: int) -> int:
    """Send what is still in the spool, then serve MLflow's pages; returns when that ends."""
    from stark_udfs.tracking.runs import spool_of
    from stark_udfs.tracking.send import SendJob, send
    from stark_udfs.tracking.server import tracking_uri
    from stark_udfs.ultron.model_registry.logged import log_adapter

    uri = tracking_uri(settings.tracking, settings.storage.tables)
    job = SendJob(folder=spool_of(settings.storage.files), uri=uri, settings=settings.tracking)
    wrong = send(job, log_adapter)
    if wrong:
        tell(wrong, "yellow")
    if not uri.startswith("sqlite:"):
        out(plain(f"MLflow's pages are at {uri}"))
        return 0
    out(f"http://{host}:{port} in some seconds  (Ctrl-C ends it)")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    alone = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # its job queues are a dozen processes more
    return subprocess.run([*command, "--workers", "1"], check=False, env=alone).returncode
