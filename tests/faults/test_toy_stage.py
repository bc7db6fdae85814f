"""Faults of a toy stage in this process. One file, so that what an undisturbed run gives is made once."""

import pytest

from bench.faults import ends, kills, network
from bench.faults.trial import Bench
from stark_udfs.testing.faults import Faults
from tests.faults.moments import middle

pytestmark = pytest.mark.faults


def describe_a_run_that_has_to_end():
    def it_stops_at_the_budget_and_pays_the_rest_when_that_is_raised(toy_bench: Bench):
        outcome = ends.budget(toy_bench)
        assert outcome.ok, outcome
        assert outcome.paid == outcome.logical

    def it_stops_when_the_journal_has_no_room_and_pays_no_more_than_was_in_flight_again(toy_bench: Bench):
        outcome = ends.disk_full(toy_bench, size=16 * 1024)
        assert outcome.ok, outcome


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


def describe_kill_9():
    def it_costs_at_most_what_the_worker_had_in_flight(toy_bench: Bench):
        outcome = kills.kill_worker(toy_bench, middle)
        assert outcome.ok, outcome
        assert (outcome.ended, outcome.kills) == ("finished", 1)
