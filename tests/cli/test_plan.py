import io
from dataclasses import replace

from rich.console import Console

from stark_udfs.cli.plan import as_table, rounds_planned, rounds_told
from stark_udfs.engine.estimate import EstimateSource
from stark_udfs.engine.forecast import StageForecast, Todo
from stark_udfs.settings.chat_models import BatchSettings
from stark_udfs.stages.pipeline import load_settings


def forecast(stage: str, batch: BatchSettings | None) -> StageForecast:
    return StageForecast(
        calls=400,
        tokens_in=1000,
        tokens_out=2000,
        money=8.0,
        money_low=4.0,
        money_high=16.0,
        basis=EstimateSource.EXAMPLE,
        stage=stage,
        todo=Todo(counted=100),
        currency="USD",
        batch=batch,
    )


def printed(*found: StageForecast) -> str:
    out = io.StringIO()
    Console(file=out, width=250).print(as_table(found))
    return out.getvalue()


def describe_as_table():
    def it_prices_both_ways():
        page = printed(forecast("sessions", BatchSettings()), forecast("judgements", None))
        (total,) = [line for line in page.splitlines() if line.startswith("│ all")]
        assert [cell.strip() for cell in total.split("│")[7:9]] == ["16.00 USD", "12.00 USD"]
        assert "0.5 of the price" in page
        assert "about 4 rounds" in page

    def it_leaves_out_a_tariff_that_nobody_has():
        assert "by batch" not in printed(forecast("judgements", None))


def describe_rounds():
    def they_take_what_all_candidates_take(tmp_path):
        folder = tmp_path / "nowhere"
        given = [f"storage.tables={folder}", "quotas.accepted=5", "quotas.max_candidates=300", "pipeline.episodes=100"]
        settings = load_settings("openai", overrides=given)
        found = rounds_planned(settings)
        told = rounds_told(settings, found)
        paid = sum(one.money for one in found)
        assert paid > 0
        assert "start 300 candidates at most" in told
        assert f"{paid * 3:,.2f} USD, at most" in told
        assert f"{paid / 100:.4f} USD an episode" in told

    def they_cost_nothing_where_nothing_costs(tmp_path):
        given = ["quotas.accepted=5", f"storage.tables={tmp_path / 'nowhere'}"]
        settings = load_settings("openai", overrides=given)
        free = tuple(replace(one, money=0.0, money_high=0.0) for one in rounds_planned(settings))
        assert ", 0.00 USD, at most 0.00 USD" in rounds_told(settings, free)
