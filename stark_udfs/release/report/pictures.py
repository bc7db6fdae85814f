"""Images by module and source, and how they scored."""

from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import SET, Block, Cell, Finding, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.narrow import shared
from stark_udfs.release.report.source import Source, count, number, share
from stark_udfs.release.text import shortened

MODULES = ("p-t2i", "t2i", "retrieval", "web")
SCORES = (
    ("text_score", "picture and description"),
    ("turn_score", "picture and the last turns"),
    ("score", "both, weighted"),
)


def section(source: Source) -> Section:
    """Where pictures come from, which were chosen, and their scores."""
    blocks: list[Block] = []
    findings: list[Finding] = []
    if source.has("sessions"):
        blocks += _sources(source)
    if source.has("images"):
        plot, grid = _modules(source)
        blocks += [plot, *_candidates(source), grid, _scores(source)]
        missing = source.rows(
            "SELECT count(*) AS n FROM (SELECT image_id, max(CASE WHEN chosen THEN 1 ELSE 0 END) AS taken FROM images "
            "GROUP BY image_id) i WHERE taken = 0"
        )
        if lost := count(missing[0]["n"]):
            findings.append(Finding(f"{lost:,} images have no candidate that was chosen.", "warn", "images"))
    else:
        blocks.append(
            Words("Not made yet: the table `images`. Run the pipeline to its end, or read how far it came above.")
        )
    lead = (
        "Each image of an album or a turn is planned for a module, tried, rated, and one candidate is chosen or none."
    )
    return Section("images", "Images", lead, tuple(blocks), tuple(findings))


def _sources(source: Source) -> list[Block]:
    rows = source.rows(
        f"SELECT source AS grp, reused, count(*) AS n FROM {shared(source)} s GROUP BY source, reused "
        "ORDER BY source, reused"
    )
    total = sum(count(row["n"]) for row in rows)
    if not total:
        return [Words("No turn shares an image.")]
    data = [
        {
            "group": "shared images",
            "part": shortened(row["grp"], 30) + (", shared before" if row["reused"] else ""),
            "value": count(row["n"]),
            "rank": rank,
        }
        for rank, row in enumerate(rows)
    ]
    order = [str(row["part"]) for row in data]
    said = ", ".join(f"{row['part']} {count(row['value']) / total:.1%}" for row in data)
    tag = Tag(SET) if "sessions" in source.offline else None
    plot = Plot(
        "Where shared images are said to come from",
        said,
        data,
        plots.stacked("value", "share of shared images", sort=order),
        size="third",
        tag=tag,
        note=said,
    )
    return [plot]


def _modules(source: Source) -> list[Block]:
    rows = source.rows(
        "SELECT module, source, licence, count(*) AS n FROM images WHERE chosen GROUP BY module, source, licence "
        "ORDER BY n DESC"
    )
    total = sum(count(row["n"]) for row in rows)
    by_module: dict[str, int] = {}
    for row in rows:
        by_module[str(row["module"])] = by_module.get(str(row["module"]), 0) + count(row["n"])
    found = [one for name in MODULES if (one := share(name, by_module.get(name, 0), total))]
    lines = tuple(
        (
            shortened(row["module"], 20),
            shortened(row["source"], 60),
            shortened(row["licence"] or "none named", 60),
            count(row["n"]),
        )
        for row in rows[:40]
    )
    plot = Plot(
        "Chosen images by module",
        ", ".join(f"{one.group} {one.value:.1%}" for one in found),
        plots.values(found),
        plots.bars("value", "share of chosen images", sort=MODULES),
        size="third",
    )
    return [plot, Grid(("module", "source", "licence", "images"), lines, "Chosen images by source")]


def _candidates(source: Source) -> list[Block]:
    rows = source.rows("SELECT module, chosen, why_not, count(*) AS n FROM images GROUP BY module, chosen, why_not")
    fates: dict[str, int] = {}
    for row in rows:
        fate = "chosen" if row["chosen"] else str(row["why_not"] or "no reason").replace("_", " ")
        fates[fate] = fates.get(fate, 0) + count(row["n"])
    kinds = ["chosen", *sorted((name for name in fates if name != "chosen"), key=lambda name: -fates[name])]
    shown, others = kinds[:4], kinds[4:]
    order = [*shown, *(["other reasons"] if others else [])]
    data = []
    for row in rows:
        fate = "chosen" if row["chosen"] else str(row["why_not"] or "no reason").replace("_", " ")
        part = fate if fate in shown else "other reasons"
        data.append({"group": str(row["module"]), "part": part, "value": count(row["n"]), "rank": order.index(part)})
    data.sort(key=lambda row: MODULES.index(str(row["group"])) if row["group"] in MODULES else len(MODULES))
    said = ", ".join(f"{name} {fates[name]:,}" for name in kinds)
    layers = plots.stacked("value", "share of candidates", sort=order)
    return [Plot("What became of candidates", said, data, layers, size="third", note=said)]


def _scores(source: Source) -> Grid:
    lines: list[tuple[Cell, ...]] = []
    for column, says in SCORES:
        for row in source.rows(
            f"SELECT module, count({column}) AS n, avg({column}) AS mean, "
            f"percentile_cont(0.05) WITHIN GROUP (ORDER BY {column}) AS low, "
            f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {column}) AS middle, "
            f"percentile_cont(0.95) WITHIN GROUP (ORDER BY {column}) AS high "
            f"FROM images WHERE chosen AND {column} IS NOT NULL GROUP BY module ORDER BY module"
        ):
            figures = [f"{number(row[name]):.3f}" for name in ("mean", "low", "middle", "high")]
            lines.append((says, shortened(row["module"], 20), count(row["n"]), *figures))
    head = ("score", "module", "images", "mean", "5 %", "median", "95 %")
    offline = "images" in source.offline
    caption = "Scores of chosen images" + (" (given by drawings offline: they measure nothing)" if offline else "")
    return Grid(head, tuple(lines), caption)
