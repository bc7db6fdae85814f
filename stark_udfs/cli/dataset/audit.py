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
    from stark_udfs.release.audit import DistributionAudit
    from stark_udfs.release.targets import Target
    from stark_udfs.stages.people.sampler import Profile
    from stark_udfs.stages.pipeline import Settings

AGAINST = {  # how `checks` names them
    "population": "the population",
    "people": "the people drawn",
    "paper": "the paper's people",
    "quotas": "equal strata",
}
FIELDS = "age, gender, birthplace, residence"


def audit(
    ctx: typer.Context,
    *,
    against: Annotated[
        str, typer.Option(help="population (as the settings draw), people, paper, or quotas.")
    ] = "population",
) -> None:
    """Hold the people of all episodes against what they were meant to be: χ², Jensen–Shannon, shares with intervals.

    What was found is kept in the table `checks`, and stands in the report.
    """
    from stark_udfs.cli.reading.warehouse import reader

    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    settings = ctx.obj.settings()
    found = show_audit(settings, reader(settings), console(), against)
    keep(settings, found, against)
    raise typer.Exit(0 if all(one.ok for one in found) else WRONG)


def show_audit(settings: "Settings", sql: SqlEngine, screen: Console, against: str) -> "tuple[DistributionAudit, ...]":
    """Show every dimension.

    Raises:
        InputError: `against` is no target, or there is no episode with sessions.
    """
    from stark_udfs.release.audit import audits

    missing = {"narratives", "sessions"} - set(sql.tables)
    with_sessions = "WHERE episode_id IN (SELECT episode_id FROM sessions)"
    people = [] if missing else _people(sql, f"SELECT {FIELDS} FROM narratives {with_sessions}")
    if not people:
        raise InputError("there is no episode with sessions yet: run `stark run`.")
    target = target_of(settings, sql, against)
    found = audits(people, target, categories=_categories(sql, with_sessions), seed=settings.pipeline.seed)
    for one in found:
        screen.print(_grid(one))
        screen.print(_told(one), soft_wrap=True)
    return found


def keep(settings: "Settings", found: "tuple[DistributionAudit, ...]", against: str) -> None:
    """Write what was found into `checks`, as those of a run.

    Raises:
        StorageError: it cannot be written.
    """
    from stark_udfs.engine import ledger
    from stark_udfs.engine.run import new_run_id
    from stark_udfs.engine.system_tables import CHECKS
    from stark_udfs.release.audit import as_checks
    from stark_udfs.tables.session import spark_session
    from stark_udfs.tables.tables import Tables

    tables = Tables(spark_session(settings.spark), settings.storage)
    ledger.append(tables, CHECKS, as_checks(found, AGAINST[against], new_run_id()))


def target_of(settings: "Settings", sql: SqlEngine, against: str) -> "Target":
    """The distribution that is meant.

    Raises:
        InputError: no target is called so.
    """
    from stark_udfs.release.targets import (
        CATEGORY,
        PAPER,
        category_target,
        people_target,
        population_target,
        quotas_target,
    )

    categories = category_target(settings.personas)
    if against == "population":
        return {**population_target(settings.people), **categories}
    if against == "people":
        return {**people_target(_people(sql, f"SELECT {FIELDS} FROM demographics")), **categories}
    if against == "paper":
        return PAPER
    if against == "quotas":
        drawn = _people(sql, f"SELECT {FIELDS} FROM demographics")
        return quotas_target(settings.quotas.by, drawn, categories[CATEGORY])
    raise InputError(f"--against {against}: no such target. Targets: {', '.join(AGAINST)}.")


def _people(sql: SqlEngine, query: str) -> "list[Profile]":
    from stark_udfs.stages.people.sampler import Profile

    return [
        Profile(int(str(age)), str(gender), str(born), str(home)) for age, gender, born, home in sql.ask(query).rows
    ]


def _categories(sql: SqlEngine, with_sessions: str) -> list[str]:
    """Of the persona of each episode; none where the tables that lead to it are not there."""
    if not {"commonsense", "personas"} <= set(sql.tables):
        return []
    query = (
        f"SELECT p.category FROM (SELECT commonsense_id FROM narratives {with_sessions}) n "
        "JOIN commonsense c ON c.commonsense_id = n.commonsense_id JOIN personas p ON p.persona_id = c.persona_id"
    )
    return [str(row[0]) for row in sql.ask(query).rows]


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
