import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import BrokerLost
from stark_udfs.calls.journal import JournalPlace, by_unit, open_journal, read_buckets
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.link import DirectLink
from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.partition import Partition, Resources
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.providers.client import connect
from stark_udfs.calls.sequence import SequenceEnd, advance
from stark_udfs.calls.unit import CallUnit, UnitEnd
from stark_udfs.core.errors import StorageError
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import served
from stark_udfs.testing.stub_server import StubServer
from tests.calls.asks import GOOD, chat, conversation, model

BUCKETS = 4


def replies_good(block) -> tuple[str, str]:
    return GOOD, "stop"


class Bakery:
    """One run of the tiny stage: a broker, a journal, and an author or a server."""

    def __init__(self, files: Path, author: Callable = replies_good, url: str | None = None, **settings) -> None:
        limits = {name: settings.pop(name) for name in ("money", "stop_after", "stop_rejects") if name in settings}
        append = settings.pop("append", None)
        self.clock = Clock(speed=settings.pop("speed", 1.0))
        provider = {"provider": "openai", "base_url": url} if url else {}
        self.model = model(**{"in_flight": 8, **provider, **settings})
        self.chat: ChatPolicy = chat(model=self.model)
        self.broker = Broker(self.clock)
        self.broker.begin("loaves", "baker-1", CallLimits(**{"in_flight": self.model.in_flight, **limits}))
        self.place = JournalPlace(str(files), "run-1", "loaves", flush_s=0.05, append=append)
        self.author = author
        self.attempts = 0

    def means(self, limiter: Callable[[], LimiterClient] | None = None) -> Resources:
        self.attempts += 1
        attempt = f"0-{self.attempts}"
        return Resources(
            run_id="run-1",
            client=lambda: connect(self.model, author=self.author),
            limiter=limiter or (lambda: LimiterClient(DirectLink(self.broker, attempt, "loaves"), self.clock)),
            journal=lambda: open_journal(self.place, attempt),
            workers=2 * self.model.in_flight,
        )

    def units(self, count: int, rounds: int = 1, **changes) -> Iterator[CallUnit]:
        known = by_unit(read_buckets(self.place, range(BUCKETS)).replies)
        for n in range(count):
            talk = conversation(f"Ana-{n}", rounds, chat=self.chat, **changes)
            yield CallUnit(talk, n % BUCKETS, known.get(talk.unit_key, {}))

    def run(self, count: int, **how) -> list[UnitEnd]:
        with Partition(self.means()) as partition:
            return list(partition.ask(self.units(count, **how)))

    @property
    def kept(self) -> int:
        return len(read_buckets(self.place, range(BUCKETS)).replies)


@pytest.fixture
def server() -> Iterator[Callable[[Faults], tuple[str, StubServer]]]:
    """Starts stub servers; gives (base URL, stub) for faults."""
    with LoopThread("stub") as thread:
        open_ones = []

        def start(faults: Faults) -> tuple[str, StubServer]:
            stub = StubServer(faults)
            serving = served(stub)
            open_ones.append(serving)
            return thread.run(serving.__aenter__()), stub

        yield start
        for serving in open_ones:
            thread.run(serving.__aexit__(None, None, None))


def describe_partition():
    def it_asks_all_units_and_keeps_every_reply(tmp_path):
        bakery = Bakery(tmp_path)
        ends = bakery.run(100, rounds=3)
        assert {end.unit_key for end in ends} == {f"unit-Ana-{n}" for n in range(100)}
        assert {(end.state, end.asked, end.reused) for end in ends} == {("done", 3, 0)}
        assert bakery.kept == 300
        counts = bakery.broker.counts("loaves")
        assert (counts.asked, counts.done, counts.in_flight) == (300, 100, 0)

    def it_asks_nothing_twice(tmp_path):
        bakery = Bakery(tmp_path)
        bakery.run(50, rounds=2)
        ends = bakery.run(50, rounds=2)
        assert {(end.state, end.asked, end.reused) for end in ends} == {("done", 0, 2)}
        assert bakery.kept == 100

    def it_leaves_replies_that_replay_to_the_same_end(tmp_path):
        bakery = Bakery(tmp_path)
        bakery.run(10, rounds=2)
        assert all(
            isinstance(advance(unit.conversation, unit.known), SequenceEnd) for unit in bakery.units(10, rounds=2)
        )

    def it_pulls_units_no_faster_than_it_asks_them(tmp_path):
        bakery = Bakery(tmp_path)
        pulled = ended = ahead = 0

        def counted() -> Iterator[CallUnit]:
            nonlocal pulled, ahead
            for unit in bakery.units(500):
                pulled += 1
                ahead = max(ahead, pulled - ended)
                yield unit

        with Partition(bakery.means()) as partition:
            for _ in partition.ask(counted()):
                ended += 1
        assert ended == 500
        assert ahead <= 5 * bakery.model.in_flight * 2

    def it_gives_out_an_end_only_when_its_replies_are_durable(tmp_path):
        bakery = Bakery(tmp_path, append=False)
        with Partition(bakery.means()) as partition:
            for count, _ in enumerate(partition.ask(bakery.units(60)), start=1):
                if count in {1, 30, 60}:
                    assert bakery.kept >= count
        assert bakery.kept == 60

    def it_has_nothing_to_do_without_units(tmp_path):
        assert Bakery(tmp_path).run(0) == []

    def it_claims_buckets_for_itself(tmp_path):
        bakery = Bakery(tmp_path)
        with Partition(bakery.means()) as partition:
            partition.claim(3)
            assert list(bakery.broker.claims) == [("loaves", 3)]
        assert bakery.broker.claims == {}


def describe_over_http():
    @pytest.mark.parametrize("in_flight", [4, 32])
    def it_keeps_all_slots_busy_and_never_uses_more(tmp_path, server, in_flight):
        url, stub = server(Faults(latency_ms=100))
        bakery = Bakery(tmp_path, url=url, in_flight=in_flight)
        begun = time.monotonic()
        ends = bakery.run(in_flight * 12)
        wall = time.monotonic() - begun
        assert all(end.state == "done" for end in ends)
        assert stub.max_in_flight == in_flight
        assert stub.stats()["duplicates"] == 0
        assert wall < 12 * 0.1 * 4

    @pytest.mark.faults
    def it_brings_everything_home_through_a_bad_day(tmp_path, server):
        url, stub = server(
            Faults(
                latency_ms=5, sigma=0.6, throttled=0.05, retry_after_s=0.02, errors=0.1, html=0.02, empty=0.02,
                broken=0.02, malformed=0.1, truncated=0.05, refusal=0.05, huge=0.01,
            )
        )  # fmt: skip
        bakery = Bakery(tmp_path, url=url, in_flight=32, attempts=9, speed=10.0)
        ends = bakery.run(60)
        assert len(ends) == 60
        assert {end.state for end in ends} <= {"done", "rejected"}
        assert sum(end.state == "done" for end in ends) >= 50
        assert sum(end.asked for end in ends) == bakery.kept
        assert stub.in_flight == 0
        again = bakery.run(60)
        assert sum(end.asked for end in again) == 0
        verdicts = {end.unit_key: (end.state, end.reason) for end in ends}
        assert {end.unit_key: (end.state, end.reason) for end in again} == verdicts

    def it_stops_the_run_at_a_refused_key(tmp_path, server):
        url, stub = server(Faults(unauthorised=1))
        bakery = Bakery(tmp_path, url=url)
        ends = bakery.run(100)
        assert {end.state for end in ends} == {"open"}
        assert stub.counts["received"] <= 8
        assert bakery.broker.stopped.startswith("model 'baker-1': auth (HTTP 401)")

    def it_leaves_open_what_got_no_answer(tmp_path, server):
        url, _ = server(Faults(errors=1))
        ends = Bakery(tmp_path, url=url, attempts=1).run(5)
        assert {(end.state, end.reason) for end in ends} == {("open", "transient")}

    def it_rejects_what_is_too_long_to_read(tmp_path, server):
        url, _ = server(Faults(huge=1))
        bakery = Bakery(tmp_path, url=url, reply_bytes=10_000)
        ends = bakery.run(3)
        assert {(end.state, end.reason, end.asked) for end in ends} == {("rejected", "too_long", 1)}
        assert bakery.kept == 3


def describe_stopping():
    def it_keeps_what_was_paid_when_the_budget_is_reached(tmp_path):
        bakery = Bakery(tmp_path, money=0.5, price={"input": 100.0, "output": 100.0})
        ends = bakery.run(300)
        assert len(ends) == 300
        done = [end for end in ends if end.state == "done"]
        assert 0 < len(done) < 300
        assert {end.reason for end in ends if end.state == "open"} == {"stopped"}
        assert bakery.kept == len(done)
        assert sum(end.money for end in done) <= 0.5
        assert bakery.broker.stopped.startswith("budget")

    def it_stops_where_most_units_are_rejected_for_one_reason(tmp_path):
        bakery = Bakery(tmp_path, author=lambda block: ("Sorry, no.", "stop"), stop_after=20, stop_rejects=0.5)
        ends = bakery.run(2_000)
        assert 20 <= sum(end.state == "rejected" for end in ends) < 1_500
        assert "rejected for refused" in bakery.broker.stopped

    def it_ends_when_the_user_says_so(tmp_path, server):
        url, stub = server(Faults(latency_ms=50))
        bakery = Bakery(tmp_path, url=url)
        threading.Timer(0.3, bakery.broker.stop, ["stopped by the user"]).start()
        ends = bakery.run(1_000)
        assert len(ends) == 1_000
        assert bakery.kept == stub.counts["served"] == sum(end.asked for end in ends)

    def it_finishes_what_is_in_flight_when_nobody_takes_its_ends_any_more(tmp_path, server):
        url, stub = server(Faults(latency_ms=50))
        bakery = Bakery(tmp_path, url=url)
        with Partition(bakery.means()) as partition:
            for _ in partition.ask(bakery.units(1_000)):
                break
        assert bakery.kept == stub.counts["served"] < 1_000


def describe_failing():
    def it_keeps_what_is_in_flight_when_the_stage_has_a_mistake(tmp_path, server):
        def ask_badly(row, replies):
            if row.name == "Ana-5":
                raise ZeroDivisionError("a mistake")
            return conversation().ask(row, replies)

        url, stub = server(Faults(latency_ms=20))
        bakery = Bakery(tmp_path, url=url)
        with pytest.raises(ZeroDivisionError, match="a mistake"):
            bakery.run(500, ask=ask_badly)
        assert bakery.kept == stub.counts["served"]

    def it_pays_nothing_further_when_the_journal_cannot_be_written(tmp_path, server):
        url, stub = server(Faults(latency_ms=20))
        bakery = Bakery(tmp_path, url=url)
        blocked = Path(bakery.place.bucket(2))
        blocked.parent.mkdir(parents=True)
        blocked.write_text("a file where a folder should be")
        with pytest.raises(StorageError, match="journal cannot be written"):
            bakery.run(1_000)
        assert stub.counts["served"] <= 40
        assert "journal cannot be written" in bakery.broker.stopped

    def it_pays_no_more_than_was_in_flight_when_nothing_can_be_written(tmp_path, server):
        url, stub = server(Faults(latency_ms=50))
        bakery = Bakery(tmp_path, url=url)
        blocked = Path(bakery.place.bucket(0)).parent
        blocked.parent.mkdir(parents=True)
        blocked.write_text("a file where the stage's folder should be")
        with pytest.raises(StorageError, match="journal cannot be written"):
            bakery.run(200)
        assert 0 < stub.counts["served"] <= bakery.model.in_flight

    def it_fails_without_its_broker_and_keeps_what_was_in_flight(tmp_path, server):
        url, stub = server(Faults(latency_ms=30))
        bakery = Bakery(tmp_path, url=url)
        broker = BrokerServer(bakery.broker).__enter__()
        place = broker.place
        threading.Timer(0.4, broker.__exit__, [None, None, None]).start()
        with pytest.raises(BrokerLost):  # noqa: SIM117
            with Partition(bakery.means(lambda: place.limiter(worker="0-1", stage="loaves", tasks=1))) as partition:
                list(partition.ask(bakery.units(100_000)))
        assert 0 < bakery.kept == stub.counts["served"]
