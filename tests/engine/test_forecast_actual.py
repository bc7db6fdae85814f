"""What asking was expected to take, told before the first call, beside what it took."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from stark_udfs.cli.reading.status import status
from stark_udfs.cli.reading.warehouse import reader
from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.system_tables import StageRun
from stark_udfs.stages.pipeline import load_settings
from tests.engine.servers import Guide, serving, sights
from tests.engine.toy import Toy, stages

FIRST, SECOND = Toy(towns=12), Toy(towns=40)


def every_fifth_is_bad(prompt: str, number: int) -> dict[str, Any] | str:
    return "no json" if number % 5 == 0 else sights(prompt, number)


def describe_forecast_and_actual():
    def it_learns_from_the_first_run_what_a_larger_one_takes(spark: SparkSession, tmp_path: Path):
        settings = load_settings(
            "demo", overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files"]
        )
        ended: list[RunReport] = []
        with serving(Guide(every_fifth_is_bad)) as url:

            def asked(toy: Toy) -> StageRun:
                run(stages(toy, url), settings, spark, at_end=ended.append)
                return ended[-1].stages[1]

            first, second, third = asked(FIRST), asked(SECOND), asked(SECOND)
            with pytest.raises(GuardStopped):
                asked(replace(SECOND, words="List three sights of"))
        assert (first.forecast_from, first.forecast_calls) == ("example", 24)
        assert first.calls > 24
        assert second.forecast_from == "earlier replies"
        assert second.forecast_calls == pytest.approx(second.calls, rel=0.1)
        assert second.forecast_tokens == pytest.approx(second.tokens_in + second.tokens_out, rel=0.1)
        assert second.forecast_money == pytest.approx(second.money, rel=0.1)
        assert second.forecast_low is not None and second.forecast_high is not None
        assert second.forecast_low <= second.money <= second.forecast_high
        assert (third.state, third.forecast_calls, third.forecast_from) == ("unchanged", None, None)
        assert [stage.stage for stage in ended[-1].stages] == ["towns"]
        assert ended[-1].stopped.startswith("stage sights would pay again")
        screen = io.StringIO()
        status(reader(settings), Console(file=screen, width=200, markup=False))
        assert "forecast (~) and actual" in screen.getvalue()
        line = next(line for line in screen.getvalue().splitlines() if "earlier replies" in line)
        assert second.run_id in line
        assert f"{second.calls:,}" in line
        assert f"{second.forecast_calls:,}" in line
