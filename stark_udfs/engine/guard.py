"""The guard: nothing is paid for twice, and nothing is removed, without the user having said so."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.context import Context
from stark_udfs.engine.diff import RowChanges
from stark_udfs.engine.replay import ReplayCause, unit_type
from stark_udfs.engine.stage import TableStage, UnitStage
from stark_udfs.engine.system_tables import UNITS, UnitState

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


@dataclass(frozen=True)
class OpenCalls:
    """Open calls of one cause, counted; `why` None: of units that have no verdict yet."""

    why: ReplayCause | None
    units: int
    rounds: int
    money: float


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
    groups = [
        OpenCalls(None if row["why"] is None else ReplayCause(row["why"]), row["units"], row["rounds"], row["money"])
        for row in found
    ]
    wanted = context.wanted
    return verdict(
        groups,
        stage=stage.name,
        currency=stage.currency,
        remake=stage.name in wanted.remake,
        keep_stale=wanted.keep_stale,
    )


def verdict(groups: Sequence[OpenCalls], *, stage: str, currency: str, remake: bool, keep_stale: bool) -> Allowed:
    """What of the open calls may be made.

    Args:
        groups: the open calls, by cause.
        stage: its name.
        currency: empty where its calls cost nothing.
        remake: the user wants to pay again.
        keep_stale: the user wants to leave as they are the units that would be paid for again.

    Raises:
        GuardStopped: units that have a verdict already would be paid for again, and the user wants neither.
    """
    repeated = [(group, CAUSES[group.why]) for group in groups if group.why is not None]
    if repeated and not remake and not keep_stale:
        lines = [
            f"{group.units:,} units because {cause}"
            + (f": first calls up to {group.money:.2f} {currency}" if currency else "")
            for group, cause in repeated
        ]
        raise GuardStopped(
            f"stage {stage} would {'pay' if currency else 'work'} again for what it has:\n  "
            + "\n  ".join(lines)
            + f"\nNo call was made. To do it: --remake {stage}. To leave these rows and mark them: --keep-stale."
        )
    counted = [group for group in groups if group.why is None or not keep_stale]
    return Allowed(
        units=sum(group.units for group in counted),
        rounds=sum(group.rounds for group in counted),
        money=sum(group.money for group in counted),
        stale=bool(repeated) and keep_stale,
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
    if removes_too_much(counts.delete, rows, share) and stage not in context.wanted.remake:
        raise GuardStopped(
            f"stage {stage} would remove {counts.delete:,} of {rows:,} rows of {table}; {share:.0%} is allowed "
            f"(limits.removal_share). Nothing was written. To go on: --remake {stage}."
        )


def check_ranking(context: Context, stage: TableStage, counts: RowChanges) -> None:
    """Refuse to add or remove rows among which another stage chose what it asked.

    Raises:
        GuardStopped: before anything is written.
    """
    moved = counts.insert + counts.delete
    if stage.ranking is None or not moved or stage.name in context.wanted.remake:
        return
    asked = context.tables.read_or_empty(UNITS).where(F.col("stage").isin(*stage.ranking.stages))
    if not asked.isEmpty():
        raise GuardStopped(
            f"stage {stage.name} would add {counts.insert:,} and remove {counts.delete:,} rows, and "
            f"{' and '.join(stage.ranking.stages)} chose among all of them: others would be chosen and paid for, for "
            f"rows that were there, too. Nothing was written. {stage.ranking.instead} To go on all the same: "
            f"--remake {stage.name}."
        )


def check_missing(context: Context, stage: TableStage, missing: int) -> None:
    """Refuse to remove more rows that the user's own table does not have any more than the user allowed.

    Raises:
        GuardStopped: before anything is written.
    """
    most = context.wanted.remove_missing
    if missing > most:
        raise GuardStopped(
            f"stage {stage.name} would remove {missing:,} rows that its source does not have any more; "
            f"--remove-missing {most} allows {most:,}. Nothing was written."
        )


def removes_too_much(gone: int, rows: int, share: float) -> bool:
    """Whether more than that share of a table would go."""
    return gone > share * rows


def open_calls(played: DataFrame) -> DataFrame:
    """One row per unit that waits for a call.

    Args:
        played: `played_type`.

    Returns:
        `unit_type`; of the call `key`, `request`, `round` and `attempt`, and the most that it can take: `tokens` and
        `money`; `again`: the unit has a verdict already, so that this call would pay for it a second time.
    """
    return played.where("open IS NOT NULL").select(*unit_type().names, "open.*", repaid().alias("again"))
