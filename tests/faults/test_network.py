import pytest

from bench.faults import network
from bench.faults.trial import Bench

pytestmark = pytest.mark.faults


def describe_a_server_that_fails():
    @pytest.mark.parametrize("fault", [network.throttled, network.errors, network.malformed, network.truncated])
    def it_is_paid_once_for_each_call(toy_bench: Bench, fault):
        outcome = fault(toy_bench)
        assert outcome.ok, outcome
        assert outcome.ended == "finished"
        assert outcome.paid == outcome.logical

    def it_is_paid_once_when_it_was_away(toy_bench: Bench):
        outcome = network.down(toy_bench, seconds=4.0)
        assert outcome.ok, outcome
        assert outcome.paid == outcome.logical
