"""Running a stage of units: look → replay → guard → ask → replay → settle → write, in this order and once each.

Everything but asking is free and can be repeated: rows come from replaying `ask` and `parse` over the stored replies.
"""

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError, RunStopped, StarkError
from stark_udfs.core.ids import ID_LENGTH
from stark_udfs.engine import ask_phase, diff, fingerprint, guard, replies
from stark_udfs.engine.commit import StageOutcome, Work, write_rejects, write_work
from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import checkpointed, stored
from stark_udfs.engine.guard import open_calls
from stark_udfs.engine.images import phase
from stark_udfs.engine.progress import STOPPED_BY_USER
from stark_udfs.engine.replay import ReplayCause, played_type, replayer, unit_type
from stark_udfs.engine.stage import ImageStage, TableStage, UnitStage
from stark_udfs.engine.system_tables import REJECTS, RUNS, UNITS, UnitState
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import one


def run_unit_stage(context: Context, stage: UnitStage) -> StageOutcome:
    """Bring a stage's table up to date.

    Raises:
        InputError: `select` gives no row at all.
        RunStopped: the same, because the stages before wait for calls.
        GuardStopped: it would pay again, or remove too much, without having been told to.
    """
    looked = checkpointed(find_work(context, stage))
    known = F.when(F.col("cause").isNotNull(), F.col("before_state"))
    total, todo, recorded = one(looked.agg(F.count(F.lit(1)), F.count("cause"), F.count(known)))
    if not total and context.wanted.only is None and not stage.optional:
        raise no_input(context, stage.name, stage.reads)
    if not todo and (total or context.tables.exists(stage.writes)):  # a stage that ran has its table, empty or not
        return StageOutcome(rows_in=total)
    outcome = _work(context, stage, looked.where("cause IS NOT NULL"), fresh=not recorded)
    context.notes[stage.name] = outcome.note
    return replace(outcome, rows_in=total, looked_at=todo)


def find_work(context: Context, stage: UnitStage) -> DataFrame:
    """All units with what `units` knows of them, and why each has to be looked at (`cause`; null: it has not)."""
    tables = context.tables
    selected = stage.select(context.frames(stage.reads))
    if context.wanted.only is not None:
        selected = selected.where(F.col("episode_id") == context.wanted.only)
    order = F.col(stage.order) if stage.order is not None else F.lit(0)
    rows = selected.select(
        F.col(stage.unit).alias("unit_key"),
        order.cast("bigint").alias("order"),
        F.to_json(F.struct(*stage.each.model_fields), {"ignoreNullFields": "false"}).alias("row"),
    ).withColumn("row_hash", F.substring(F.sha2("row", 256), 1, ID_LENGTH))
    before = tables.read_or_empty(UNITS).where(F.col("stage") == stage.name)
    joined = rows.join(
        before.select("unit_key", F.struct("row_hash", "code_hash", "state", "outputs", "redraw").alias("before")),
        "unit_key",
        "left",
    )
    if tables.exists(stage.writes):
        present = tables.read(stage.writes).groupBy("unit_key").agg(F.count(F.lit(1)).alias("present"))
    else:
        present = tables.spark.createDataFrame([], "unit_key string, present bigint")
    again = _asked_again(context, stage)
    return (
        joined.join(present, "unit_key", "left")
        .withColumn("again", again)
        .select(
            "unit_key",
            "order",
            "row",
            "row_hash",
            (F.coalesce("before.redraw", F.lit(0)) + F.col("again").cast("bigint")).alias("redraw"),
            _cause(fingerprint.unit_hash(stage)).alias("cause"),
            F.col("before.state").alias("before_state"),
            F.coalesce("before.outputs", F.lit(0)).alias("before_outputs"),
        )
    )


def _cause(unit_hash: str) -> Column:
    return (
        F.when(F.col("again"), ReplayCause.ASKED.value)
        .when(F.col("before").isNull(), ReplayCause.NEW.value)
        .when(F.col("before.state") == UnitState.OPEN.value, ReplayCause.OPEN.value)
        .when(F.col("before.row_hash") != F.col("row_hash"), ReplayCause.ROW.value)
        .when(F.col("before.code_hash") != unit_hash, ReplayCause.CODE.value)
        .when(F.col("before.outputs") > F.coalesce("present", F.lit(0)), ReplayCause.OUTPUTS.value)
    )


def _asked_again(context: Context, stage: UnitStage) -> Column:
    """True for units that the user wants new answers for although nothing changed."""
    wanted = context.wanted
    if wanted.redraw:
        return F.lit(stage.name in wanted.redraw)
    if not wanted.retry_rejects:
        return F.lit(False)
    rejected = F.col("before.state") == UnitState.REJECTED.value
    if wanted.retry_reason is not None and context.tables.exists(REJECTS):
        drops = context.tables.read(REJECTS).where(
            (F.col("stage") == stage.name) & (F.col("reason") == wanted.retry_reason)
        )
        rejected &= F.col("unit_key").isin([row["unit_key"] for row in drops.select("unit_key").distinct().collect()])
    return F.coalesce(rejected, F.lit(False))


def _work(context: Context, stage: UnitStage, todo: DataFrame, *, fresh: bool) -> StageOutcome:
    with stored(replay_units(context, stage, todo), context.scratch(stage.name)) as first:
        allowed = guard.allowed(context, stage, open_calls(first))
        if not allowed.units:
            return write_work(context, stage, Work(first, fresh=fresh, stale=allowed.stale))
        may_ask = F.col("open").isNotNull() if not allowed.stale else F.col("open").isNotNull() & ~guard.repaid()
        to_ask = open_calls(first.where(may_ask)).select(*unit_type().names)
        expected = context.expected(stage, allowed.units, allowed.rounds)
        if isinstance(stage, ImageStage):
            asked = phase.make_pictures(context, stage.script(), to_ask, allowed.units)
        else:
            asked = ask_phase.ask(context, stage.script(), to_ask, allowed.units)
        second = replay_units(context, stage, to_ask)
        final = checkpointed(first.where(~may_ask).unionByName(second))
        done = write_work(context, stage, Work(final, fresh=fresh, stale=allowed.stale))
        return replace(done, asked=asked, expected=expected)


def replay_units(context: Context, stage: UnitStage, units: DataFrame) -> DataFrame:
    """Replay units over the replies that are there."""
    with_replies = replies.with_known(context.tables, stage.name, units)
    return with_replies.mapInArrow(replayer(stage.script()), played_type(stage.writes.record))


def no_input(context: Context, stage: str, reads: Sequence[Table]) -> StarkError:
    """The error for a stage whose `select` gives no row: a stage's table has the name of the stage."""
    waits = _open(context, [table.name for table in reads])
    if not waits:
        return InputError(
            f"stage {stage}: its input has no rows ({', '.join(table.name for table in reads)}). "
            "Nothing was removed. Run the stages before it, or look into `rejects`."
        )
    whys = {before: _why(context, before) for before in waits}
    told = " and ".join(
        f"stage {before} waits for {count:,} open {'call' if count == 1 else 'calls'}"
        + (f" ({whys[before]})" if whys[before] else "")
        for before, count in waits.items()
    )
    outs = " ".join(dict.fromkeys(_way_out(why) for why in whys.values()))
    return RunStopped(f"stage {stage} has no rows to work on yet: {told}. Nothing was removed. {outs}")


def _open(context: Context, stages: Sequence[str]) -> dict[str, int]:
    """Open units by stage, one open call each."""
    if not context.tables.exists(UNITS):
        return {}
    units = context.tables.read(UNITS).where((F.col("state") == UnitState.OPEN.value) & F.col("stage").isin(*stages))
    found = {row["stage"]: row["count"] for row in units.groupBy("stage").count().collect()}
    return {stage: found[stage] for stage in stages if stage in found}


def _why(context: Context, stage: str) -> str:
    """What the last run that worked on a stage said: this one, or one before; empty if nothing is known."""
    if stage in context.notes:
        return context.notes[stage]
    if not context.tables.exists(RUNS):
        return ""
    rows = context.tables.read(RUNS).where(F.col("stage") == stage)
    last = rows.agg(F.max_by("note", F.struct("run_id", "started_at")).alias("note")).first()
    return str(last["note"] or "") if last is not None else ""


def _way_out(why: str) -> str:
    if why.startswith("budget"):
        return "Run again with a higher --budget (limits.budget, limits.stage_budget)."
    if why == STOPPED_BY_USER:
        return "Run again: it goes on from there."
    return "Run again once the server answers: `stark doctor` asks it."


def run_table_stage(context: Context, stage: TableStage) -> StageOutcome:
    """Bring a table up to date: new and changed rows are written.

    Rows that are not selected any more stay, unless the stage is derived.

    Raises:
        InputError: `select` gives no row at all.
    """
    table, tables = stage.writes, context.tables
    key = F.col(table.key[0])
    rows = checkpointed(
        stage.select(context.frames_of(stage)).select(
            *struct_type(table.record).names,
            key.alias("unit_key"),
            F.lit("none").alias("provider"),
            F.lit(context.run_id).alias("run_id"),
        )
    )
    total = rows.count()
    if not total:
        raise InputError(f"stage {stage.name}: there are no rows to write. Nothing was removed.")
    if not tables.exists(table):
        tables.append(table, rows)
        counts = diff.RowChanges(insert=total)
    else:
        kept = "true" if stage.derived else "op <> 'delete'"
        changed = checkpointed(diff.row_changes(table, rows, tables.read(table)).where(kept))
        counts = diff.count(changed)
        diff.write(tables, table, changed, counts)
    rejected = 0 if stage.rejects is None else write_rejects(context, stage, stage.rejects(context.frames_of(stage)))
    return StageOutcome(rows_in=total, looked_at=total, rejected=rejected, written=counts)
