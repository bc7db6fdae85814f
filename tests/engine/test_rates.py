"""Limits in a whole run: static shares where the broker cannot be reached, and how soon a stop is heard."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from pyspark.sql import SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerAddress, BrokerServer
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.progress import STOPPED_BY_USER, Quiet
from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import REPLIES, UNITS
from stark_udfs.engine.unit_stage import run_unit_stage
from stark_udfs.tables.tables import Tables
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubServer
from tests.engine.conftest import Settle
from tests.engine.stubs import stubbed
from tests.engine.toy import Toy, settings_in, stages

TOWNS = 200


class OutOfReach(BrokerServer):
    """A broker that listens, at an address that leads executors elsewhere."""

    @property
    def place(self) -> BrokerAddress:
        return replace(super().place, host="127.0.0.2", port=9)


@dataclass
class Impatient(Quiet):
    """A user who wants to stop once so many calls have come."""

    stub: StubServer | None = None
    calls: int = 0
    asked_at: float | None = None

    def stop_requested(self) -> bool:
        assert self.stub is not None
        if self.asked_at is None and self.stub.counts["served"] >= self.calls:
            self.asked_at = time.monotonic()
        return self.asked_at is not None


def describe_a_broker_that_executors_cannot_reach():
    def it_leaves_each_task_its_share_of_slots_and_money(spark: SparkSession, settle: Settle, tmp_path: Path):
        settle(tmp_path, TOWNS)
        settings = settings_in(tmp_path, limits={"budget": 0.012}, spark={"partitions": 4})
        with (
            stubbed(Faults(latency_ms=50)) as (url, stub),
            OutOfReach(Broker()) as broker,
            ExitStack() as closing,
        ):
            _, sights = stages(Toy(towns=TOWNS), url, in_flight=3)
            tables, watch = Tables(spark, settings.storage), Quiet()
            context = Context(spark, settings, tables, "alone", Wanted(), watch, closing, _broker=broker)
            outcome = run_unit_stage(context, sights)
        assert [line for line in watch.lines if "cannot reach the broker at 127.0.0.2:9" in line] == watch.lines
        assert 1 < stub.max_in_flight <= 3
        assert 0.009 < outcome.asked.money <= 0.012
        assert outcome.asked.stopped.startswith("budget: ")
        assert outcome.asked.calls == stub.counts["served"] == tables.read(REPLIES).count()
        assert outcome.open == tables.read(UNITS).where("state = 'open'").count() > 0


def describe_a_stop():
    def it_is_heard_soon_and_keeps_what_is_in_flight(spark: SparkSession, settle: Settle, tmp_path: Path):
        settle(tmp_path, TOWNS)
        settings = settings_in(tmp_path)
        with stubbed(Faults(latency_ms=300)) as (url, stub):
            watch = Impatient(stub=stub, calls=40)
            report = run(stages(Toy(towns=TOWNS), url), settings, spark, progress=watch)
            assert stub.begun is not None
            last = stub.begun + stub.calls()["arrived_s"][-1]
        assert report.stopped == report.stages[1].note == STOPPED_BY_USER
        assert last - watch.asked_at < 3.0
        assert report.stages[1].calls == stub.counts["served"] < 400
        assert report.stages[1].open > 0
