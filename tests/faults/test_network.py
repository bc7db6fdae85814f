import pytest

from bench.faults import network
from bench.faults.trial import Bench
from stark_udfs.testing.stub_server import Faults

pytestmark = pytest.mark.faults


def describe_a_server_that_fails():
    def it_is_paid_once_for_each_call(toy_bench: Bench):
        faults = Faults(latency_ms=100, errors=0.3, throttled=0.1, retry_after_s=0.5)
        outcome = network.tried(toy_bench, "storm", faults)
        assert outcome.ok, outcome
        assert outcome.ended == "finished"
        assert outcome.paid == outcome.logical

    def it_is_paid_once_for_each_ask_when_its_answers_are_bad(toy_bench: Bench):
        outcome = network.tried(toy_bench, "spoilt", Faults(malformed=0.3, truncated=0.3, mends=True))
        assert outcome.ok, outcome
        assert outcome.ended == "finished"
        assert outcome.paid == outcome.logical > toy_bench.expected.logical

    def it_is_paid_once_when_it_was_away(toy_bench: Bench):
        outcome = network.down(toy_bench, seconds=3.0)
        assert outcome.ok, outcome
        assert outcome.paid == outcome.logical
