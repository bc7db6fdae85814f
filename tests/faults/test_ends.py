import pytest

from bench.faults import ends
from bench.faults.trial import Bench

pytestmark = pytest.mark.faults


def describe_a_run_that_has_to_end():
    def it_stops_at_the_budget_and_pays_the_rest_when_that_is_raised(toy_bench: Bench):
        outcome = ends.budget(toy_bench)
        assert outcome.ok, outcome
        assert outcome.paid == outcome.logical

    def it_stops_when_the_journal_has_no_room_and_pays_no_more_than_was_in_flight_again(toy_bench: Bench):
        outcome = ends.disk_full(toy_bench, size=16 * 1024)
        assert outcome.ok, outcome
