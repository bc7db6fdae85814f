"""The guard: nothing is paid for twice, and nothing is removed, without the user having said so."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.context import Context
from stark_udfs.engine.diff import RowChanges
from stark_udfs.engine.replay import ReplayCause, unit_type
from stark_udfs.engine.stage import UnitStage
from stark_udfs.engine.system_tables import UnitState

CAUSES = {
    ReplayCause.ROW: "the rows that they are made from changed",
    ReplayCause.CODE: "the prompt, the model or the settings changed",
    ReplayCause.OUTPUTS: "their rows and their replies are gone",
}


@dataclass(frozen=True)
class Allowed:
    """What may be asked: units, the rounds they have behind them, and the most that their next calls can cost.

    stale: other units would be paid for again and are left as they are.
    """

    units: int
    rounds: int
    money: float
    stale: bool


def allowed(context: Context, stage: UnitStage, calls: DataFrame) -> Allowed:
    """Decide which of a stage's open calls may be made.

    Raises:
        GuardStopped: units that have a verdict already would be paid for again.
    """
    found = (
        calls.groupBy(F.when(F.col("again"), F.col("cause")).alias("why"))
        .agg(F.count(F.lit(1)).alias("units"), F.sum("round").alias("rounds"), F.sum("money").alias("money"))
        .collect()
    )
    fresh = [row for row in found if row["why"] is None]
    repeated = [row for row in found if row["why"] is not None]
    if repeated and stage.name not in context.wanted.remake and not context.wanted.keep_stale:
        lines = [
            f"{row['units']:,} units because {CAUSES[ReplayCause(row['why'])]}"
            + (f": first calls up to {row['money']:.2f} {stage.currency}" if stage.currency else "")
            for row in repeated
        ]
        raise GuardStopped(
            f"stage {stage.name} would {'pay' if stage.currency else 'work'} again for what it has:\n  "
            + "\n  ".join(lines)
            + f"\nNo call was made. To do it: --remake {stage.name}. To leave these rows and mark them: --keep-stale."
        )
    counted = fresh if context.wanted.keep_stale else found
    return Allowed(
        units=sum(row["units"] for row in counted),
        rounds=sum(row["rounds"] for row in counted),
        money=sum(row["money"] for row in counted),
        stale=bool(repeated) and context.wanted.keep_stale,
    )


def repaid() -> Column:
    """True for units that have a verdict although their next call is not among the stored replies."""
    verdict = F.col("before_state").isin(UnitState.DONE.value, UnitState.REJECTED.value)
    return F.coalesce(verdict, F.lit(False)) & F.col("open").isNotNull() & (F.col("cause") != ReplayCause.ASKED.value)


def check_removal(context: Context, table: str, stage: str, counts: RowChanges, rows: int) -> None:
    """Refuse to remove more of a table than the settings allow.

    Raises:
        GuardStopped: before anything is written.
    """
    share = context.settings.limits.removal_share
    if counts.delete > share * rows and stage not in context.wanted.remake:
        raise GuardStopped(
            f"stage {stage} would remove {counts.delete:,} of {rows:,} rows of {table}; {share:.0%} is allowed "
            f"(limits.removal_share). Nothing was written. To go on: --remake {stage}."
        )


def open_calls(played: DataFrame) -> DataFrame:
    """One row per unit that waits for a call.

    Args:
        played: `played_type`.

    Returns:
        `unit_type`; of the call `key`, `request`, `round` and `attempt`, and the most that it can take: `tokens` and
        `money`; `again`: the unit has a verdict already, so that this call would pay for it a second time.
    """
    return played.where("open IS NOT NULL").select(*unit_type().names, "open.*", repaid().alias("again"))
