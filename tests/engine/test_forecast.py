"""The forecast and the trial on the toy pipeline: real Spark, real Delta, a server that counts."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.engine.estimate import EstimateSource
from stark_udfs.engine.forecast import StageForecast, forecast
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import REPLIES, UNITS
from stark_udfs.engine.try_stage import Trial, trial
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.tables import Tables
from tests.engine.conftest import Settle
from tests.engine.servers import Guide, serving
from tests.engine.toy import SIGHTS, Toy, stages

TOY = Toy(towns=12)
A_CALL = (100 * 1.0 + 50 * 2.0) / 1_000_000  # what the server counts, at the toy's prices


@dataclass
class World:
    spark: SparkSession
    settings: Settings
    guide: Guide
    url: str

    @property
    def tables(self) -> Tables:
        return Tables(self.spark, self.settings.storage)

    def run(self, toy: Toy = TOY, first: int = 2) -> None:
        run(stages(toy, self.url)[:first], self.settings, self.spark)

    def plan(self, toy: Toy = TOY) -> StageForecast:
        (found,) = forecast(stages(toy, self.url), self.settings, self.spark)
        return found

    def try_(self, count: int) -> Trial:
        return trial(stages(TOY, self.url)[1], self.settings, self.spark, count, Quiet())

    def files(self) -> set[str]:
        return {str(path) for path in Path(self.settings.storage.tables).parent.rglob("*") if path.is_file()}


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> Iterator[World]:
    settings = load_settings("demo", overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files"])
    guide = Guide()
    with serving(guide) as url:
        yield World(spark, settings, guide, url)


def describe_forecast():
    def it_counts_rows_where_the_input_is_there_and_makes_no_call_and_no_write(
        world: World, settle: Settle, tmp_path: Path
    ):
        unknown = world.plan().todo
        assert (unknown.counted, unknown.units) == (None, 12)
        settle(tmp_path, TOY.towns)
        before = world.files()
        found = world.plan()
        assert (found.todo.counted, found.todo.to_come, found.calls, found.basis) == (
            12,
            0,
            24,
            EstimateSource.EXAMPLE,
        )
        assert 0 < found.money_low < found.money < found.money_high
        assert world.guide.calls == 0
        assert world.files() == before

    def it_measures_earlier_replies_and_finds_what_a_run_then_costs(world: World, settle: Settle, tmp_path: Path):
        settle(tmp_path, TOY.towns)
        world.run()
        edited = world.plan(replace(TOY, words="List three sights of"))
        assert (edited.todo.again, edited.todo.units, edited.basis) == (12, 0, EstimateSource.NONE)
        more = replace(TOY, towns=20)
        world.run(more, first=1)
        found = world.plan(more)
        before = world.guide.calls
        world.run(more)
        assert (found.todo.counted, found.calls, found.basis) == (8, 16, EstimateSource.REPLIES)
        assert world.guide.calls - before == found.calls
        assert found.money == pytest.approx(16 * A_CALL)
        assert found.money_low == pytest.approx(found.money_high)


def describe_trial():
    def it_asks_a_few_rows_once_and_shows_answered_ones_for_free(world: World, settle: Settle, tmp_path: Path):
        settle(tmp_path, TOY.towns)
        tried = world.try_(2)
        assert (tried.calls, world.guide.calls) == (4, 4)
        assert tried.money == pytest.approx(4 * A_CALL)
        assert [len(row.outputs) for row in tried.rows] == [4, 4]
        assert [len(row.replies) for row in tried.rows] == [2, 2]
        assert world.tables.read(REPLIES).count() == 4
        assert not world.tables.exists(SIGHTS)
        assert not world.tables.exists(UNITS)
        world.run()
        assert world.guide.calls == 24
        free = world.try_(3)
        assert (free.calls, world.guide.calls, len(free.rows)) == (0, 24, 3)
        assert all(row.outputs and not row.open for row in free.rows)
