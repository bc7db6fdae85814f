"""Writing what came of a stage's units: rows, then rejects, then the units; and removing rows whose parent is gone.

A crash in between costs a free replay: a unit without its `units` row, or with rows missing, is looked at again.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.rejects import RejectReason
from stark_udfs.engine import diff, fingerprint, guard
from stark_udfs.engine.ask.phase import Asked
from stark_udfs.engine.context import Context
from stark_udfs.engine.deduplicate import deduplicated
from stark_udfs.engine.estimate import CostEstimate
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.stage import Stage, TableStage, UnitStage
from stark_udfs.engine.system_tables import REJECTS, UNITS, RejectRow, UnitRow, UnitState
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import one


@dataclass(frozen=True)
class Work:
    """The units that a run looked at.

    played: `played_type`, one row per unit.
    fresh: no unit of them was ever recorded.
    stale: units that would have to be paid for again are kept and marked.
    """

    played: DataFrame
    fresh: bool
    stale: bool


@dataclass(frozen=True)
class StageOutcome:
    """What a stage did, in numbers; `expected` is what its calls were forecast to take, None where it asked nothing."""

    rows_in: int = 0
    looked_at: int = 0
    open: int = 0
    rejected: int = 0
    written: diff.RowChanges = field(default_factory=diff.RowChanges)
    asked: Asked = field(default_factory=Asked)
    expected: CostEstimate | None = None

    @property
    def note(self) -> str:
        """Why calls are open: what ended the run, or else what one of them ended with."""
        return self.asked.stopped or (self.asked.failed if self.open else "")


def write_work(context: Context, stage: UnitStage, work: Work) -> StageOutcome:
    """Write the outputs, rejects and states of units.

    Raises:
        GuardStopped: more rows would go than the settings allow; nothing was written.
    """
    finished = work.played.where("open IS NULL")
    found = deduplicated(context, stage, finished)
    rows, dropped = checkpointed(found.rows), checkpointed(_rejects(context, stage, found.dropped))
    written = _write_rows(context, stage, finished, rows)
    rejected = dropped.count()
    if stage.unique is not None and (capped := found.capped()):
        context.progress.said(
            f"stage {stage.name}: {capped:,} rows were kept without being compared with all others: "
            "too many share their rarest words"
        )
    _replace(context, REJECTS, stage.name, dropped, finished, rows=rejected, fresh=False)
    units = _units(context, stage, work, rows, dropped)
    looked_at, still_open = one(
        work.played.agg(F.count(F.lit(1)), F.count_if(F.col("open").isNotNull() & ~_kept_stale(work)))
    )
    _replace(context, UNITS, stage.name, units, work.played, rows=looked_at, fresh=work.fresh)
    return StageOutcome(open=still_open, rejected=rejected, written=written)


def _write_rows(context: Context, stage: UnitStage, finished: DataFrame, rows: DataFrame) -> diff.RowChanges:
    tables, table = context.tables, stage.writes
    if not tables.exists(table):
        tables.append(table, rows)  # also without a row: a stage that ran has its table
        return diff.RowChanges(insert=rows.count())
    old = tables.read(table).join(finished.select("unit_key"), "unit_key", "left_semi")
    changed = checkpointed(diff.row_changes(table, rows, old))
    counts = diff.count(changed)
    if counts.delete:
        guard.check_removal(context, table.name, stage.name, counts, tables.read(table).count())
        context.shrunk.add(table.name)
    diff.write(tables, table, changed, counts)
    return counts


def write_rejects(context: Context, stage: TableStage, dropped: DataFrame) -> int:
    """Make these the rejects of a table stage: `unit_key`, `position`, `reason`, `detail`, `key`; how many they are."""
    new = checkpointed(_rejects(context, stage, dropped.withColumn("reply_key", F.lit(None).cast("string"))))
    old = context.tables.read_or_empty(REJECTS).where(F.col("stage") == stage.name).select("unit_key")
    rows, units = new.count(), old.union(new.select("unit_key")).distinct()
    _replace(context, REJECTS, stage.name, new, units, rows=rows, fresh=False)
    return rows


def _rejects(context: Context, stage: Stage, dropped: DataFrame) -> DataFrame:
    origin = F.lit(None).cast("string")
    for reason in RejectReason:
        origin = F.when(F.col("reason") == reason.value, reason.origin.value).otherwise(origin)
    return (
        dropped.withColumn("stage", F.lit(stage.name))
        .withColumn("origin", origin)
        .withColumn("key", F.coalesce("key", F.lit("")))
        .withColumn("run_id", F.lit(context.run_id))
        .select(*struct_type(RejectRow).names)
    )


def _units(context: Context, stage: UnitStage, work: Work, rows: DataFrame, dropped: DataFrame) -> DataFrame:
    """The `units` rows of the work: a verdict where the replies gave one, else open."""
    given = rows.groupBy("unit_key").agg(F.count(F.lit(1)).alias("given"))
    lost = dropped.groupBy("unit_key").agg(F.count(F.lit(1)).alias("lost"))
    outputs = F.coalesce("given", F.lit(0))
    rejects = F.coalesce("lost", F.lit(0))
    is_open, stale = F.col("open").isNotNull(), _kept_stale(work)
    state = (
        F.when(stale, F.col("before_state"))
        .when(is_open, UnitState.OPEN.value)
        .when((outputs == 0) & (rejects > 0), UnitState.REJECTED.value)
        .otherwise(UnitState.DONE.value)
    )
    joined = work.played.join(given, "unit_key", "left").join(lost, "unit_key", "left")
    return joined.select(
        F.lit(stage.name).alias("stage"),
        "unit_key",
        "row_hash",
        F.lit(fingerprint.unit_hash(stage)).alias("code_hash"),
        state.alias("state"),
        F.when(is_open, F.col("before_outputs")).otherwise(outputs).alias("outputs"),
        rejects.alias("rejects"),
        "money",
        "redraw",
        stale.alias("stale"),
        F.lit(context.run_id).alias("run_id"),
    ).select(*struct_type(UnitRow).names)


def _kept_stale(work: Work) -> Column:
    return guard.repaid() if work.stale else F.lit(False)


def _replace(
    context: Context, table: Table, stage: str, new: DataFrame, units: DataFrame, *, rows: int, fresh: bool
) -> None:
    """Make `new`, which has `rows` rows, the rows of a system table for these units of a stage."""
    tables = context.tables
    if not tables.exists(table):
        tables.append(table, new)
        return
    old = tables.read(table).where(F.col("stage") == stage)
    if fresh or old.isEmpty():
        if rows:
            again_on_conflict(lambda: tables.append(table, new))
        return
    old = old.join(units.select("unit_key"), "unit_key", "left_semi")
    changed = checkpointed(diff.row_changes(table, new, old))
    diff.write(tables, table, changed, diff.count(changed), partition=f"target.stage = '{stage}'")


def clear(context: Context, stage: Stage) -> int:
    """Remove a stage's rows, and their units, whose parent rows this run removed; how many.

    Where the user said that rows which their own table lost may go, those of earlier runs go, too: each stage of a job
    may be a run of its own, and one may have been cut off.

    Raises:
        GuardStopped: more rows would go than the settings allow, and the user did not say so.
    """
    tables, table, told = context.tables, stage.writes, context.wanted.remove_missing > 0
    lost = list(table.parents) if told else shrunk_parents(table, context.shrunk)
    if not lost or not tables.exists(table):
        return 0
    gone = checkpointed(_without_parent(context, table, {t.name: t for t in stage.reads}, lost))
    counts = diff.RowChanges(delete=gone.count())
    if counts.any:
        if not told:
            guard.check_removal(context, table.name, stage.name, counts, tables.read(table).count())
        tables.merge(table, gone.withColumn("op", F.lit("delete")))
        context.shrunk.add(table.name)
        _forget(context, UNITS, stage, checkpointed(gone.select("unit_key").distinct()))
    if told and not isinstance(stage, TableStage):
        nobodys = checkpointed(_without_rows(context, stage))
        if not nobodys.isEmpty():
            _forget(context, UNITS, stage, nobodys)
            _forget(context, REJECTS, stage, nobodys)
    return counts.delete


def _without_rows(context: Context, stage: UnitStage) -> DataFrame:
    """`unit_key` of what was rejected or is open and is not selected any more: only a parent's absence tells of it."""
    selected = stage.select(context.frames(stage.reads)).select(F.col(stage.unit).alias("unit_key"))
    units = context.tables.read(UNITS).where(F.col("stage") == stage.name).select("unit_key")
    rows = context.tables.read(stage.writes).select("unit_key")
    return units.join(selected, "unit_key", "left_anti").join(rows, "unit_key", "left_anti")


def _forget(context: Context, table: Table, stage: Stage, units: DataFrame) -> None:
    """Remove a stage's rows of a system table for these units, checkpointed, which are there once each."""
    tables = context.tables
    if not tables.exists(table):
        return
    again_on_conflict(
        lambda: tables.merge(
            table,
            tables.read(table)
            .where(F.col("stage") == stage.name)
            .join(units, "unit_key", "left_semi")
            .select(*struct_type(table.record).names)
            .withColumn("op", F.lit("delete")),
            partition=f"target.stage = '{stage.name}'",
        )
    )


def shrunk_parents(table: Table, shrunk: AbstractSet[str]) -> list[tuple[str, str]]:
    """The parents of a table that lost rows in this run, each with the column that names a row of it.

    A row goes if any of them is gone; a table of which no parent shrank keeps all of its rows, whatever they name.
    """
    return [(column, parent) for column, parent in table.parents if parent in shrunk]


def _without_parent(context: Context, table: Table, reads: dict[str, Table], lost: list[tuple[str, str]]) -> DataFrame:
    there = [(column, context.tables.read(reads[parent])) for column, parent in lost]
    return rows_without_parent(context.tables.read(table), table.key, there)


def rows_without_parent(rows: DataFrame, key: Sequence[str], parents: Sequence[tuple[str, DataFrame]]) -> DataFrame:
    """The rows of which any parent is not there, each once; a parent has its column under the same name."""
    gone = rows.limit(0)
    for column, parent in parents:
        gone = gone.unionByName(rows.join(parent.select(column), column, "left_anti").select(*rows.columns))
    return gone.dropDuplicates(list(key))
