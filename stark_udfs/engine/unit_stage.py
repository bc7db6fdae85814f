"""Running a stage of units: look → replay → guard → ask → replay → settle → write, in this order and once each.

Everything but asking is free and can be repeated: rows come from replaying `ask` and `parse` over the stored replies.
"""

from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError, RunStopped, StarkError
from stark_udfs.core.ids import ID_LENGTH
from stark_udfs.engine import diff, fingerprint, guard, replies
from stark_udfs.engine.ask import phase as ask_phase
from stark_udfs.engine.batch import phase as batch_phase
from stark_udfs.engine.batch.status import has_batches, none_under_way
from stark_udfs.engine.commit import StageOutcome, Work, write_rejects, write_work
from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import checkpointed, stored
from stark_udfs.engine.guard import open_calls
from stark_udfs.engine.images import phase
from stark_udfs.engine.progress import STOPPED_BY_USER
from stark_udfs.engine.replay import ReplayCause, played_type, replayer, unit_type
from stark_udfs.engine.stage import AnyChatStage, ImageStage, TableStage, UnitStage
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
    gathered = batch_phase.gather(context, stage)
    looked = checkpointed(find_work(context, stage))
    known = F.when(F.col("cause").isNotNull(), F.col("before_state"))
    total, todo, recorded = one(looked.agg(F.count(F.lit(1)), F.count("cause"), F.count(known)))
    if not total and context.wanted.only is None and not stage.optional:
        raise no_input(context, stage.name, stage.reads)
    if not todo and (total or context.tables.exists(stage.writes)):  # a stage that ran has its table, empty or not
        return StageOutcome(rows_in=total, asked=gathered)
    outcome = _work(context, stage, looked.where("cause IS NOT NULL"), fresh=not recorded, hold=bool(gathered.stopped))
    outcome = replace(outcome, rows_in=total, looked_at=todo, asked=gathered + outcome.asked)
    context.notes[stage.name] = outcome.note
    return outcome


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


def _work(context: Context, stage: UnitStage, todo: DataFrame, *, fresh: bool, hold: bool) -> StageOutcome:
    """Replay, ask unless the run has to end (`hold`), replay, write."""
    with stored(replay_units(context, stage, todo), context.scratch(stage.name)) as first:
        allowed = guard.allowed(context, stage, open_calls(first))
        if not allowed.units or hold:
            return write_work(context, stage, Work(first, fresh=fresh, stale=allowed.stale))
        may_ask = F.col("open").isNotNull() if not allowed.stale else F.col("open").isNotNull() & ~guard.repaid()
        to_ask = open_calls(first.where(may_ask)).select(*unit_type().names)
        expected = context.expected(stage, allowed.units, allowed.rounds)
        if isinstance(stage, ImageStage):
            asked = phase.make_pictures(context, stage.script(), to_ask, allowed.units)
        elif through_batches(context, stage):
            expected = None if expected is None else expected.at(stage.chat.model.batch.price_share)
            asked = batch_phase.ask(context, stage, to_ask, allowed.units)
        else:
            none_under_way(context, stage)
            asked = ask_phase.ask(context, stage.script(), to_ask, allowed.units)
        second = replay_units(context, stage, to_ask)
        final = checkpointed(first.where(~may_ask).unionByName(second))
        done = write_work(context, stage, Work(final, fresh=fresh, stale=allowed.stale))
        return replace(done, asked=asked, expected=expected)


def through_batches(context: Context, stage: AnyChatStage) -> bool:
    """Whether the stage's calls go through a batch API."""
    if not context.wanted.batch or has_batches(stage.chat):
        return context.wanted.batch
    context.progress.said(f"stage {stage.name}: {stage.chat.model.name!r} has no batches, and is asked directly")
    return False


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
    if why.startswith("batch"):
        return "`stark batch status` shows them; `stark run --batch` collects them."
    if why.startswith("budget"):
        return "Run again with a higher --budget (limits.budget, limits.stage_budget)."
    if why == STOPPED_BY_USER:
        return "Run again: it goes on from there."
    return "Run again once the server answers: `stark doctor` asks it."


def run_table_stage(context: Context, stage: TableStage, before: str | None = None) -> StageOutcome:
    """Bring a table up to date: new and changed rows are written.

    Rows that are not selected any more stay, unless the stage is derived, or the user said that they may go.

    Args:
        context: of the run.
        stage: the stage.
        before: the version of its source that its rows are made from; None: all rows are made anew.

    Raises:
        InputError: `select` gives no row at all.
        GuardStopped: rows would come or go that must not.
    """
    came = _came_since(context, stage, before)
    if came is not None:
        return came
    table, tables = stage.writes, context.tables
    rows = checkpointed(_with_provenance(context, stage, stage.select(context.frames_of(stage))))
    total = rows.count()
    if not total:
        raise InputError(f"stage {stage.name}: there are no rows to write. Nothing was removed.")
    if not tables.exists(table):
        tables.append(table, rows)
        counts = diff.RowChanges(insert=total)
    else:
        changed = checkpointed(diff.row_changes(table, rows, tables.read(table)).where(_may_go(context, stage)))
        counts = diff.count(changed)
        guard.check_ranking(context, stage, counts)
        if counts.delete and not stage.derived:
            guard.check_missing(context, stage, counts.delete)
            context.shrunk.add(table.name)
            gone = "1 row" if counts.delete == 1 else f"{counts.delete:,} rows"
            context.progress.said(f"stage {stage.name}: {gone} removed that its source does not have")
        diff.write(tables, table, changed, counts)
    rejected = 0 if stage.rejects is None else write_rejects(context, stage, stage.rejects(context.frames_of(stage)))
    return StageOutcome(rows_in=total, looked_at=total, rejected=rejected, written=counts)


def _with_provenance(context: Context, stage: TableStage, selected: DataFrame) -> DataFrame:
    table = stage.writes
    return selected.select(
        *struct_type(table.record).names,
        F.col(table.key[0]).alias("unit_key"),
        F.lit("none").alias("provider"),
        F.lit(context.run_id).alias("run_id"),
    )


def _may_go(context: Context, stage: TableStage) -> Column:
    """Of a difference, what is written: rows that are not selected any more only go if they may."""
    stays = F.col("op") != "delete"
    if stage.derived:
        return F.lit(True)
    if stage.source is None or not context.wanted.remove_missing:
        return stays
    column, value = stage.source.mark
    return stays | (F.col(column) == value)


def _came_since(context: Context, stage: TableStage, before: str | None) -> StageOutcome | None:
    """Add the rows that came to the source since a version; None: all have to be looked at.

    They are, where the source cannot tell, and where a row is not what it was: it may be there twice.
    """
    found = None if before is None or stage.source is None else stage.source.since(before)
    if found is None:
        return None
    table, tables = stage.writes, context.tables
    rows = checkpointed(_with_provenance(context, stage, found))
    known = tables.read(table).join(rows.select(*table.key), list(table.key), "left_semi")
    changed = checkpointed(diff.row_changes(table, rows, known))
    counts = diff.count(changed)
    if counts.update:
        return None
    guard.check_ranking(context, stage, counts)
    diff.write(tables, table, changed, counts)
    looked_at = rows.count()
    return StageOutcome(rows_in=max(looked_at, tables.read(table).count()), looked_at=looked_at, written=counts)
