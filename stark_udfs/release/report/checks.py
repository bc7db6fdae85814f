"""What was expected of each table, as last measured."""

from stark_udfs.release.report import consistency
from stark_udfs.release.report.blocks import SET, Block, Cell, Finding, Grid, Section, Tag, Words
from stark_udfs.release.report.funnel import place
from stark_udfs.release.report.source import Source, count, number
from stark_udfs.release.text import shortened

KINDS = {"expected": "expected", "paper": "the paper's", "set": "set"}


def section(source: Source) -> Section:
    """All checks, those that failed first in the findings."""
    if not source.has("checks"):
        return Section("checks", "Checks", "", (Words("No check was measured yet."),))
    rows = source.rows("SELECT * FROM last_checks")
    rows.sort(key=lambda row: (place(str(row["stage"])), bool(row["ok"]), str(row["name"])))
    lines, findings = [], []
    for row in rows:
        state = _state(row)
        stage, name = shortened(row["stage"], 30), shortened(row["name"], 80)
        whose: Cell = KINDS.get(str(row["kind"]), shortened(row["kind"], 20))
        if row["kind"] == "set" and str(row["stage"]) in source.offline:
            whose = Tag(SET)
        lines.append((stage, name, _figure(row["value"]), _interval(row), count(row["n"]), _bounds(row), whose, state))
        if state.level == "bad" and row["stage"] != consistency.STAGE:  # which has its own section
            findings.append(
                Finding(f"{stage}: {name} is {_figure(row['value'])}, {_bounds(row)} was expected.", "bad", "checks")
            )
    failed = sum(1 for line in lines if line[-1].level == "bad")
    chance = sum(1 for line in lines if line[-1].level == "warn")
    head = ("stage", "check", "value", "95 % interval", "n", "bounds", "whose", "state")
    lead = f"{len(lines)} checks: {failed} failed, {chance} out of their bounds but within chance."
    blocks: list[Block] = []
    if missed := tuple(line for line in lines if line[-1].level != "ok"):
        blocks.append(
            Grid(head, missed, "Out of their bounds; a sample fails only where its interval does not reach the bound")
        )
    blocks.append(Grid(head, tuple(lines), f"All {len(lines)} checks", folded=bool(missed)))
    return Section("checks", "Checks", lead, tuple(blocks), tuple(findings))


def _state(row: dict[str, object]) -> Tag:
    if row["state"] == "within chance":
        return Tag("within chance", "warn")
    return Tag("passed", "ok") if row["ok"] else Tag("failed", "bad")


def _figure(value: object) -> str:
    return "no value" if value is None else f"{number(value):.3g}"


def _interval(row: dict[str, object]) -> str:
    if row["interval_low"] is None or row["interval_high"] is None:
        return "exact"
    return f"{number(row['interval_low']):.3g} – {number(row['interval_high']):.3g}"


def _bounds(row: dict[str, object]) -> str:
    low, high = row["low"], row["high"]
    if low is not None and high is not None:
        return f"{number(low):.3g} to {number(high):.3g}"
    if low is not None:
        return f"at least {number(low):.3g}"
    return f"at most {number(high):.3g}" if high is not None else "none"
