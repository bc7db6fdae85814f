"""What a run did: one line per stage, for people and as JSON."""

from rich.table import Table
from rich.text import Text

from stark_udfs.cli.console import as_json, plain
from stark_udfs.engine.run import RunReport
from stark_udfs.engine.system_tables import CheckResult, Outcome, StageRun

COLUMNS = (
    "stage",
    "state",
    "rows in",
    "out",
    "rejected",
    "reused",
    "open",
    "calls",
    "seconds",
    "asking",
    "tokens",
    "money",
    "forecast",
)


def as_table(report: RunReport) -> Table:
    """One line per stage and one for all; below, why the run ended early and which expectations were not met.

    `forecast` is the money, or where the model is free the tokens, that was expected before the stage's first call.
    """
    table = Table(title=Text(f"run {report.run_id}"), caption=_caption(report), title_justify="left")
    for name in COLUMNS:
        table.add_column(Text(name), justify="left" if name in ("stage", "state") else "right", no_wrap=True)
    for stage in report.stages:
        table.add_row(*map(Text, _line(stage)))
    table.add_section()
    table.add_row(*map(Text, _total(report.stages)))
    return table


def written(report: RunReport) -> str:
    """The report as JSON: run_id, stopped, stages (rows of `runs`) and checks (rows of `checks`)."""
    return (
        as_json(
            {
                "run_id": report.run_id,
                "stopped": report.stopped,
                "stages": [stage.model_dump() for stage in report.stages],
                "checks": [check.model_dump() for check in report.checks],
            },
            indent=2,
        )
        + "\n"
    )


def money(amount: float, currency: str) -> str:
    """An amount as people read it: cents, or four digits where it is less than one."""
    text = f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.4f}"
    return f"{text} {currency}".strip()


def told(check: CheckResult) -> str:
    """An expectation that was not met, in a few words, with how sure the value is."""
    value = "no value" if check.value is None else f"{check.value:.3g}"
    if check.interval_low is not None and check.interval_high is not None:
        value += f" (95 %: {check.interval_low:.3g} to {check.interval_high:.3g}, n {check.n:,})"
    bounds = " ".join(
        f"{word} {bound:.3g}" for word, bound in (("at least", check.low), ("at most", check.high)) if bound is not None
    )
    return f"{check.stage}: {check.name} is {value}, {check.kind} {bounds}"


def _line(stage: StageRun) -> tuple[str, ...]:
    numbers = (stage.rows_in, stage.rows_out, stage.rejected, stage.reused, stage.open, stage.calls)
    tokens = stage.tokens_in + stage.tokens_out
    return (
        plain(stage.stage),
        stage.state,
        *(f"{number:,}" for number in numbers),
        f"{stage.seconds:.1f}",
        f"{stage.seconds_asking:.1f}" if stage.seconds_asking else "",
        f"{tokens:,}",
        money(stage.money, stage.currency) if stage.calls and stage.currency else "",
        _forecast(stage),
    )


def _forecast(stage: StageRun) -> str:
    if stage.forecast_money is None:
        return ""
    return f"~{money(stage.forecast_money, '')}" if stage.forecast_money else f"~{stage.forecast_tokens:,} tokens"


def _total(stages: tuple[StageRun, ...]) -> tuple[str, ...]:
    tokens = sum(stage.tokens_in + stage.tokens_out for stage in stages)
    spent: dict[str, float] = {}
    for stage in stages:
        if stage.calls and stage.currency:
            spent[stage.currency] = spent.get(stage.currency, 0.0) + stage.money
    return (
        "all",
        "",
        "",
        "",
        f"{sum(stage.rejected for stage in stages):,}",
        f"{sum(stage.reused for stage in stages):,}",
        f"{sum(stage.open for stage in stages):,}",
        f"{sum(stage.calls for stage in stages):,}",
        f"{sum(stage.seconds for stage in stages):.1f}",
        f"{sum(stage.seconds_asking for stage in stages):.1f}",
        f"{tokens:,}",
        " + ".join(money(amount, currency) for currency, amount in sorted(spent.items())),
        "",
    )


def _caption(report: RunReport) -> Text | None:
    lines = [f"ended early: {line}" for line in report.stopped.splitlines()[:1]]
    lines += [f"check failed: {told(check)}" for check in report.checks if not check.ok]
    lines += [f"within chance: {told(check)}" for check in report.checks if check.state == Outcome.CHANCE]
    return Text(plain("\n".join(lines)), justify="left") if lines else None
