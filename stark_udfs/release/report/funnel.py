"""From seeds to episodes: how many came through each stage, and why the others did not."""

from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import SET, Bar, Block, Finding, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.narrow import chosen, episodes
from stark_udfs.release.report.source import Source, count, number, share
from stark_udfs.release.text import shortened

ORDER = [
    "demographics",
    "personas",
    "commonsense",
    "narratives",
    "faces",
    "events",
    "albums",
    "sessions",
    "summaries",
    "image_plans",
    "images",
    "moderations",
    "judgements",
    "consistency",
    "probes",
    "episodes",
]
SHARE_WORTH_A_LOOK = 0.2


def section(source: Source) -> Section:
    """Units, rows and rejects by stage, and episodes by how far they came."""
    blocks: list[Block] = []
    findings: list[Finding] = []
    episodes = _episodes(source)
    if episodes is not None:
        blocks.append(episodes)
    if source.has("units", "rejects"):
        grid, found = _stages(source)
        blocks.append(grid)
        findings += found
        blocks += _rejects(source)
    else:
        blocks.append(Words("No stage with units of work has run yet."))
    lead = (
        "A unit is one piece of work of a stage: one question and its re-asks, or one picture. "
        "A row that was not made has a reason and names the rule that dropped it."
    )
    return Section("funnel", "From seeds to episodes", lead, tuple(blocks), tuple(findings))


def place(stage: str) -> tuple[int, str]:
    """Where a stage stands in the pipeline; those of users come last, by name."""
    return (ORDER.index(stage) if stage in ORDER else len(ORDER), stage)


def _episodes(source: Source) -> Plot | None:
    told = f"{episodes(source)} s" if source.has("sessions") else ""
    pictured = f"{chosen(source)} i" if source.has("images") else ""
    steps = [
        ("people drawn", "demographics", "SELECT count(*) AS n FROM demographics"),
        ("people with a persona", "personas", "SELECT count(DISTINCT demographic_id) AS n FROM personas"),
        ("episodes begun", "narratives", "SELECT count(*) AS n FROM narratives"),
        ("with events", "events", "SELECT count(*) AS n FROM events"),
        ("with an album", "albums", "SELECT count(*) AS n FROM albums"),
        ("with sessions", "sessions", f"SELECT count(*) AS n FROM {told}"),
        (
            "with every session",
            "sessions",
            f"SELECT count(*) AS n FROM {told} JOIN events e ON e.episode_id = s.episode_id "
            "WHERE s.sessions >= size(e.events)",
        ),
        ("with an image chosen", "images", f"SELECT count(DISTINCT episode_id) AS n FROM {pictured}"),
        ("in the data set", "episodes", "SELECT count(DISTINCT episode_id) AS n FROM episodes"),
    ]
    needs = {"with every session": ("sessions", "events")}
    found = [
        {"group": name, "value": count(source.rows(query)[0]["n"])}
        for name, table, query in steps
        if source.has(*needs.get(name, (table,)))
        and (table != "episodes" or "episode_id" in source.columns("episodes"))
    ]
    if not found:
        return None
    said = ", ".join(f"{row['value']:,} {row['group']}" for row in found)
    names = [str(row["group"]) for row in found]
    return Plot("People and episodes, step by step", said, found, plots.counts("", sort=names), size="full")


def _stages(source: Source) -> tuple[Grid, list[Finding]]:
    rows = source.rows(
        "SELECT stage, count(*) AS units, sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END) AS done, "
        "sum(CASE WHEN state = 'rejected' THEN 1 ELSE 0 END) AS rejected, "
        "sum(CASE WHEN state = 'open' THEN 1 ELSE 0 END) AS open, "
        "sum(outputs) AS made, sum(rejects) AS dropped FROM units GROUP BY stage"
    )
    lines, findings = [], []
    for row in sorted(rows, key=lambda row: place(str(row["stage"]))):
        made, dropped, stage = count(row["made"]), count(row["dropped"]), shortened(row["stage"], 40)
        found = share(stage, dropped, made + dropped)
        lines.append(
            (
                stage,
                count(row["units"]),
                count(row["done"]),
                count(row["rejected"]),
                count(row["open"]),
                made,
                dropped,
                "–" if found is None else f"{found.value:.1%}",
                "" if found is None else f"{found.low:.1%} – {found.high:.1%}",
            )
        )
        if found is not None and found.low > SHARE_WORTH_A_LOOK:
            findings.append(Finding(f"{stage} drops {found.value:.0%} of its rows.", "warn", "funnel"))
        if count(row["open"]):
            said = f"{count(row['open']):,} units of {stage} wait for a call: the next run asks them."
            findings.append(Finding(said, "warn", "funnel"))
    head = ("stage", "units", "done", "rejected", "open", "rows made", "dropped", "share dropped", "95 % interval")
    return Grid(
        head, tuple(lines), "Units and rows by stage; intervals are Wilson's, as if rows were independent"
    ), findings


def _rejects(source: Source) -> list[Block]:
    rows = source.rows("SELECT stage, origin, reason, count(*) AS n FROM rejects GROUP BY stage, origin, reason")
    if not rows:
        return [Words("Nothing was dropped.")]
    total = sum(count(row["n"]) for row in rows)
    rows.sort(key=lambda row: -number(row["n"]))
    examples = {
        (row["stage"], row["reason"]): row["detail"]
        for row in source.rows("SELECT stage, reason, min(detail) AS detail FROM rejects GROUP BY stage, reason")
    }
    lines = tuple(
        (
            shortened(row["stage"], 40),
            shortened(row["reason"], 40).replace("_", " "),
            _rule(str(row["origin"])),
            count(row["n"]),
            Bar(count(row["n"]) / total),
            shortened(examples.get((row["stage"], row["reason"])) or "", 90),
        )
        for row in rows[:40]
    )
    head = ("stage", "reason", "whose rule", "dropped", "share", "for example")
    blocks: list[Block] = [Grid(head, lines, f"All {total:,} rejects by reason")]
    if source.offline & {str(row["stage"]) for row in rows}:
        said = "The offline author spoils a share of its replies on purpose, so that there is something to drop."
        blocks.append(Words(said, Tag(SET)))
    return blocks


def _rule(origin: str) -> str:
    known = {"paper": "the paper's", "code": "its code's", "ours": "ours", "safety": "safety"}
    return known.get(origin, shortened(origin, 20))
