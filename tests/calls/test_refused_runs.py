"""What a run makes of a server that refuses: real HTTP, real journal, no Spark."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import CallError
from stark_udfs.calls.journal import JournalPlace, open_journal, read_buckets
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.link import DirectLink
from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.partition import Partition, Resources
from stark_udfs.calls.providers.client import connect
from stark_udfs.calls.unit import CallUnit, UnitEnd
from tests.calls.asks import chat, conversation, model
from tests.calls.error_bodies import CASES
from tests.calls.scripted_server import Said, Sent, fine, scripted

KEY = "hunter2-hunter2-hunter2"
UNITS = 12
STOPPING = {CallError.SETTINGS, CallError.QUOTA, CallError.NOT_FOUND, CallError.AUTH}
UNKNOWN = Said(400, {"error": {"message": "No."}})


@dataclass
class Run:
    """What became of a run of a dozen units."""

    ends: dict[str, UnitEnd]
    stopped: str
    sent: list[Sent]
    kept: int
    money: float

    @property
    def states(self) -> set[str]:
        return {end.state for end in self.ends.values()}


def ran(answer: Callable[[Sent], Said], files: Path, in_flight: int = 1) -> Run:
    clock = Clock(speed=20.0)
    broker = Broker(clock)
    broker.begin("loaves", "baker-1", CallLimits(in_flight=in_flight, money=10.0))
    place = JournalPlace(str(files), "run-1", "loaves", flush_s=0.05)
    with scripted(answer) as (url, sent):
        price = {"input": 1.0, "output": 2.0}
        settings = model(provider="openai", base_url=url, secret="BAKER_KEY", in_flight=in_flight, price=price)
        means = Resources(
            run_id="run-1",
            client=lambda: connect(settings, secrets={"BAKER_KEY": KEY}.get),
            limiter=lambda: LimiterClient(DirectLink(broker, "0-1", "loaves"), clock),
            journal=lambda: open_journal(place, "0-1"),
            workers=2 * in_flight,
        )
        talks = [conversation(f"Ana-{n}", chat=chat(model=settings)) for n in range(UNITS)]
        with Partition(means) as partition:
            ends = {end.unit_key: end for end in partition.ask(CallUnit(talk, 0) for talk in talks)}
    money = broker.stages["loaves"].budget.spent
    return Run(ends, broker.stopped, sent, len(read_buckets(place, [0]).replies), money)


def describe_a_refusal_that_no_request_can_escape():
    @pytest.mark.parametrize(
        ("status", "body", "kind", "names"),
        [case[1:] for case in CASES if case[3] in STOPPING],
        ids=[f"{index}-{case[0]}-{case[3].value}" for index, case in enumerate(CASES) if case[3] in STOPPING],
    )
    def it_stops_the_run_at_the_first_and_leaves_every_unit_open(status, body, kind, names, tmp_path: Path):
        run = ran(lambda sent: Said(status, body), tmp_path)
        assert len(run.sent) == 1
        assert len(run.ends) == UNITS
        assert run.states == {"open"}
        assert run.stopped.startswith(f"model 'baker-1': {kind.value} (HTTP {status}): ")
        assert names in run.stopped
        assert (run.kept, run.money) == (0, 0.0)

    def it_gives_the_servers_words_and_no_key(tmp_path: Path):
        words = f"Your credit balance is too low. You sent Bearer {KEY}"
        run = ran(lambda sent: Said(400, {"error": {"type": "invalid_request_error", "message": words}}), tmp_path)
        assert run.stopped.startswith("model 'baker-1': quota (HTTP 400): ")
        assert "Your credit balance is too low" in run.stopped
        assert "hunter2" not in run.stopped
        assert "\n" not in run.stopped

    def it_is_no_verdict_after_others_were_answered_either(tmp_path: Path):
        body = {"error": {"message": "Budget has been exceeded! Current cost: 2, Max budget: 1", "code": "400"}}
        run = ran(lambda sent: fine() if sent.number <= 3 else Said(400, body), tmp_path)
        assert sorted(end.state for end in run.ends.values()) == ["done"] * 3 + ["open"] * 9
        assert "quota" in run.stopped
        assert run.kept == 3


def describe_an_unknown_refusal():
    @pytest.mark.parametrize("status", [400, 413, 422])
    def it_stops_the_run_while_no_call_was_answered(status, tmp_path: Path):
        run = ran(lambda sent: Said(status, {"error": {"message": "No."}}), tmp_path)
        assert len(run.sent) == 1
        assert run.states == {"open"}
        assert run.stopped.startswith(f"model 'baker-1': settings (HTTP {status}): ")
        assert "No call was answered before it" in run.stopped
        assert "models.<name>" in run.stopped
        assert run.kept == 0

    def it_stops_the_run_where_all_calls_in_flight_are_refused(tmp_path: Path):
        run = ran(lambda sent: UNKNOWN, tmp_path, in_flight=4)
        assert len(run.sent) <= 4
        assert run.states == {"open"}
        assert "settings (HTTP 400)" in run.stopped

    @pytest.mark.parametrize("status", [400, 413, 422])
    def it_rejects_the_unit_after_others_were_answered(status, tmp_path: Path):
        refused = Said(status, {"error": {"message": "No."}})
        run = ran(lambda sent: refused if "Ana-7 " in sent.asked else fine(), tmp_path)
        assert run.stopped == ""
        assert (run.ends["unit-Ana-7"].state, run.ends["unit-Ana-7"].reason) == ("rejected", "bad_request")
        assert sum(end.state == "done" for end in run.ends.values()) == UNITS - 1

    def it_waits_for_those_in_flight_before_it_judges(tmp_path: Path):
        refused = threading.Event()

        def answer(sent: Sent) -> Said:
            if "Ana-0 " in sent.asked:
                refused.set()
                return UNKNOWN
            refused.wait(20)
            return fine()

        run = ran(answer, tmp_path, in_flight=4)
        assert run.stopped == ""
        assert run.ends["unit-Ana-0"].reason == "bad_request"
        assert sum(end.state == "done" for end in run.ends.values()) == UNITS - 1

    @pytest.mark.parametrize("code", ["context_length_exceeded", "content_filter"])
    def what_the_model_says_of_a_unit_is_a_verdict_even_if_it_comes_first(code, tmp_path: Path):
        refused = Said(400, {"error": {"message": "No.", "code": code}})
        run = ran(lambda sent: refused if sent.number == 1 else fine(), tmp_path)
        assert run.stopped == ""
        assert sorted(end.state for end in run.ends.values()) == ["done"] * 11 + ["rejected"]


def describe_usage_and_waiting():
    def it_pays_for_counts_that_come_as_text_and_floats(tmp_path: Path):
        run = ran(lambda sent: fine(), tmp_path, in_flight=4)
        assert {(end.tokens_in, end.tokens_out) for end in run.ends.values()} == {(100, 50)}
        assert run.money == pytest.approx(UNITS * (100 * 1 + 50 * 2) / 1e6)

    def it_waits_until_the_date_that_the_server_names(tmp_path: Path):
        def answer(sent: Sent) -> Said:
            if sent.number > 1:
                return fine()
            date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
            return Said(429, {"error": {"message": "slow down"}}, {"Retry-After": date})

        run = ran(answer, tmp_path)
        assert run.states == {"done"}
        assert len(run.sent) == UNITS + 1
