"""What a pipeline run tells MLflow: never more than a line on standard error, and never an error."""

import subprocess

from stark_udfs.cli.console import tell
from stark_udfs.core.errors import StarkError
from stark_udfs.engine.run import RunReport
from stark_udfs.stages.pipeline import Settings


def track(report: RunReport, settings: Settings) -> None:
    """Put the run into the spool and have it sent: in the background to our own database, else waited for."""
    from stark_udfs.tracking.runs import spool_of, start_sending, told_last_time, write_report
    from stark_udfs.tracking.spool import Spool

    if not settings.tracking.enabled:
        return
    spool = Spool(spool_of(settings.storage.files))
    try:
        if wrong := told_last_time(spool):
            tell(wrong, "yellow")
        write_report(spool, report, settings)
        sending = start_sending(settings.tracking, settings.storage.tables, spool)
        if sending is not None and settings.tracking.uri is not None:
            sending.wait(timeout=60 + 3 * settings.tracking.timeout_s)
            if wrong := told_last_time(spool):
                tell(wrong, "yellow")
    except (OSError, ValueError, StarkError, subprocess.TimeoutExpired) as error:
        tell(f"MLflow was not told of this run: {error}. The run itself is whole.", "yellow")
