"""`stark plan`: what a run would do and cost."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stark_udfs.cli.options import RunSelection
from stark_udfs.cli.run import between, wanted_of
from stark_udfs.cli.summary import money
from stark_udfs.core.errors import StorageError
from stark_udfs.engine.estimate import EstimateSource
from stark_udfs.engine.forecast import StageForecast, forecast, whole_forecast
from stark_udfs.stages.pipeline import Settings
from stark_udfs.tables.address import in_catalog, tables_in

BY_BATCH = "by batch"
COLUMNS = (
    *("stage", "rows to do", "paid again", "calls", "tokens in", "tokens out"),
    *("money", BY_BATCH, "between", "from"),
)


def show(settings: Settings, order: RunSelection, screen: Console) -> None:
    """Show the forecast of a run and, where quotas are set, what their rounds take at most."""
    screen.print(as_table(planned(settings, order)))
    if settings.quotas.accepted is not None:
        screen.print(Text(rounds_told(settings, rounds_planned(settings))), soft_wrap=True)


def rounds_planned(settings: Settings) -> tuple[StageForecast, ...]:
    """What `pipeline.episodes` episodes take when nothing is done yet; sizes of calls from earlier replies."""
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session

    return whole_forecast(stages(settings), settings, spark_session(settings.spark) if _is_there(settings) else None)


def rounds_told(settings: Settings, found: tuple[StageForecast, ...]) -> str:
    """What quota rounds take at most: `quotas.max_candidates` times what one episode takes.

    Args:
        settings: with quotas.
        found: the forecast of `pipeline.episodes` episodes, from the first stage on.
    """
    quotas, episodes = settings.quotas, settings.pipeline.episodes
    times = quotas.max_candidates / episodes
    currency = " and ".join(sorted({one.currency for one in found if one.currency}))
    paid, most = sum(one.money for one in found), sum(one.money_high for one in found)
    tokens = sum(one.tokens_in + one.tokens_out for one in found)
    return (
        f"quotas: rounds of `run --until-quota` start {quotas.max_candidates:,} candidates at most "
        f"(quotas.max_candidates), until each stratum by {', '.join(quotas.by)} has {quotas.accepted:,} accepted. "
        f"All of them take ~{round(tokens * times):,} tokens, {money(paid * times, currency)}, at most "
        f"{money(most * times, currency)}: {money(paid / episodes, currency)} an episode, at most "
        f"{money(most / episodes, currency)}. What the tables hold already is not paid again."
    )


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
    shown = [name for name in COLUMNS if name != BY_BATCH or any(one.batch for one in found)]
    for name in shown:
        table.add_column(name, justify="left" if name in ("stage", "from") else "right", no_wrap=True)
    for one in found:
        table.add_row(*map(Text, _of(shown, _line(one))))
    table.add_section()
    table.add_row(*map(Text, _of(shown, _total(found))))
    table.caption, table.caption_justify = _caption(found), "left"
    return table


def _of(shown: Sequence[str], cells: Sequence[str]) -> list[str]:
    return [cell for name, cell in zip(COLUMNS, cells, strict=True) if name in shown]


def _line(one: StageForecast) -> tuple[str, ...]:
    todo = one.todo
    rows = f"{todo.units:,}" if todo.counted is not None and not todo.to_come else f"~{todo.units:,}"
    if one.basis in (EstimateSource.PICTURES, EstimateSource.UNKNOWN) or not todo.units:
        return (one.stage, rows, f"{todo.again:,}" if todo.again else "", "", "", "", "", "", "", str(one.basis))
    return (
        one.stage,
        rows,
        f"{todo.again:,}" if todo.again else "",
        f"~{one.calls:,}",
        f"~{one.tokens_in:,}",
        f"~{one.tokens_out:,}",
        money(one.money, one.currency),
        "" if one.batch is None else money(one.money_by_batch, one.currency),
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
        money(sum(one.money_by_batch for one in found), currency) if any(one.batch for one in found) else "",
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
    lines.extend(_by_batch(found))
    unknown = [one.stage for one in found if one.basis is EstimateSource.UNKNOWN]
    if unknown:
        lines.append(
            f"{', '.join(unknown)}: never asked before and without an example, so not in the sum: stark try it"
        )
    return Text("\n".join(lines))


def _by_batch(found: tuple[StageForecast, ...]) -> list[str]:
    """What the batch tariffs are, and what they take in time."""
    busy = [one for one in found if one.batch is not None and one.todo.units]
    tariffs = {
        f"{one.batch.price_share:g} of the price ({one.batch.source}, {one.batch.as_of})" for one in busy if one.batch
    }
    if not tariffs:
        return []
    rounds = sum(max(1, round(one.calls / one.todo.units)) for one in busy)
    return [
        f"by batch (--batch): {' or '.join(sorted(tariffs))}; about {rounds} rounds one after the other, "
        "each up to a day, and one more for bad replies"
    ]
