"""Are groups of people treated alike? Modules, images, rejects, scores and words by gender, age band and country."""

from dataclasses import dataclass, replace

from stark_udfs.engine.checking.interval import FEWEST
from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import SET, Block, Finding, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.narrow import chosen, episodes, people, rows_of_people
from stark_udfs.release.report.people import BAND, band_name
from stark_udfs.release.report.pictures import MODULES
from stark_udfs.release.report.source import Measured, Source, clustered, count
from stark_udfs.release.report.verdicts import criteria_in, offline_judge
from stark_udfs.release.report.words import distinctive

MOST_COUNTRIES = 10
TWICE = 2.0


@dataclass(frozen=True)
class Feature:
    """A side of people by which groups are compared; `sql` reads a narrative `n`."""

    name: str
    sql: str


FEATURES = (
    Feature("gender", "n.gender"),
    Feature("age band", BAND.format(age="n.age")),
    Feature("country", "n.residence"),
)


def section(source: Source) -> Section:
    """Rates by group with intervals; a reject rate twice the overall one is flagged."""
    if not source.has("narratives"):
        return Section("bias", "Bias audit", "", (Words("No episode was begun yet."),))
    blocks: list[Block] = []
    findings: list[Finding] = []
    for feature in FEATURES:
        blocks += _images_each(source, feature)
    for feature in FEATURES:
        found, flagged = _rejects(source, feature)
        blocks += found
        findings += flagged
    modules = [pair for feature in FEATURES for pair in _modules(source, feature)]
    blocks += sorted(modules, key=lambda block: isinstance(block, Grid))
    for feature in FEATURES:
        blocks += _scores(source, feature)
    blocks += distinctive(source)
    lead = (
        "95 % intervals count a person once. With many groups, one in twenty intervals misses the true value by "
        "chance. "
        f"Countries: of residence, the {MOST_COUNTRIES} with most episodes. The dashed line is the value of all."
    )
    return Section("bias", "Bias audit", lead, tuple(blocks), tuple(findings))


def _images_each(source: Source, feature: Feature) -> list[Block]:
    if not source.has("sessions"):
        return []
    query = (
        f"SELECT {feature.sql} AS grp, n.episode_id, e.images AS a, e.sessions AS b FROM narratives n "
        f"JOIN {episodes(source)} e ON e.episode_id = n.episode_id"
    )
    found = _ordered(clustered(source, query, mean=True), feature)
    tag = Tag(SET) if "sessions" in source.offline else None
    return (
        [_plot(f"Images per session, by {feature.name}", found, "images per session", percent=False, tag=tag)]
        if found
        else []
    )


def _rejects(source: Source, feature: Feature) -> tuple[list[Block], list[Finding]]:
    if not source.has("units", "personas", "commonsense"):
        return [], []
    query = (
        f"SELECT {feature.sql} AS grp, n.who, r.dropped AS a, r.dropped + r.made AS b FROM {people(source)} n "
        f"JOIN {rows_of_people(source)} r ON r.who = n.who"
    )
    found = _ordered(clustered(source, query), feature)
    total = sum(one.n for one in found)
    overall = sum(one.hits for one in found) / total if total else 0.0
    if not found or not overall:
        return [], []
    findings = [
        Finding(
            f"Reject rate of {feature.name} {one.group}: {one.value:.1%}, {one.value / overall:.1f} times the overall "
            f"{overall:.1%}" + (", and not by chance alone." if one.low > overall else ", though within chance."),
            "bad" if one.low > overall else "warn",
            "bias",
        )
        for one in found
        if one.hits >= 1 and one.value >= TWICE * overall
    ]
    tag = Tag("twice the overall rate", "warn") if findings else None
    note = "; ".join(f"{one.group}: {one.value / overall:.1f} ×" for one in found if one.value >= TWICE * overall)
    return [
        _plot(f"Reject rate, by {feature.name}", found, "dropped of all rows", overall=overall, tag=tag, note=note)
    ], findings


def _modules(source: Source, feature: Feature) -> list[Block]:
    if not source.has("images"):
        return []
    rows: list[dict[str, object]] = []
    lines = []
    for rank, module in enumerate(MODULES):
        query = (
            f"SELECT {feature.sql} AS grp, n.episode_id, sum(CASE WHEN i.module = '{module}' THEN i.images ELSE 0 END) "
            f"AS a, sum(i.images) AS b FROM {chosen(source)} i JOIN narratives n ON n.episode_id = i.episode_id "
            "GROUP BY 1, n.episode_id"
        )
        for one in _ordered(clustered(source, query), feature):
            rows.append({"group": one.group, "part": module, "value": one.hits, "rank": rank})
            lines.append((one.group, module, int(one.hits), f"{one.value:.1%}", f"{one.low:.1%} – {one.high:.1%}"))
    if not rows:
        return []
    title = f"Module of chosen images, by {feature.name}"
    said = "; ".join(f"{line[0]}, {line[1]}: {line[3]}" for line in lines[:40])
    lines.sort(key=lambda line: [row["group"] for row in rows].index(line[0]))
    grid = Grid(
        (feature.name, "module", "images", "share", "95 % interval"), tuple(lines), f"{title}: intervals", folded=True
    )
    return [Plot(title, said, rows, plots.stacked("value", "share of chosen images", sort=MODULES), size="third"), grid]


def _scores(source: Source, feature: Feature) -> list[Block]:
    criteria = criteria_in(source)
    if not criteria:
        return []
    scored = " + ".join(f"coalesce(j.{name}, 0)" for name in criteria)
    given = " + ".join(f"(CASE WHEN j.{name} IS NULL THEN 0 ELSE 1 END)" for name in criteria)
    query = (
        f"SELECT {feature.sql} AS grp, n.episode_id, sum({scored}) AS a, sum({given}) AS b FROM judgements j "
        "JOIN narratives n ON n.episode_id = j.episode_id GROUP BY 1, n.episode_id"
    )
    found = _ordered(clustered(source, query, mean=True), feature)
    tag = Tag("offline judge: measures nothing", "warn") if offline_judge(source) else None
    return (
        [_plot(f"Mean judge score, by {feature.name}", found, "mean of the criteria, 1 to 4", percent=False, tag=tag)]
        if found
        else []
    )


def _ordered(found: list[Measured], feature: Feature) -> list[Measured]:
    if feature.name == "age band":
        ordered = sorted(found, key=lambda one: count(one.group))
        return [replace(one, group=band_name(one.group)) for one in ordered]
    return sorted(found, key=lambda one: -one.n)[:MOST_COUNTRIES]


def _plot(
    title: str,
    found: list[Measured],
    axis: str,
    *,
    percent: bool = True,
    overall: float | None = None,
    tag: Tag | None = None,
    note: str = "",
) -> Plot:
    total = sum(one.n for one in found)
    middle = overall if overall is not None else (sum(one.hits for one in found) / total if total else None)
    form = "{:.1%}" if percent else "{:.2f}"
    said = ", ".join(
        f"{one.group} {form.format(one.value)} ({form.format(one.low)} to {form.format(one.high)})" for one in found
    )
    layers = plots.dots(axis, percent=percent, all_=middle)
    shown = [one for one in found if one.clusters >= FEWEST]
    if hidden := len(found) - len(shown):
        note = f"{note}{'; ' if note else ''}{hidden} groups of fewer than {FEWEST} people are not drawn"
    return Plot(title, said, plots.values(shown), layers, size="third", tag=tag, note=note)
