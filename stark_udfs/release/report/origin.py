"""Where the numbers come from: models, table versions, runs, and how they were measured."""

from stark_udfs.release.report.blocks import Block, Cell, Code, Grid, Section, Words
from stark_udfs.release.report.funnel import place
from stark_udfs.release.report.source import Source, count
from stark_udfs.release.text import shortened

METHODS = (
    "Shares of independent rows have Wilson's interval; shares and means of rows that come in clusters (turns and "
    "images of an "
    "episode) have the interval of a ratio of sums over clusters, at the effective sample size, and Student's t. All "
    "at 95 %.",
    "Distinctive words: log-odds ratio with an informative Dirichlet prior; a word counts once an episode.",
    "“Set, not measured” stands beside numbers that the offline author or the settings were told to hit: that they "
    "come out "
    "right says that the pipeline works, and nothing about a model.",
)


def section(source: Source) -> Section:
    """Models, tables and methods."""
    blocks: list[Block] = []
    if source.has("replies"):
        rows = source.rows(
            "SELECT stage, provider, model_returned, count(*) AS n FROM replies GROUP BY stage, provider, "
            "model_returned ORDER BY n DESC LIMIT 60"
        )
        rows.sort(key=lambda row: place(str(row["stage"])))
        lines: tuple[tuple[Cell, ...], ...] = tuple(
            (
                shortened(row["stage"], 40),
                shortened(row["provider"], 30),
                shortened(row["model_returned"], 60),
                count(row["n"]),
            )
            for row in rows
        )
        blocks.append(Grid(("stage", "provider", "model that answered", "replies"), lines, "Who answered", folded=True))
    if source.has("runs"):
        rows = source.rows(
            "SELECT stage, run_id, started_at, state, rows_out, version_written, stage_hash FROM last_runs"
        )
        rows.sort(key=lambda row: place(str(row["stage"])))
        lines = tuple(
            (
                shortened(row["stage"], 40),
                shortened(row["run_id"], 40),
                shortened(row["started_at"], 19),
                shortened(row["state"], 20),
                count(row["rows_out"]),
                "–" if row["version_written"] is None else count(row["version_written"]),
                shortened(row["stage_hash"], 12),
            )
            for row in rows
        )
        head = ("stage", "last run", "started (UTC)", "state", "rows", "version", "code and settings")
        blocks.append(Grid(head, lines, "The last run of each stage", folded=True))
    blocks += [Words(text) for text in METHODS]
    questions = (
        (Code("stark view"), "read the conversations behind these numbers"),
        (Code('stark sql "SELECT * FROM v_rejects LIMIT 20"'), "what was dropped, row by row"),
        (Code("stark trace ID"), "any row back to its seed, with prompts and replies"),
    )
    blocks.append(Grid(("type", "to"), questions, "Look further"))
    return Section("origin", "Where this comes from", "Models, versions of tables, and methods.", tuple(blocks))
