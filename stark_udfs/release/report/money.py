"""Calls, tokens, money and time by stage; what was forecast beside what came."""

from stark_udfs.release.report import plots
from stark_udfs.release.report.blocks import Block, Cell, Finding, Grid, Plot, Section, Tag, Words
from stark_udfs.release.report.funnel import place
from stark_udfs.release.report.source import Source, count, number
from stark_udfs.release.text import shortened


def section(source: Source) -> Section:
    """What the data cost."""
    blocks: list[Block] = []
    findings: list[Finding] = []
    if source.has("replies"):
        grid, *others = _stages(source)
        blocks += [grid, *(one for one in others if isinstance(one, Plot)), _latency(source)]
        blocks += [one for one in others if not isinstance(one, Plot)]
    if source.has("runs"):
        grid, findings = _forecast(source)
        blocks.append(grid)
    if not blocks:
        blocks.append(Words("No call was made yet."))
    lead = "A reply is paid once and kept; re-asks are replies that came after one that could not be read."
    return Section("money", "Tokens, money and time", lead, tuple(blocks), tuple(findings))


def currency(source: Source) -> str:
    """The currency of what was paid; empty where there is none, or several."""
    if not source.has("runs"):
        return ""
    found = source.rows("SELECT DISTINCT currency FROM runs WHERE calls > 0 AND currency <> ''")
    return shortened(found[0]["currency"], 8) if len(found) == 1 else ""


def amount(value: float, unit: str) -> str:
    """Money as people read it: cents, or four digits where it is less than one."""
    text = f"{value:,.2f}" if value >= 1 or value == 0 else f"{value:.4f}"
    return f"{text} {unit}".strip()


def _stages(source: Source) -> list[Block]:
    rows = source.rows(
        "SELECT stage, count(*) AS calls, sum(CASE WHEN attempt > 0 THEN 1 ELSE 0 END) AS reasked, sum(tries) AS "
        "tries, "
        "sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out, sum(money) AS money FROM replies GROUP BY stage"
    )
    rows.sort(key=lambda row: place(str(row["stage"])))
    unit = currency(source)
    lines: list[tuple[Cell, ...]] = [
        (
            shortened(row["stage"], 40),
            count(row["calls"]),
            count(row["reasked"]),
            count(row["tries"]) - count(row["calls"]),
            count(row["tokens_in"]),
            count(row["tokens_out"]),
            amount(number(row["money"]), unit),
        )
        for row in rows
    ]
    sums = [sum(count(line[place]) if isinstance(line[place], int) else 0 for line in lines) for place in range(1, 6)]
    paid = sum(number(row["money"]) for row in rows)
    lines.append(("all", *sums, amount(paid, unit)))
    head = ("stage", "replies", "re-asks", "sent again", "tokens in", "tokens out", "money")
    data = [
        {"group": shortened(row["stage"], 40), "part": part, "value": count(row[column]), "rank": rank}
        for row in rows
        for rank, (part, column) in enumerate((("tokens in", "tokens_in"), ("tokens out", "tokens_out")))
        if count(row["tokens_in"]) + count(row["tokens_out"])
    ]
    blocks: list[Block] = [Grid(head, tuple(lines), "Replies, tokens and money by stage")]
    if data:
        said = ", ".join(f"{row['group']} {row['part']} {row['value']:,}" for row in data)
        layers = plots.stacked("value", "tokens", sort=("tokens in", "tokens out"), percent=False)
        blocks.append(Plot("Tokens by stage", said, data, layers))
    if not paid:
        blocks.append(Words("Nothing was paid: the prices in the settings are zero, or everything was made offline."))
    return blocks


def _latency(source: Source) -> Block:
    rows = source.rows(
        "SELECT stage, count(*) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS value, "
        "percentile_cont(0.05) WITHIN GROUP (ORDER BY seconds) AS low, "
        "percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS high FROM replies GROUP BY stage"
    )
    rows.sort(key=lambda row: place(str(row["stage"])))
    data = [
        {"group": shortened(row["stage"], 40), **{name: number(row[name]) for name in ("value", "low", "high")}}
        for row in rows
    ]
    said = ", ".join(f"{row['group']} {row['value']:.3f} s" for row in data)
    tag = Tag("offline: a program's speed", "note") if source.offline else None
    layers = plots.dots("seconds", percent=False)
    return Plot("Seconds of an answer: median, and 5 to 95 % of them", said, data, layers, tag=tag)


def _forecast(source: Source) -> tuple[Grid, list[Finding]]:
    rows = source.rows(
        "SELECT stage, sum(forecast_calls) AS calls_then, sum(CASE WHEN forecast_calls IS NULL THEN 0 ELSE calls END) "
        "AS calls, "
        "sum(forecast_tokens) AS tokens_then, sum(CASE WHEN forecast_tokens IS NULL THEN 0 ELSE tokens_in + "
        "tokens_out END) AS tokens, "
        "sum(forecast_money) AS money_then, sum(CASE WHEN forecast_money IS NULL THEN 0 ELSE money END) AS money, "
        "sum(forecast_low) AS low, sum(forecast_high) AS high, sum(seconds) AS seconds, sum(seconds_asking) AS asking "
        "FROM runs GROUP BY stage"
    )
    rows.sort(key=lambda row: place(str(row["stage"])))
    unit = currency(source)
    lines, findings = [], []
    for row in rows:
        known = row["calls_then"] is not None
        off = number(row["tokens"]) / number(row["tokens_then"]) - 1 if number(row["tokens_then"]) else None
        stage = shortened(row["stage"], 40)
        lines.append(
            (
                stage,
                f"{count(row['calls_then']):,}" if known else "–",
                f"{count(row['calls']):,}" if known else "–",
                f"{count(row['tokens_then']):,}" if known else "–",
                f"{count(row['tokens']):,}" if known else "–",
                "–" if off is None else f"{off:+.0%}",
                f"{amount(number(row['low']), '')} – {amount(number(row['high']), unit)}" if known else "–",
                amount(number(row["money"]), unit) if known else "–",
                f"{number(row['seconds']):,.0f} s",
            )
        )
        if known and number(row["money"]) > number(row["high"]) > 0:
            findings.append(Finding(f"{stage} cost more than its forecast's upper bound.", "warn", "money"))
    head = (
        "stage",
        "calls forecast",
        "made",
        "tokens forecast",
        "used",
        "off by",
        "money forecast",
        "paid",
        "took",
    )
    return Grid(head, tuple(lines), "Forecast before the first call, and what came, over all runs"), findings
