"""The rows of `runs`: what a run did for each stage, and the last run that finished."""

from collections.abc import Sequence

from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.engine import fingerprint
from stark_udfs.engine.commit import StageOutcome
from stark_udfs.engine.context import Context
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.stage import Stage, TableStage
from stark_udfs.engine.system_tables import RUNS, StageRun
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables

FINISHED, PARTIAL, ENDED_EARLY, UNCHANGED = "finished", "partial", "stopped", "unchanged"


def last_finished(tables: Tables) -> dict[str, StageRun]:
    """The last finished run of each stage."""
    if not tables.exists(RUNS):
        return {}
    rows = tables.read(RUNS).where(F.col("state") == FINISHED).groupBy("stage")
    newest = rows.agg(F.max_by(F.struct(*struct_type(StageRun).names), "run_id").alias("run")).collect()
    return {row["stage"]: StageRun.model_validate(row["run"].asDict(recursive=True)) for row in newest}


def append(tables: Tables, table: Table, rows: Sequence[Record]) -> None:
    """Add rows to a table of the ledger, such as `runs` or `checks`, in one file; nothing is written for none."""
    if rows:
        frame = tables.spark.createDataFrame([row.model_dump() for row in rows], struct_type(table.record)).coalesce(1)
        again_on_conflict(lambda: tables.append(table, frame))


def untouched(before: StageRun, run_id: str) -> StageRun:
    """The row of a stage for which there was nothing to do."""
    none = dict.fromkeys(
        ("added", "changed", "removed", "rejected", "calls", "tokens_in", "tokens_out", "torn_lines"), 0
    )
    fresh = {
        "run_id": run_id,
        "state": UNCHANGED,
        "money": 0.0,
        "seconds": 0.0,
        "seconds_asking": 0.0,
        "reused": before.rows_in,
        "note": "",
        **dict.fromkeys(name for name in StageRun.model_fields if name.startswith("forecast_")),
    }
    return before.model_copy(update={**none, **fresh})


def stage_run(
    context: Context,
    stage: Stage,
    outcome: StageOutcome,
    *,
    cleared: int,
    torn: int,
    versions: dict[str, int],
    source: str | None,
    started: str,
    seconds: float,
) -> StageRun:
    """The row of a stage that was run."""
    asked, written, tables, expected = outcome.asked, outcome.written, context.tables, outcome.expected
    state = ENDED_EARLY if asked.stopped else PARTIAL if outcome.open or context.wanted.only else FINISHED
    return StageRun(
        run_id=context.run_id,
        stage=stage.name,
        state=state,
        rows_in=outcome.rows_in,
        rows_out=tables.read(stage.writes).count(),
        added=written.insert,
        changed=written.update,
        removed=written.delete + cleared,
        rejected=outcome.rejected,
        reused=outcome.rows_in - outcome.looked_at,
        open=outcome.open,
        calls=asked.calls,
        tokens_in=asked.tokens_in,
        tokens_out=asked.tokens_out,
        money=asked.money,
        currency="" if isinstance(stage, TableStage) else stage.currency,
        forecast_calls=None if expected is None else expected.calls,
        forecast_tokens=None if expected is None else expected.tokens_in + expected.tokens_out,
        forecast_money=None if expected is None else expected.money,
        forecast_low=None if expected is None else expected.money_low,
        forecast_high=None if expected is None else expected.money_high,
        forecast_from=None if expected is None else expected.basis.value,
        seconds=round(seconds, 3),
        seconds_asking=asked.seconds,
        started_at=started,
        stage_hash=fingerprint.stage_hash(stage),
        versions_read=versions,
        version_written=tables.version(stage.writes),
        torn_lines=asked.torn + torn,
        note=outcome.note,
        source_read=source,
    )
