"""`stark run --until-quota`: rounds of the whole pipeline, each with more candidates for the strata that lack some."""

from pathlib import Path

from rich.console import Console

from stark_udfs.cli.console import console
from stark_udfs.cli.options import ENDED_EARLY, RunSelection
from stark_udfs.cli.run import carry_out
from stark_udfs.core.errors import SettingsError
from stark_udfs.release.quotas import Shortfall, Tally, filled, first_round, next_round, strata_of, tally
from stark_udfs.stages.pipeline import Settings

SHOWN = 10  # strata that are named


def fill(settings: Settings, order: RunSelection, report_to: Path | None = None) -> int:
    """Run until every stratum has its accepted episodes, or a limit is reached.

    Returns:
        The exit code: 0 where all are filled, 3 where not, 130 where the user stopped it.

    Raises:
        SettingsError: no quota is set, or the quotas need more candidates than are allowed; a part of the pipeline or
            one episode is asked for.
    """
    from stark_udfs.tables.session import spark_session

    if settings.quotas.accepted is None:
        raise SettingsError("--until-quota needs quotas.accepted: say how many episodes each stratum is to have.")
    if order.first or order.until or order.only:
        raise SettingsError("--until-quota runs the whole pipeline: leave out --from, --until and --only.")
    if code := carry_out(settings, RunSelection(until="demographics")):
        return code
    spark, screen = spark_session(settings.spark), console()
    strata = strata_of(spark, settings)
    before: Tally | None = None
    started = first_round(settings.quotas, strata, tally(spark, settings))
    for number in range(1, settings.quotas.max_rounds + 1):
        code = carry_out(_with(settings, started), order, report_to)
        now = tally(spark, settings)
        done = filled(settings.quotas, strata, now)
        screen.print(
            f"quotas, round {number}: {len(done):,} of {len(strata):,} strata have {settings.quotas.accepted:,} "
            f"accepted episodes; {sum(started.values()):,} candidates started, "
            f"{sum(now.accepted.values()):,} episodes accepted",
            soft_wrap=True,
        )
        if len(done) == len(strata):
            return 0
        if code:
            screen.print("The run ended early (above): the quotas are not reached. Run again to go on from there.")
            return code
        following, short = next_round(settings.quotas, started, now, before)
        if following == started:
            _tell(screen, short)
            return ENDED_EARLY
        before, started = now, following
    screen.print(f"quotas.max_rounds ({settings.quotas.max_rounds}) is reached: run again for more.")
    return ENDED_EARLY


def _with(settings: Settings, started: dict[str, int]) -> Settings:
    return settings.model_copy(update={"quotas": settings.quotas.model_copy(update={"started": started})})


def _tell(screen: Console, short: list[Shortfall]) -> None:
    screen.print(f"{len(short):,} strata stay open:")
    for one in short[:SHOWN]:
        screen.print(f"  {one.stratum}: {one.accepted:,} accepted; {one.why}", soft_wrap=True)
    if len(short) > SHOWN:
        screen.print(f"  and {len(short) - SHOWN:,} more")
