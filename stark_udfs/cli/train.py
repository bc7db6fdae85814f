"""`stark train`, `stark mlflow`: a training, its plan, and MLflow's pages on what was written down."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

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


def carry_out(settings: Settings, task: Task, *, resume: bool) -> None:
    """Train, and say what came of it."""
    from stark_udfs.ultron.card import write_card
    from stark_udfs.ultron.launch import train_all

    if settings.ultron.processes > 1 or not settings.ultron.local:
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


def job_only(settings: Settings, task: Task) -> None:
    """Write the samples and the job, and say how a launcher starts it."""
    from stark_udfs.ultron.launch import prepared_job

    job, _ = prepared_job(settings, task)
    out(plain(f"accelerate launch -m stark_udfs.ultron.train {Path(job.folder) / 'job.json'}"))


def show_plan(settings: Settings, task: Task, gpu: str, screen: Console | None = None) -> None:
    """Print what a training would take."""
    from stark_udfs.ultron.plan import planned

    for line in planned(settings, task, gpu).lines():
        (screen or console()).print(Text(plain(line)), soft_wrap=True)


def _log_adapter(client: Any, run_id: str, entry: Mapping[str, Any]) -> None:  # noqa: ANN401
    """`log_adapter`, imported where there is a model to log."""
    from stark_udfs.ultron.pyfunc import log_adapter

    log_adapter(client, run_id, entry)


def open_mlflow(settings: Settings, *, host: str, port: int) -> int:
    """Send what is still in the spool, then serve MLflow's pages; returns when that ends."""
    from stark_udfs.tracking.runs import spool_of
    from stark_udfs.tracking.send import SendJob, send, tracking_uri

    uri = tracking_uri(settings.tracking, settings.storage.tables)
    job = SendJob(folder=spool_of(settings.storage.files), uri=uri, settings=settings.tracking)
    wrong = send(job, _log_adapter)
    if wrong:
        tell(wrong, "yellow")
    if not uri.startswith("sqlite:"):
        out(plain(f"MLflow's pages are at {uri}"))
        return 0
    out(f"http://{host}:{port}  (Ctrl-C ends it)")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    return subprocess.run(command, check=False).returncode
