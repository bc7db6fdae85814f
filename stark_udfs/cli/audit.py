"""`stark audit`: the people of the set against what they were meant to be."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from stark_udfs.cli.console import console
from stark_udfs.cli.options import WRONG, Common
from stark_udfs.core.errors import InputError
from stark_udfs.sql.duckdb import SqlEngine

if TYPE_CHECKING:
    from stark_udfs.release.audit import DistributionAudit, Target
    from stark_udfs.stages.people.sampler import Profile
    from stark_udfs.stages.pipeline import Settings

AGAINST = ("population", "people", "paper")
FIELDS = "age, gender, birthplace, residence"


def audit(
    ctx: typer.Context,
    *,
    against: Annotated[str, typer.Option(help="population (as the settings draw), people, or paper.")] = "population",
) -> None:
    """Hold the people of all episodes against what they were meant to be: χ², Jensen–Shannon, shares with intervals."""
    from stark_udfs.cli.warehouse import reader

    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    settings = ctx.obj.settings()
    raise typer.Exit(0 if show_audit(settings, reader(settings), console(), against) else WRONG)


def show_audit(settings: "Settings", sql: SqlEngine, screen: Console, against: str) -> bool:
    """Show every dimension; whether chance alone can give such a set.

    Raises:
        InputError: `against` is no target, or there is no episode with sessions.
    """
    from stark_udfs.release.audit import audits

    missing = {"narratives", "sessions"} - set(sql.tables)
    with_sessions = "WHERE episode_id IN (SELECT episode_id FROM sessions)"
    people = [] if missing else _people(sql, f"SELECT {FIELDS} FROM narratives {with_sessions}")
    if not people:
        raise InputError("there is no episode with sessions yet: run `stark run`.")
    found = audits(people, target_of(settings, sql, against), seed=settings.pipeline.seed)
    for one in found:
        screen.print(_grid(one))
        screen.print(_told(one), soft_wrap=True)
    return all(one.ok for one in found)


def target_of(settings: "Settings", sql: SqlEngine, against: str) -> "Target":
    """The distribution that is meant.

    Raises:
        InputError: no target is called so.
    """
    from stark_udfs.release.audit import PAPER, people_target, population_target

    if against == "population":
        return population_target(settings.people)
    if against == "people":
        return people_target(_people(sql, f"SELECT {FIELDS} FROM demographics"))
    if against == "paper":
        return PAPER
    raise InputError(f"--against {against}: no such target. Targets: {', '.join(AGAINST)}.")


def _people(sql: SqlEngine, query: str) -> "list[Profile]":
    from stark_udfs.stages.people.sampler import Profile

    return [
        Profile(int(str(age)), str(gender), str(born), str(home)) for age, gender, born, home in sql.ask(query).rows
    ]


def _grid(one: "DistributionAudit") -> Grid:
    grid = Grid(title=f"{one.dimension}, {one.people:,} people")
    for name in (one.dimension, "people", "share", "95 % interval", "meant", ""):
        grid.add_column(name, justify="left" if name in {one.dimension, ""} else "right")
    for row in one.strata:
        between = f"{row.low:.1%} to {row.high:.1%}"
        grid.add_row(row.value, f"{row.count:,}", f"{row.share:.1%}", between, f"{row.target:.1%}", "off" * row.off)
    return grid


def _told(one: "DistributionAudit") -> str:
    test = "too few people for χ²"
    if one.p is not None:
        test = f"χ² {one.chi2:.1f}, {one.dof} degrees of freedom, p {one.p:.3g}"
    pooled = f" ({len(one.pooled)} rare values taken together)" if len(one.pooled) > 1 else ""
    return (
        f"{test}{pooled}; Jensen–Shannon distance {one.distance:.3f}, {one.low:.3f} to {one.high:.3f}; by chance below "
        f"{one.by_chance:.3f}: {'as meant' if one.ok else 'not as meant'}"
    )
