"""`stark plan`: what a run would do and cost."""

from rich.table import Table
from rich.text import Text

from stark_udfs.cli.options import RunSelection
from stark_udfs.cli.run import between, wanted_of
from stark_udfs.cli.summary import money
from stark_udfs.core.errors import StorageError
from stark_udfs.engine.estimate import EstimateSource
from stark_udfs.engine.forecast import StageForecast, forecast
from stark_udfs.stages.pipeline import Settings
from stark_udfs.tables.address import in_catalog, tables_in


def planned(settings: Settings, order: RunSelection) -> tuple[StageForecast, ...]:
    """The forecast; Spark is started only where there is a warehouse to look into."""
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session

    chosen = between(stages(settings), order.first, order.until)
    wanted = wanted_of(settings, chosen, order)
    spark = spark_session(settings.spark) if _is_there(settings) else None
    return forecast(chosen, settings, spark, wanted)


def _is_there(settings: Settings) -> bool:
    if in_catalog(settings.storage.tables):
        return True
    try:
        return bool(tables_in(settings.storage.tables))
    except StorageError:
        return False


def as_table(found: tuple[StageForecast, ...]) -> Table:
    """One line per stage and one for all; what is an estimate is marked with ~."""
    table = Table(title="no call was made", title_justify="left")
    for name in ("stage", "rows to do", "paid again", "calls", "tokens in", "tokens out", "money", "between", "from"):
        table.add_column(name, justify="left" if name in ("stage", "from") else "right", no_wrap=True)
    for one in found:
        table.add_row(*map(Text, _line(one)))
    table.add_section()
    table.add_row(*map(Text, _total(found)))
    table.caption, table.caption_justify = _caption(found), "left"
    return table


def _line(one: StageForecast) -> tuple[str, ...]:
    todo = one.todo
    rows = f"{todo.units:,}" if todo.counted is not None and not todo.to_come else f"~{todo.units:,}"
    if one.basis in (EstimateSource.PICTURES, EstimateSource.UNKNOWN) or not todo.units:
        return (one.stage, rows, f"{todo.again:,}" if todo.again else "", "", "", "", "", "", str(one.basis))
    return (
        one.stage,
        rows,
        f"{todo.again:,}" if todo.again else "",
        f"~{one.calls:,}",
        f"~{one.tokens_in:,}",
        f"~{one.tokens_out:,}",
        money(one.money, one.currency),
        f"{money(one.money_low, '')} to {money(one.money_high, '')}",
        str(one.basis),
    )


def _total(found: tuple[StageForecast, ...]) -> tuple[str, ...]:
    currencies = sorted({one.currency for one in found if one.currency})
    currency = " and ".join(currencies)
    low, high = sum(one.money_low for one in found), sum(one.money_high for one in found)
    busy = [one for one in found if one.todo.units]
    return (
        "all",
        "",
        "",
        f"~{sum(one.calls for one in busy):,}",
        f"~{sum(one.tokens_in for one in busy):,}",
        f"~{sum(one.tokens_out for one in busy):,}",
        money(sum(one.money for one in found), currency),
        f"{money(low, '')} to {money(high, '')}",
        "",
    )


def _caption(found: tuple[StageForecast, ...]) -> Text:
    lines = ["rows without ~ were counted; everything with ~ is an estimate"]
    again = [one.stage for one in found if one.todo.again]
    if again:
        lines.append(f"rows under 'paid again' are not asked unless you say so: --remake {again[0]}")
    if any(one.basis is EstimateSource.EXAMPLE for one in found):
        lines.append("from 'example': one row of usual size, 4 characters a token; 'between' is a rule of thumb")
    unknown = [one.stage for one in found if one.basis is EstimateSource.UNKNOWN]
    if unknown:
        lines.append(
            f"{', '.join(unknown)}: never asked before and without an example, so not in the sum: stark try it"
        )
    return Text("\n".join(lines))
