"""`stark status`: where the warehouse stands."""

import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stark_udfs.cli.console import cell, plain
from stark_udfs.cli.reading.warehouse import currency
from stark_udfs.cli.summary import money, told
from stark_udfs.engine.system_tables import CheckResult, Outcome
from stark_udfs.sql.duckdb import SqlEngine

RUNS = """\
SELECT stage, state, run_id, started_at, rows_out, open, calls, money, currency, seconds, note
FROM last_runs ORDER BY run_id, started_at"""
FORESEEN = """\
SELECT r.stage, r.run_id, r.state, r.forecast_from, r.forecast_calls, r.calls, r.forecast_tokens,
  r.tokens_in + r.tokens_out AS tokens, r.forecast_money, r.forecast_low, r.forecast_high, r.money, r.currency
FROM runs r
JOIN (SELECT stage, max(run_id) AS run_id FROM runs WHERE forecast_calls IS NOT NULL GROUP BY stage) newest
  ON newest.stage = r.stage AND newest.run_id = r.run_id
ORDER BY r.run_id, r.started_at"""
UNITS = """\
SELECT stage, state, count(*) AS units, sum(CASE WHEN stale THEN 1 ELSE 0 END) AS stale
FROM units GROUP BY stage, state ORDER BY stage, state"""
REJECTS = "SELECT stage, origin, reason, rejects, share FROM reject_rates ORDER BY rejects DESC, stage, reason"
SPENT = "SELECT stage, provider, model_returned, calls, tokens_in, tokens_out, money FROM spending ORDER BY stage"


def status(sql: SqlEngine, console: Console) -> None:
    """Print the last run of each stage, open units, rejects, money and failed checks."""
    there = set(sql.tables)
    if "locks" in there:
        _running(sql, console)
    if "runs" in there:
        console.print(_runs(sql))
        _foreseen(sql, console)
    if "units" in there:
        console.print(_plain_table("units of work", sql, UNITS))
    if {"rejects", "units"} <= there:
        console.print(_plain_table("dropped rows, by whose rule", sql, REJECTS))
    if "replies" in there:
        console.print(_spent(sql, currency(sql)))
    if "checks" in there:
        _checks(sql, console)


def _running(sql: SqlEngine, console: Console) -> None:
    found = sql.ask("SELECT stage, run_id, holder, heartbeat, lease_s FROM locks ORDER BY stage").dicts()
    for lock in found:
        state = (
            "at work" if float(str(lock["heartbeat"])) + float(str(lock["lease_s"])) > time.time() else "was cut off"
        )
        console.print(Text(plain(f"run {lock['run_id']} ({lock['holder']}) {state}: {lock['stage']}")))


def _runs(sql: SqlEngine) -> Table:
    table = Table("stage", "state", "run", "started", "rows", "open", "calls", "money", "seconds", "note")
    table.title, table.title_justify = "last run of each stage", "left"
    for row in sql.ask(RUNS).dicts():
        spent = money(float(str(row["money"])), str(row["currency"])) if row["calls"] else ""
        values = [row[name] for name in ("stage", "state", "run_id", "started_at", "rows_out", "open", "calls")]
        table.add_row(*map(cell, (*values, spent, f"{row['seconds']:.1f}", row["note"])))
    return table


def _foreseen(sql: SqlEngine, console: Console) -> None:
    """What asking was expected to take, beside what it took; nothing where no run has asked yet."""
    rows = sql.ask(FORESEEN).dicts()
    if not rows:
        return
    table = Table("stage", "run", "state", "forecast from")
    for name in ("~calls", "calls", "~tokens", "tokens", "~money", "between", "money"):
        table.add_column(name, justify="right")
    table.title, table.title_justify = "forecast (~) and actual, last run that asked", "left"
    for row in rows:
        low, high = (money(float(str(row[name])), "") for name in ("forecast_low", "forecast_high"))
        numbers = (f"{row[name]:,}" for name in ("forecast_calls", "calls", "forecast_tokens", "tokens"))
        names = (row[name] for name in ("stage", "run_id", "state", "forecast_from"))
        expected = money(float(str(row["forecast_money"])), "")
        spent = money(float(str(row["money"])), str(row["currency"]))
        table.add_row(*map(cell, (*names, *numbers, expected, f"{low} to {high}", spent)))
    console.print(table)


def _spent(sql: SqlEngine, unit: str) -> Table:
    rows = sql.ask(SPENT).dicts()
    table = Table("stage", "provider", "model", "calls", "tokens in", "tokens out", "money")
    table.title, table.title_justify = "paid so far", "left"
    for row in rows:
        amount = money(float(str(row["money"])), unit)
        names = ("stage", "provider", "model_returned", "calls", "tokens_in", "tokens_out")
        table.add_row(*(cell(row[name]) for name in names), Text(amount))
    total = sum(float(str(row["money"])) for row in rows)
    table.add_section()
    table.add_row("all", "", "", f"{sum(int(str(row['calls'])) for row in rows):,}", "", "", money(total, unit))
    return table


def _checks(sql: SqlEngine, console: Console) -> None:
    found = [
        CheckResult.model_validate(row) for row in sql.ask("SELECT * FROM last_checks ORDER BY stage, name").dicts()
    ]
    wrong = [check for check in found if not check.ok]
    chance = [check for check in found if check.state == Outcome.CHANCE]
    met = f"checks: {len(found) - len(wrong) - len(chance)} of {len(found)} met"
    console.print(Text(met + (f", {len(chance)} within chance" if chance else "")))
    for check in wrong:
        console.print(Text(plain(f"  {told(check)}"), style="yellow"))
    for check in chance:
        console.print(Text(plain(f"  within chance: {told(check)}")))


def _plain_table(title: str, sql: SqlEngine, query: str) -> Table:
    found = sql.ask(query)
    table = Table(*found.columns, title=title, title_justify="left")
    for row in found.rows:
        table.add_row(*(cell(f"{value:.2%}" if isinstance(value, float) else value) for value in row))
    return table
