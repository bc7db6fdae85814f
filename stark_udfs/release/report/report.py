"""The report as a whole: which sections it has, and what stands at its top."""

from dataclasses import dataclass

from stark_udfs.release.report import (
    bias,
    checks,
    consistency,
    funnel,
    money,
    origin,
    people,
    pictures,
    stories,
    verdicts,
)
from stark_udfs.release.report.blocks import SET, Finding, Section, Tag, Tile
from stark_udfs.release.report.money import amount, currency
from stark_udfs.release.report.narrow import episodes
from stark_udfs.release.report.source import Source, count, number
from stark_udfs.sql.duckdb import SqlEngine

SECTIONS = (
    funnel.section,
    people.section,
    stories.section,
    pictures.section,
    verdicts.section,
    consistency.section,
    checks.section,
    bias.section,
    money.section,
    origin.section,
)
OFFLINE = (
    "Written by the offline author: a program, not a model, and drawings by another. Numbers with the mark “set, not "
    "measured” are those that it was told to hit. Nothing here says anything about the quality of generated data."
)


@dataclass(frozen=True)
class Report:
    """What stands on the page, in this order."""

    where: str
    made: str
    warning: str | None
    tiles: tuple[Tile, ...]
    findings: tuple[Finding, ...]
    sections: tuple[Section, ...]


def report_on(sql: SqlEngine, where: str, made: str) -> Report:
    """Read a warehouse into a report.

    Args:
        sql: who answers queries about it.
        where: what it is called on the page.
        made: when, as it stands on the page.

    Returns:
        Sections of what is there; a stage that did not run yet is told in words.
    """
    source = Source(sql)
    sections = tuple(make(source) for make in SECTIONS)
    order = {"bad": 0, "warn": 1}
    found = [finding for section in sections for finding in section.findings]
    found.sort(key=lambda finding: order.get(finding.level, 2))
    return Report(where, made, OFFLINE if source.offline else None, _tiles(source), tuple(found), sections)


def _tiles(source: Source) -> tuple[Tile, ...]:
    tiles: list[Tile] = []
    if source.has("sessions"):
        row = source.rows(
            f"SELECT count(*) AS episodes, sum(sessions) AS sessions, sum(turns) AS turns FROM {episodes(source)} e"
        )[0]
        tag = Tag(SET) if "sessions" in source.offline else None
        sessions = max(1, count(row["sessions"]))
        tiles += [
            Tile(f"{count(row['episodes']):,}", "episodes with sessions"),
            Tile(f"{count(row['sessions']):,}", "sessions"),
            Tile(f"{count(row['turns']) / sessions:.1f}", "turns a session", tag),
        ]
    elif source.has("narratives"):
        tiles.append(Tile(f"{count(source.rows('SELECT count(*) AS n FROM narratives')[0]['n']):,}", "episodes begun"))
    if source.has("images"):
        row = source.rows("SELECT count(*) AS n FROM images WHERE chosen")[0]
        tiles.append(Tile(f"{count(row['n']):,}", "images chosen"))
    if source.has("units"):
        row = source.rows("SELECT sum(rejects) AS dropped, sum(outputs) + sum(rejects) AS n FROM units")[0]
        if count(row["n"]):
            tiles.append(Tile(f"{number(row['dropped']) / number(row['n']):.1%}", "of rows dropped"))
    if source.has("checks"):
        rows = source.rows("SELECT count(*) AS n, sum(CASE WHEN ok THEN 0 ELSE 1 END) AS failed FROM last_checks")[0]
        tiles.append(Tile(f"{count(rows['failed'])} of {count(rows['n'])}", "checks failed"))
    if source.has("replies"):
        row = source.rows("SELECT count(*) AS n, sum(money) AS money FROM replies")[0]
        tiles.append(Tile(amount(number(row["money"]), currency(source)), f"for {count(row['n']):,} replies"))
    return tuple(tiles)
