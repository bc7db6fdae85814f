"""The engine on a toy pipeline: real Spark, real Delta, a real HTTP server that counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import GuardStopped, InputError
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.system_tables import REJECTS, REPLIES, UNITS
from stark_udfs.settings.run import RunSettings
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from tests.engine.servers import Guide, Refused, serving, sights
from tests.engine.toy import SIGHTS, TOWNS, Toy, name_of, settings_in, stages

TOY = Toy()


@dataclass
class World:
    """One warehouse and one server."""

    spark: SparkSession
    settings: RunSettings
    guide: Guide
    url: str

    @property
    def tables(self) -> Tables:
        return Tables(self.spark, self.settings.storage)

    def run(self, toy: Toy = TOY, wanted: Wanted | None = None, **more: object) -> RunReport:
        return run(stages(toy, self.url, **more), self.settings, self.spark, wanted=wanted)

    def rows(self, table: Table, but: tuple[str, ...] = ("run_id",)) -> list[dict[str, Any]]:
        frame = self.tables.read(table).drop(*but)
        return sorted((row.asDict(recursive=True) for row in frame.collect()), key=str)

    def forget(self, table: Table) -> None:
        rmtree(self.tables.address(table))

    def versions(self) -> dict[str, int | None]:
        folder = Path(self.settings.storage.tables)
        return {p.name: self.tables.version(Table(p.name, TOWNS.record, ())) for p in sorted(folder.iterdir())}


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> Iterator[World]:
    settings = settings_in(tmp_path)
    guide = Guide()
    with serving(guide) as url:
        yield World(spark, settings, guide, url)


def describe_a_first_run():
    def it_asks_each_call_once_and_writes_rows_replies_and_units(world: World):
        report = world.run()
        towns, asked = report.stages
        assert (towns.added, asked.added, asked.calls, asked.open, asked.rejected) == (6, 24, 12, 0, 0)
        assert world.guide.calls == 12
        assert len(world.rows(REPLIES)) == 12
        units = [row for row in world.rows(UNITS) if row["stage"] == "sights"]
        assert {(u["state"], u["outputs"], u["rejects"]) for u in units} == {("done", 4, 0)}
        assert asked.money == pytest.approx(12 * (100 * 1 + 50 * 2) / 1e6)
        assert [check.ok for check in report.checks] == [True]

    def it_refuses_an_empty_input_and_removes_nothing(world: World):
        world.run()
        none, asked = stages(replace(TOY, towns=0), world.url)
        with pytest.raises(InputError, match="no rows"):
            run((none, asked), world.settings, world.spark)
        assert len(world.rows(SIGHTS)) == 24


def describe_running_again():
    def it_makes_no_call_and_no_commit_when_nothing_changed(world: World):
        world.run()
        before = world.versions()
        report = world.run()
        assert [stage.state for stage in report.stages] == ["unchanged", "unchanged"]
        assert world.guide.calls == 12
        assert world.versions() == before

    def it_asks_only_for_new_rows(world: World):
        world.run()
        report = world.run(replace(TOY, towns=9))
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].reused) == (6, 12, 6)

    def it_removes_nothing_when_fewer_rows_are_selected(world: World):
        world.run()
        report = world.run(replace(TOY, towns=4))
        assert (report.stages[0].removed, report.stages[1].removed, report.stages[1].calls) == (0, 0, 0)
        assert len(world.rows(SIGHTS)) == 24

    def it_applies_a_better_parser_for_free(world: World):
        world.run(replace(TOY, drop="market"))
        assert len(world.rows(SIGHTS)) == 18
        report = world.run()
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].changed) == (0, 6, 0)
        assert len(world.rows(SIGHTS)) == 24
        assert world.rows(REJECTS) == []

    def it_rebuilds_a_lost_table_without_a_call(world: World):
        world.run()
        before = world.rows(SIGHTS)
        world.forget(SIGHTS)
        report = world.run()
        assert report.stages[1].calls == 0
        assert world.rows(SIGHTS) == before
        assert world.guide.calls == 12

    def it_finds_rows_that_were_deleted(world: World):
        world.run()
        before = world.rows(SIGHTS)
        world.tables.target(SIGHTS).delete("kind = 'motto'")
        report = world.run()
        assert (report.stages[1].calls, report.stages[1].added) == (0, 6)
        assert world.rows(SIGHTS) == before

    def it_rebuilds_lost_units_without_a_call(world: World):
        world.run()
        before = world.rows(UNITS)
        world.forget(UNITS)
        world.tables.target(SIGHTS).delete("kind = 'motto'")
        assert world.run().stages[1].calls == 0
        assert world.rows(UNITS) == before

    def it_gives_equal_tables_for_equal_seeds(world: World, tmp_path: Path):
        world.run(replace(TOY, near=0.9, take=2))
        other = settings_in(tmp_path / "twin")
        twin = World(world.spark, other, world.guide, world.url)
        twin.run(replace(TOY, near=0.9, take=2))
        assert twin.rows(SIGHTS) == world.rows(SIGHTS)
        assert twin.rows(UNITS) == world.rows(UNITS)
        ignored = ("run_id", "replied_at", "seconds")
        assert twin.rows(REPLIES, ignored) == world.rows(REPLIES, ignored)


def describe_a_changed_prompt():
    edited = replace(TOY, words="List three sights of")

    def it_stops_before_the_first_call_and_says_what_it_would_cost(world: World):
        world.run()
        with pytest.raises(GuardStopped, match=r"6 units because the prompt, the model or the settings changed"):
            world.run(edited)
        assert world.guide.calls == 12
        assert len(world.rows(SIGHTS)) == 24

    def it_pays_when_told_to(world: World):
        world.run()
        report = world.run(edited, Wanted(remake=frozenset({"sights"})))
        assert report.stages[1].calls == 12
        assert report.stages[1].added == report.stages[1].removed == 0

    def it_keeps_and_marks_stale_rows_when_told_to(world: World):
        world.run()
        report = world.run(edited, Wanted(keep_stale=True))
        assert (report.stages[1].calls, report.stages[1].open) == (0, 0)
        assert {row["stale"] for row in world.rows(UNITS)} == {True}
        assert [stage.state for stage in world.run(edited).stages] == ["unchanged", "unchanged"]

    def it_asks_for_new_rows_beside_stale_ones(world: World):
        world.run()
        report = world.run(replace(edited, towns=8), Wanted(keep_stale=True))
        assert report.stages[1].calls == 4

    def it_names_a_changed_row_as_the_cause(world: World):
        world.run()
        with pytest.raises(GuardStopped, match=r"1 units because the rows that they are made from changed"):
            world.run(replace(TOY, suffix="x"))


def describe_bad_replies():
    def it_asks_again_with_the_error_and_counts_both(world: World):
        world.guide.answer = lambda prompt, number: "no json" if number == 1 else sights(original(prompt), number)
        report = world.run()
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].rejected) == (13, 24, 0)

    def it_rejects_a_unit_whose_reply_stays_bad_and_does_not_ask_it_again(world: World):
        world.guide.answer = bad_for(name_of(2))
        report = world.run()
        assert (report.stages[1].added, report.stages[1].rejected, report.stages[1].calls) == (20, 1, 13)
        (reject,) = world.rows(REJECTS)
        assert (reject["reason"], reject["origin"]) == ("not_json", "code")
        assert world.run().stages[1].calls == 0

    def it_asks_rejected_units_again_when_told_to(world: World):
        world.guide.answer = bad_for(name_of(2))
        world.run()
        world.guide.answer = sights
        report = world.run(wanted=Wanted(retry_rejects=True))
        assert (report.stages[1].calls, report.stages[1].added) == (2, 4)
        assert world.rows(REJECTS) == []

    def it_leaves_a_unit_open_when_the_server_fails_and_asks_it_in_the_next_run(world: World):
        world.guide.answer = lambda prompt, number: 500 if name_of(1) in prompt else sights(prompt, number)
        report = world.run(call_budget_s=1)
        assert (report.stages[1].open, report.stages[1].added, report.stages[1].state) == (1, 20, "partial")
        world.guide.answer = sights
        report = world.run()
        assert (report.stages[1].calls, report.stages[1].open, report.stages[1].state) == (2, 0, "finished")

    def it_stops_at_the_first_refusal_of_its_settings_and_goes_on_once_they_are_mended(world: World):
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
        error = {"message": said, "param": "max_tokens", "code": "unsupported_parameter"}
        world.guide.answer = lambda prompt, number: Refused(400, {"error": error})
        storage = world.settings.storage
        places = [f"storage.tables={storage.tables}", f"storage.files={storage.files}", "models.guide.name=toy"]
        world.settings = load_settings("demo", overrides=places)
        report = world.run(in_flight=1)
        assert world.guide.calls == 1
        assert (report.stages[1].open, report.stages[1].rejected, report.stages[1].calls) == (6, 0, 0)
        assert report.stages[1].state == "stopped"
        assert "Use 'max_completion_tokens'" in report.stopped
        assert "models.guide.token_limit: max_completion_tokens" in report.stopped
        world.guide.answer = sights
        report = world.run(token_limit="max_completion_tokens")
        assert (report.stages[1].open, report.stages[1].added, report.stopped) == (0, 24, "")

    def it_keeps_hostile_text_as_text(world: World):
        hostile = {"sights": ["a\x00b", "\ud800", "x" * 5000], "motto": "'; DROP TABLE sights; --"}
        world.guide.answer = lambda prompt, number: hostile
        report = world.run(replace(TOY, towns=1))
        assert report.stages[1].added == 4
        assert "\x00" not in str(world.rows(SIGHTS))


def original(prompt: str) -> str:
    return f"Name three sights of {name_of(0)}: sights" if "cannot be used" in prompt else prompt


def bad_for(town: str) -> Callable[[str, int], dict[str, Any] | str]:
    return lambda prompt, number: "<html>" if town in prompt or "cannot be used" in prompt else sights(prompt, number)
