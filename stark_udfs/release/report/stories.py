"""What the episodes tell: categories, relations, events, intervals, turns."""

import re
from collections import Counter
from collections.abc import Sequence

from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import SET, Block, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.narrow import episodes, spoken, told
from stark_udfs.release.report.source import Measured, Source, count, names, number, shares
from stark_udfs.release.text import shortened

LENGTH = re.compile(r"(\d+)\s*(hour|day|week|month|year)")
DAYS = {"hour": 0.04, "day": 1, "week": 7, "month": 30.4, "year": 365}
SPANS = (
    (1, "same day"),
    (3, "1–2 days"),
    (7, "3–6 days"),
    (14, "1–2 wk"),
    (30, "2–4 wk"),
    (91, "1–3 mo"),
    (366, "3–12 mo"),
)
MOST_CATEGORIES = 15


def section(source: Source) -> Section:
    """Plots of persona, events and sessions."""
    blocks: list[Block] = []
    if source.has("personas", "commonsense", "narratives"):
        blocks += _personas(source)
    if source.has("events"):
        blocks += _events(source)
    if source.has("sessions"):
        blocks += _sessions(source)
    if not blocks:
        blocks.append(Words("No persona was written yet."))
    lead = "What people talk about, how much time passes between sessions, and how long a session is."
    return Section("stories", "Personas and conversations", lead, tuple(blocks))


def _personas(source: Source) -> list[Block]:
    chain = (
        "SELECT {what} AS grp, count(*) AS n FROM narratives n JOIN commonsense c ON c.commonsense_id = "
        "n.commonsense_id "
        "JOIN personas p ON p.persona_id = c.persona_id GROUP BY 1 ORDER BY n DESC, 1"
    )
    categories = shares(names(source.rows(chain.format(what="p.category")), "grp"))
    relations = shares(names(source.rows(chain.format(what="c.relation")), "grp"))
    blocks: list[Block] = [
        _shares("Category of the persona", categories[:MOST_CATEGORIES], len(categories)),
        _shares("Relation of the commonsense", relations, len(relations)),
    ]
    if len(categories) > MOST_CATEGORIES:
        rows = tuple(
            (one.group, int(one.hits), f"{one.value:.1%}", f"{one.low:.1%} – {one.high:.1%}") for one in categories[:80]
        )
        blocks.append(
            Grid(
                ("category", "episodes", "share", "95 % interval"),
                rows,
                f"All {len(categories)} categories",
                folded=True,
            )
        )
    return blocks


def _events(source: Source) -> list[Block]:
    rows = source.rows(
        "SELECT cause.interval AS grp, count(*) AS n FROM "
        "(SELECT one.caused_by AS cause FROM (SELECT explode(events) AS one FROM events) e) c WHERE cause IS NOT NULL "
        "GROUP BY 1"
    )
    ops = source.rows(
        "SELECT cause.experience_op AS grp, count(*) AS n FROM "
        "(SELECT one.caused_by AS cause FROM (SELECT explode(events) AS one FROM events) e) c WHERE cause IS NOT NULL "
        "GROUP BY 1 ORDER BY n DESC"
    )
    blocks: list[Block] = [_spans("From an event to the one that it caused", rows)]
    found = shares(names(ops, "grp"))
    tag = Tag(SET) if "events" in source.offline else None
    if found:
        blocks.append(
            Plot("Experiences", _said(found), plots.values(found), plots.bars("value", "share of experiences"), tag=tag)
        )
    return blocks


def _sessions(source: Source) -> list[Block]:
    tag = Tag(SET) if "sessions" in source.offline else None
    turns = source.rows(f"SELECT turns AS grp, count(*) AS n FROM {told(source)} s GROUP BY turns ORDER BY turns")
    each = source.rows(
        f"SELECT sessions AS grp, count(*) AS n FROM {episodes(source)} e GROUP BY sessions ORDER BY sessions"
    )
    between = source.rows(
        f"SELECT span AS grp, count(*) AS n FROM {told(source)} s WHERE span IS NOT NULL GROUP BY span"
    )
    shown = source.rows(f"SELECT images AS grp, count(*) AS n FROM {told(source)} s GROUP BY images ORDER BY images")
    words = source.rows(
        "SELECT who, sum(turns) AS turns, sum(characters) / sum(turns) AS characters, sum(silent) AS silent, "
        f"max(longest) AS longest FROM {spoken(source)} s GROUP BY who ORDER BY who"
    )
    lines = tuple(
        (
            shortened(row["who"], 20),
            count(row["turns"]),
            round(number(row["characters"]), 1),
            count(row["longest"]),
            f"{number(row['silent']) / max(1.0, number(row['turns'])):.1%}",
        )
        for row in words
    )
    return [
        _histogram("Turns of a session", "turns", "sessions", turns, tag),
        _histogram("Images of a session", "images", "sessions", shown, tag),
        _histogram("Sessions of an episode", "sessions", "episodes", each, None),
        _spans("From one session to the next", between),
        Grid(
            ("speaker", "turns", "mean characters", "longest", "turns with an image alone"), lines, "Who says how much"
        ),
    ]


def _histogram(title: str, of: str, counted: str, rows: Sequence[dict[str, object]], tag: Tag | None) -> Plot:
    pairs = [(count(row["grp"]), count(row["n"])) for row in rows][:60]
    total = sum(n for _, n in pairs)
    mean = sum(value * n for value, n in pairs) / total if total else 0.0
    filled = dict(pairs)
    domain = range(min(filled), max(filled) + 1) if filled and max(filled) - min(filled) < 80 else sorted(filled)
    data = [{"group": str(value), "value": filled.get(value, 0)} for value in domain]
    said = f"{title}: mean {mean:.2f} over {total:,} {counted}. " + ", ".join(
        f"{value}: {n:,}" for value, n in pairs[:30]
    )
    return Plot(
        title, said, data, plots.columns(of, counted), height=150, tag=tag, note=f"mean {mean:.2f}, n {total:,}"
    )


def _spans(title: str, rows: Sequence[dict[str, object]]) -> Plot:
    spans: Counter[str] = Counter()
    for row in rows:
        found = LENGTH.match(str(row["grp"]))
        if found is None:
            spans[SPANS[0][1] if "hour" in str(row["grp"]) else "not readable"] += count(row["n"])
            continue
        days = int(found[1]) * DAYS[found[2]]
        spans[next((name for most, name in SPANS if days < most), "> 1 yr")] += count(row["n"])
    order = [*(name for _, name in SPANS), "> 1 yr", "not readable"]
    data = [
        {"group": name, "value": spans[name]} for name in order if spans[name] or name not in ("> 1 yr", "not readable")
    ]
    said = ", ".join(f"{row['group']} {row['value']:,}" for row in data)
    return Plot(title, f"{title}: {said}", data, plots.counts("", sort=[str(row["group"]) for row in data]))


def _shares(title: str, found: Sequence[Measured], of: int) -> Plot:
    note = f"the {len(found)} most frequent of {of}" if of > len(found) else ""
    layers = plots.bars("value", "share of episodes", sort=[one.group for one in found])
    return Plot(title, _said(found), plots.values(found), layers, note=note)


def _said(found: Sequence[Measured]) -> str:
    return ", ".join(f"{one.group} {one.value:.1%} ({one.low:.1%} to {one.high:.1%})" for one in found)
