import pytest

from bench.faults import kills
from bench.faults.moments import MIDDLE, Moment, all_moments
from bench.faults.trial import Bench, Trial

pytestmark = pytest.mark.faults


def middle(trial: Trial) -> list[Moment]:
    return [moment for moment in all_moments(trial) if moment.name == MIDDLE]


def describe_kill_9():
    def it_costs_at_most_what_the_worker_had_in_flight(toy_bench: Bench):
        outcome = kills.kill_worker(toy_bench, middle)
        assert outcome.ok, outcome
        assert (outcome.ended, outcome.kills) == ("finished", 1)

    def it_costs_at_most_what_the_run_had_in_flight(stark_bench: Bench):
        outcome = kills.kill_driver(stark_bench, middle)
        assert outcome.ok, outcome
        assert (outcome.ended, outcome.kills) == ("finished", 1)
