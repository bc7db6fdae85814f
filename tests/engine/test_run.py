"""The engine on a toy pipeline: real Spark, real Delta, a real HTTP server that counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree, rmtree
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
from tests.engine.conftest import FirstRun, Settle
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
        return {
            p.name: self.tables.version(Table(p.name, TOWNS.record, ())) for p in sorted(folder.iterdir()) if p.is_dir()
        }


@pytest.fixture
def world(spark: SparkSession, tmp_path: Path) -> Iterator[World]:
    settings = settings_in(tmp_path)
    guide = Guide()
    with serving(guide) as url:
        yield World(spark, settings, guide, url)


@pytest.fixture
def settled(world: World, settle: Settle, tmp_path: Path) -> World:
    """A world in which nothing was asked yet."""
    settle(tmp_path, TOY.towns)
    return world


@pytest.fixture
def ran(world: World, first_run: FirstRun, tmp_path: Path) -> World:
    """A world of its own in which the pipeline has run once."""
    copytree(first_run.folder, tmp_path, dirs_exist_ok=True)
    world.guide.calls = first_run.calls
    return world


def describe_a_first_run():
    def it_asks_each_call_once_and_writes_rows_replies_and_units(ran: World, first_run: FirstRun):
        world, report = ran, first_run.report
        towns, asked = report.stages
        assert (towns.added, asked.added, asked.calls, asked.open, asked.rejected) == (6, 24, 12, 0, 0)
        assert world.guide.calls == 12
        assert len(world.rows(REPLIES)) == 12
        units = [row for row in world.rows(UNITS) if row["stage"] == "sights"]
        assert {(u["state"], u["outputs"], u["rejects"]) for u in units} == {("done", 4, 0)}
        assert asked.money == pytest.approx(12 * (100 * 1 + 50 * 2) / 1e6)
        assert [check.ok for check in report.checks] == [True]

    def it_refuses_an_empty_input_and_removes_nothing(ran: World):
        none, asked = stages(replace(TOY, towns=0), ran.url)
        with pytest.raises(InputError, match="no rows"):
            run((none, asked), ran.settings, ran.spark)
        assert len(ran.rows(SIGHTS)) == 24


def describe_running_again():
    def it_makes_no_call_and_no_commit_when_nothing_changed(ran: World):
        before = ran.versions()
        report = ran.run()
        assert [stage.state for stage in report.stages] == ["unchanged", "unchanged"]
        assert ran.guide.calls == 12
        assert ran.versions() == before

    def it_asks_only_for_new_rows(ran: World):
        report = ran.run(replace(TOY, towns=9))
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].reused) == (6, 12, 6)

    def it_removes_nothing_when_fewer_rows_are_selected(ran: World):
        report = ran.run(replace(TOY, towns=4))
        assert (report.stages[0].removed, report.stages[1].removed, report.stages[1].calls) == (0, 0, 0)
        assert len(ran.rows(SIGHTS)) == 24

    def it_applies_a_better_parser_for_free(settled: World):
        settled.run(replace(TOY, drop="market"))
        assert len(settled.rows(SIGHTS)) == 18
        report = settled.run()
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].changed) == (0, 6, 0)
        assert len(settled.rows(SIGHTS)) == 24
        assert settled.rows(REJECTS) == []

    def it_rebuilds_a_lost_table_without_a_call(ran: World):
        before = ran.rows(SIGHTS)
        ran.forget(SIGHTS)
        report = ran.run()
        assert report.stages[1].calls == 0
        assert ran.rows(SIGHTS) == before
        assert ran.guide.calls == 12

    def it_finds_rows_that_were_deleted(ran: World):
        before = ran.rows(SIGHTS)
        ran.tables.target(SIGHTS).delete("kind = 'motto'")
        report = ran.run()
        assert (report.stages[1].calls, report.stages[1].added) == (0, 6)
        assert ran.rows(SIGHTS) == before

    def it_rebuilds_lost_units_without_a_call(ran: World):
        before = ran.rows(UNITS)
        ran.forget(UNITS)
        ran.tables.target(SIGHTS).delete("kind = 'motto'")
        assert ran.run().stages[1].calls == 0
        assert ran.rows(UNITS) == before

    def it_gives_equal_tables_for_equal_seeds(settled: World, settle: Settle, tmp_path: Path):
        settled.run(replace(TOY, near=0.9, take=2))
        settle(tmp_path / "twin", TOY.towns)
        twin = World(settled.spark, settings_in(tmp_path / "twin"), settled.guide, settled.url)
        twin.run(replace(TOY, near=0.9, take=2))
        assert twin.rows(SIGHTS) == settled.rows(SIGHTS)
        assert twin.rows(UNITS) == settled.rows(UNITS)
        ignored = ("run_id", "replied_at", "seconds")
        assert twin.rows(REPLIES, ignored) == settled.rows(REPLIES, ignored)


def describe_a_changed_prompt():
    edited = replace(TOY, words="List three sights of")

    def it_stops_before_the_first_call_and_says_what_it_would_cost(ran: World):
        with pytest.raises(GuardStopped, match=r"6 units because the prompt, the model or the settings changed"):
            ran.run(edited)
        assert ran.guide.calls == 12
        assert len(ran.rows(SIGHTS)) == 24

    def it_pays_when_told_to(ran: World):
        report = ran.run(edited, Wanted(remake=frozenset({"sights"})))
        assert report.stages[1].calls == 12
        assert report.stages[1].added == report.stages[1].removed == 0

    def it_keeps_and_marks_stale_rows_when_told_to(ran: World):
        report = ran.run(edited, Wanted(keep_stale=True))
        assert (report.stages[1].calls, report.stages[1].open) == (0, 0)
        assert {row["stale"] for row in ran.rows(UNITS)} == {True}
        assert [stage.state for stage in ran.run(edited).stages] == ["unchanged", "unchanged"]

    def it_asks_for_new_rows_beside_stale_ones(ran: World):
        report = ran.run(replace(edited, towns=8), Wanted(keep_stale=True))
        assert report.stages[1].calls == 4

    def it_names_a_changed_row_as_the_cause(ran: World):
        with pytest.raises(GuardStopped, match=r"1 units because the rows that they are made from changed"):
            ran.run(replace(TOY, suffix="x"))


def describe_bad_replies():
    def it_asks_again_with_the_error_and_counts_both(settled: World):
        settled.guide.answer = lambda prompt, number: "no json" if number == 1 else sights(original(prompt), number)
        report = settled.run()
        assert (report.stages[1].calls, report.stages[1].added, report.stages[1].rejected) == (13, 24, 0)

    def it_rejects_a_unit_whose_reply_stays_bad_and_does_not_ask_it_again(settled: World):
        settled.guide.answer = bad_for(name_of(2))
        report = settled.run()
        assert (report.stages[1].added, report.stages[1].rejected, report.stages[1].calls) == (20, 1, 13)
        (reject,) = settled.rows(REJECTS)
        assert (reject["reason"], reject["origin"]) == ("not_json", "code")
        assert settled.run().stages[1].calls == 0

    def it_asks_rejected_units_again_when_told_to(settled: World):
        settled.guide.answer = bad_for(name_of(2))
        settled.run()
        settled.guide.answer = sights
        report = settled.run(wanted=Wanted(retry_rejects=True))
        assert (report.stages[1].calls, report.stages[1].added) == (2, 4)
        assert settled.rows(REJECTS) == []

    def it_leaves_a_unit_open_when_the_server_fails_and_asks_it_in_the_next_run(settled: World):
        settled.guide.answer = lambda prompt, number: 500 if name_of(1) in prompt else sights(prompt, number)
        report = settled.run(call_budget_s=1)
        assert (report.stages[1].open, report.stages[1].added, report.stages[1].state) == (1, 20, "partial")
        settled.guide.answer = sights
        report = settled.run()
        assert (report.stages[1].calls, report.stages[1].open, report.stages[1].state) == (2, 0, "finished")

    def it_stops_at_the_first_refusal_of_its_settings_and_goes_on_once_they_are_mended(settled: World):
        said = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
        error = {"message": said, "param": "max_tokens", "code": "unsupported_parameter"}
        settled.guide.answer = lambda prompt, number: Refused(400, {"error": error})
        storage = settled.settings.storage
        places = [f"storage.tables={storage.tables}", f"storage.files={storage.files}", "models.guide.name=toy"]
        settled.settings = load_settings("demo", overrides=places)
        report = settled.run(in_flight=1)
        assert settled.guide.calls == 1
        assert (report.stages[1].open, report.stages[1].rejected, report.stages[1].calls) == (6, 0, 0)
        assert report.stages[1].state == "stopped"
        assert "Use 'max_completion_tokens'" in report.stopped
        assert "models.guide.token_limit: max_completion_tokens" in report.stopped
        settled.guide.answer = sights
        report = settled.run(token_limit="max_completion_tokens")
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
