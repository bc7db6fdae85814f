"""A run of the pipeline in MLflow: its stages nested, found by the versions of the tables that they read and wrote."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stark_udfs.core.ids import Json, stable_id
from stark_udfs.engine.ledger import UNCHANGED
from stark_udfs.engine.run import RunReport
from stark_udfs.engine.system_tables import StageRun
from stark_udfs.settings.run import RunSettings
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.tables.address import address
from stark_udfs.tracking.send import TOLD, SendJob
from stark_udfs.tracking.server import tracking_uri
from stark_udfs.tracking.spool import Spool

NUMBERS = ("rows_in", "rows_out", "added", "changed", "removed", "rejected", "reused", "open", "calls", "tokens_in")
MORE = ("tokens_out", "money", "seconds", "seconds_asking")


def spool_of(files: str) -> str:
    """The spool of a warehouse: among its files, or in the driver's temporary folder where nothing can be appended."""
    if "://" in files or files.startswith("/Volumes/"):
        return str(Path(tempfile.gettempdir()) / f"stark-tracking-{stable_id(files)}")
    return str(Path(files).absolute() / "tracking")


def write_report(spool: Spool, report: RunReport, settings: RunSettings, target: str = "") -> None:
    """Put a pipeline run into the spool; stages that had nothing to do are left out."""
    worked = [stage for stage in report.stages if stage.state != UNCHANGED]
    if not worked:
        return
    run = f"run-{report.run_id}"
    spool.begin(run, name=f"run {report.run_id}", tags={"stark.kind": "pipeline", "stark.run_id": report.run_id})
    spool.params(run, _params(settings, target))
    spool.metrics(run, _sums(worked))
    for stage in worked:
        written = {stage.stage: stage.version_written} if stage.version_written is not None else {}
        _stage(spool, f"{run}-{stage.stage}", stage, parent=run, root=settings.storage.tables, written=written)
        for name, version in written.items():
            spool.table(run, name, address(settings.storage.tables, name), version=version, context="written")
    if report.stopped:
        spool.tags(run, {"stark.stopped": report.stopped})
    spool.end(run, status="FAILED" if report.stopped else "FINISHED")


def _stage(spool: Spool, run: str, stage: StageRun, *, parent: str, root: str, written: dict[str, int]) -> None:
    tags = {"stark.kind": "stage", "stark.stage": stage.stage, "stark.run_id": stage.run_id, "stark.state": stage.state}
    spool.begin(run, name=stage.stage, tags=tags, parent=parent)
    facts = stage.model_dump()
    spool.metrics(run, {name: float(facts[name]) for name in (*NUMBERS, *MORE)})
    for name, version in stage.versions_read.items():
        spool.table(run, name, address(root, name), version=version, context="read")
    for name, version in written.items():
        spool.table(run, name, address(root, name), version=version, context="written")
    spool.params(run, {"stage_hash": stage.stage_hash, "currency": stage.currency})
    spool.end(run, status="FINISHED" if stage.state == "finished" else "FAILED")


def _sums(stages: Sequence[StageRun]) -> dict[str, float]:
    return {name: float(sum(getattr(stage, name) for stage in stages)) for name in ("rejected", "calls", *MORE)}


def _params(settings: RunSettings, target: str) -> dict[str, Json]:
    models: dict[str, Json] = {f"model.{name}": model.name for name, model in settings.models.items()}
    dumped = settings.pipeline.model_dump(mode="json")
    return {"target": target, **models, **{f"pipeline.{name}": value for name, value in dumped.items()}}


def start_sending(settings: TrackingSettings, storage_tables: str, spool: Spool) -> subprocess.Popen[bytes] | None:
    """Send the spool in a process of its own; None where there is nothing to send.

    Raises:
        StorageError: there is no place for it (`tracking_uri`).
    """
    if not settings.enabled or not spool.open_files():
        return None
    job = SendJob(folder=spool.folder, uri=tracking_uri(settings, storage_tables), settings=settings)
    path = Path(spool.folder) / "send.json"
    path.write_text(job.model_dump_json(), encoding="utf-8")
    with (Path(spool.folder) / "send.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "stark_udfs.tracking.send", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )


def told_last_time(spool: Spool) -> str:
    """Why the last sending ended early, once; empty if it did not."""
    path = Path(spool.folder) / TOLD
    if not path.is_file() or not (wrong := path.read_text(encoding="utf-8").strip()):
        return ""
    path.unlink()
    return f"{wrong}. Nothing is lost: it stands in {spool.folder} and is sent with the next run."
