"""A stage's calls through a batch API, on the toy pipeline: two rounds per town."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.calls.batch_store import FOLDER, BatchStore
from stark_udfs.core.errors import GuardStopped
from stark_udfs.core.ids import Json
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.tables.tables import Tables
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubServer
from tests.engine import toy
from tests.engine.conftest import Settle
from tests.engine.servers import sights
from tests.engine.stubs import stubbed

TOWNS = 5
TARIFF = {"poll_s": 0.05, "longest_poll_s": 0.2, "requests": 3}
NEVER = 3600.0  # seconds for a batch: longer than a test
BATCH, SEND = Wanted(batch=True), Wanted(batch=True, wait=False)


def guide(block: Mapping[str, Json]) -> tuple[str, str]:
    row = block["row"]
    assert isinstance(row, Mapping)
    return json.dumps(sights(f"of {row['name']}: {('sights', 'motto')[int(str(block['round']))]}", 0)), "stop"


class Town:
    """A warehouse of the toy pipeline, and the server that it asks."""

    def __init__(self, spark: SparkSession, folder: Path, url: str, stub: StubServer) -> None:
        self.spark, self.folder, self.url, self.stub = spark, folder, url, stub
        self.watch = Quiet()

    def run(self, wanted: Wanted = BATCH, words: str = "Name three sights of", **more: object) -> RunReport:
        limits = more.pop("limits", {})
        given = {"provider": "offline", "attempts": 2, "batch": {**TARIFF, **more.pop("batch", {})}, **more}  # type: ignore[dict-item]
        stages = toy.stages(toy.Toy(towns=TOWNS, words=words), self.url, **given)
        settings = toy.settings_in(self.folder, limits=limits)
        return run(stages, settings, self.spark, wanted=wanted, progress=self.watch)

    @property
    def store(self) -> BatchStore:
        return BatchStore(f"{self.folder}/files")

    def rows(self, table: str) -> list[tuple[object, ...]]:
        tables = Tables(self.spark, toy.settings_in(self.folder).storage)
        named = {"sights": (toy.SIGHTS, "sight_id", "text"), "replies": (REPLIES, "key", "money")}
        which, *columns = named[table]
        return sorted(tuple(row) for row in tables.read(which).select(*columns).collect())  # type: ignore[type-var]


def paid_once(town: Town, calls: int = 2 * TOWNS) -> bool:
    """Each call answered once at the server, and each in `replies`."""
    keys = {row[0] for row in town.rows("replies")}
    return town.stub.counts["served"] == len(keys) == len(town.rows("replies")) == calls


@pytest.fixture
def town(spark: SparkSession, settle: Settle, tmp_path: Path, request: pytest.FixtureRequest):
    settle(tmp_path / "batch", TOWNS)
    stub = StubServer(getattr(request, "param", Faults()), guide)
    with stubbed(stub.faults, stub) as (url, _):
        yield Town(spark, tmp_path / "batch", url, stub)


def having(**faults: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("town", [Faults(**faults)], indirect=True, ids=["-".join(faults)])  # type: ignore[arg-type]


def describe_a_run_with_batches():
    @having(batch_s=0.2, batch_strange=True)
    def it_gives_the_rows_of_a_live_run_at_half_the_price(town: Town, settle: Settle, tmp_path: Path):
        done = town.run().stages[1]
        assert (done.state, done.calls, done.open) == ("finished", 2 * TOWNS, 0)
        assert town.stub.counts["batches"] == 4  # two rounds, at most three calls a file
        assert paid_once(town)
        assert town.store.sent() == []
        settle(tmp_path / "live", TOWNS)
        live = Town(town.spark, tmp_path / "live", town.url, town.stub)
        told = live.run(Wanted()).stages[1]
        assert live.rows("sights") == town.rows("sights")
        assert [key for key, _ in live.rows("replies")] == [key for key, _ in town.rows("replies")]
        assert done.money == pytest.approx(told.money / 2)
        assert done.forecast_money == pytest.approx((told.forecast_money or 0.0) / 2)

    @having(batch_s=NEVER)
    def it_sends_and_the_next_run_collects(town: Town):
        sent = town.run(SEND)
        assert "5 calls are under way in 2 batches. Run again with --batch" in sent.stopped
        with pytest.raises(GuardStopped, match="paid for twice"):
            town.run(Wanted())
        assert town.stub.counts["batches"] == 2
        town.stub.faults = Faults()
        assert town.run().stages[1].state == "finished"
        assert paid_once(town)

    @having(batch_expired=0.5, errors=0.3)
    def it_asks_again_for_what_expired_or_failed_and_for_nothing_else(town: Town):
        assert town.run().stages[1].state == "finished"
        assert town.stub.counts["expired"] and town.stub.counts["errors"]
        assert paid_once(town)

    @having(batch_reset=2)
    def it_looks_for_a_batch_whose_making_was_cut_off(town: Town):
        assert town.run().stages[1].state == "finished"
        assert town.stub.counts["batches"] == 4
        assert paid_once(town)

    def it_finds_a_batch_that_it_was_killed_over(town: Town):
        town.run(SEND)
        for place in (town.folder / "files" / FOLDER / "sights").iterdir():
            (place / "batch").unlink()  # killed before the batch's id was written down
        assert town.run().stages[1].state == "finished"
        assert town.stub.counts["batches"] == 4
        assert paid_once(town)

    @having(malformed=0.6, mends=True)
    def it_asks_again_after_bad_replies_live_where_the_settings_say_so(town: Town):
        done = town.run(batch={"reasks": "live"}).stages[1]
        assert done.state == "finished"
        assert town.stub.counts["malformed"]
        assert town.stub.counts["received"]  # live
        assert paid_once(town, done.calls)

    @having(batch_s=NEVER)
    def it_keeps_what_is_under_way_within_the_budget(town: Town):
        few = 0.0002  # a call is reserved with 0.00017 and costs 0.00003
        assert town.run(SEND, limits={"budget": few}).stopped.startswith(
            "batch: stage sights: 1 call is under way in 1 batch"
        )
        assert 0 < sum(town.store.reserved().values()) <= few
        town.stub.faults = Faults()
        stopped = town.run(limits={"budget": few})
        assert stopped.stopped.startswith("budget: ")
        assert 0 < stopped.stages[1].money <= few
        assert town.store.reserved() == {}

    def it_keeps_the_answers_to_an_older_prompt_and_asks_the_new_one(town: Town):
        town.run(SEND)
        assert town.run(words="Tell three sights of").stages[1].state == "finished"
        assert paid_once(town, 3 * TOWNS)

    @having(no_batches=True)
    def it_ends_with_a_word_where_the_server_takes_no_batch(town: Town):
        assert "has no batch API: run without --batch" in town.run().stopped
        assert town.store.sent() == []
        assert town.stub.counts["served"] == 0

    @having(batch_refused=1)
    def it_ends_at_a_batch_that_is_refused(town: Town):
        assert "was refused before it began, nothing was paid: token_limit_exceeded" in town.run().stopped
