"""A stage without input: whether the stages before it still wait for calls, for how many, why, and what to do."""

from collections.abc import Sequence

from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError, RunStopped, StarkError
from stark_udfs.engine.context import Context
from stark_udfs.engine.progress import STOPPED_BY_USER
from stark_udfs.engine.system_tables import RUNS, UNITS, UnitState
from stark_udfs.tables.table import Table


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
