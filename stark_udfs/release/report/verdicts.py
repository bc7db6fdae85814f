"""Judges, moderation, memory probes and consistency: each appears once its table is there."""

from collections.abc import Sequence
from dataclasses import replace

from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import Block, Cell, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.source import Measured, Source, clustered, count
from stark_udfs.release.text import shortened
from stark_udfs.stages.verdicts.criteria import Criterion

GROUPED = {  # by table, columns by which its rows are counted, the first that are there
    "moderations": ("verdict", "flagged", "label", "category", "model"),
    "probes": ("kind", "question_kind"),
    "episodes": ("split", "accepted"),
}
SAYS = {
    "judgements": "what judges think of sessions by the paper's seven criteria",
    "moderations": "whether texts are safe",
    "probes": "questions about an episode's memory",
    "episodes": "the data set's rows",
}
NO_SCORE = "Offline judges follow a rule, not a judgement: never set beside ratings by people."


def section(source: Source) -> Section:
    """What was judged; words where it was not."""
    blocks: list[Block] = []
    if source.has("judgements"):
        blocks += _judgements(source)
    for table in ("moderations", "probes", "episodes"):
        if source.has(table):
            blocks.append(_counted(source, table))
    if missing := source.missing(*SAYS):
        said = "; ".join(f"`{name}` ({SAYS[name]})" for name in missing)
        blocks.append(Words(f"Not made in this warehouse: {said}."))
    lead = (
        "Scores go from 1 (not at all) to 4 (a lot). Intervals count an episode once: its sessions resemble each other."
    )
    return Section("verdicts", "Judgements, moderation and probes", lead, tuple(blocks))


def judged(source: Source, criterion: str, group: str, join: str = "") -> list[Measured]:
    """The mean score by group of the judgements `j`."""
    query = (
        f"SELECT {group} AS grp, j.episode_id, sum(j.{criterion}) AS a, count(j.{criterion}) AS b "
        f"FROM judgements j {join} WHERE j.{criterion} IS NOT NULL GROUP BY 1, j.episode_id"
    )
    return clustered(source, query, mean=True)


def criteria_in(source: Source) -> list[str]:
    """The criteria that the table has columns for."""
    there = set(source.columns("judgements")) if source.has("judgements") else set()
    return [one.value for one in Criterion if one.value in there]


def offline_judge(source: Source) -> bool:
    """Whether some judge is the offline author."""
    if not source.has("judgements") or "model" not in source.columns("judgements"):
        return False
    return bool(count(source.rows("SELECT count(*) AS n FROM judgements WHERE model LIKE 'offline%'")[0]["n"]))


def _judgements(source: Source) -> list[Block]:
    criteria = criteria_in(source)
    if not criteria:
        return [Words("The table `judgements` has none of the seven criteria as columns.")]
    by = "j.judge" if "judge" in source.columns("judgements") else "'judge'"
    found = {criterion: judged(source, criterion, by) for criterion in criteria}
    judges = {one.group for rows in found.values() for one in rows}
    rows: list[Measured] = []
    for criterion in criteria:
        name = criterion.replace("_", " ")
        rows += [replace(one, group=name if len(judges) == 1 else f"{name} · {one.group}") for one in found[criterion]]
    offline = offline_judge(source)
    tag = Tag("offline judge: measures nothing", "warn") if offline else None
    plot = Plot(
        "Mean score by criterion" if len(judges) == 1 else "Mean score by criterion and judge",
        _said(rows),
        plots.values(rows),
        plots.dots("mean score, 1 to 4", percent=False),
        size="full",
        tag=tag,
    )
    sums = (
        f"sum(CASE WHEN {name} = {score} THEN 1 ELSE 0 END) AS {name}_{score}"
        for name in criteria
        for score in range(1, 5)
    )
    counted = source.rows(f"SELECT {', '.join(sums)} FROM judgements")[0]
    lines: tuple[tuple[Cell, ...], ...] = tuple(
        (name.replace("_", " "), *(count(counted[f"{name}_{score}"]) for score in range(1, 5))) for name in criteria
    )
    blocks: list[Block] = [
        plot,
        Grid(("criterion", "1", "2", "3", "4"), lines, "How often each score was given", folded=True),
    ]
    return [*blocks, Words(NO_SCORE, tag)] if offline else blocks


def _counted(source: Source, table: str) -> Grid:
    there = source.columns(table)
    by = next((name for name in GROUPED[table] if name in there), None)
    if by is None:
        total = count(source.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"])
        return Grid(("table", "rows"), ((table, total),), f"{table}: {SAYS[table]}")
    rows = source.rows(f"SELECT {by} AS grp, count(*) AS n FROM {table} GROUP BY 1 ORDER BY n DESC LIMIT 20")
    lines = tuple((shortened(row["grp"], 40).replace("_", " "), count(row["n"])) for row in rows)
    return Grid((by, "rows"), lines, f"{table}: {SAYS[table]}")


def _said(rows: Sequence[Measured]) -> str:
    return ", ".join(f"{one.group} {one.value:.2f} ({one.low:.2f} to {one.high:.2f})" for one in rows)
