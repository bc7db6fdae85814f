"""`stark run` in processes of its own. One file, so that what an undisturbed run gives is made once."""

import pytest

from bench.faults.kills import LOCAL_CLUSTER
from bench.faults.moments import wait_for
from bench.faults.shell import FINISHED
from bench.faults.trial import LATENCY_MS, Bench, Trial
from stark_udfs.calls.journal import FOLDER, list_segments, read_segment
from stark_udfs.testing.faults import Faults
from tests.faults.moments import middle

pytestmark = pytest.mark.faults


def journalled(trial: Trial) -> set[str]:
    segments = list_segments(f"{trial.files}/{FOLDER}")
    return {reply.key for segment in segments for reply in read_segment(segment).replies}


def describe_kill_9():
    def it_costs_at_most_what_the_run_had_in_flight_and_ctrl_c_costs_nothing(stark_bench: Bench):
        with stark_bench.trial("kill-and-ctrl-c", Faults(latency_ms=LATENCY_MS)) as trial:
            (moment,) = middle(trial)
            killed = trial.shell()
            assert wait_for(trial, moment, killed.alive), killed.last_words()
            killed.kill()
            killed.wait_for_orphans()
            wasted = trial.server.paid - len(journalled(trial))

            stopped = trial.shell()
            assert wait_for(trial, moment, stopped.alive), stopped.last_words()
            stopped.interrupt()
            assert stopped.wait() == "stopped by the user"

            outcome = trial.outcome(trial.run_to_the_end(), allowed=2, kills=1)
        assert outcome.ok, outcome
        assert outcome.ended == "finished"
        assert outcome.paid - outcome.logical == wasted


def describe_executors_of_their_own():
    def they_make_the_same_rows_as_threads_of_one_process(stark_bench: Bench):
        with stark_bench.trial("local-cluster", Faults(), f"spark.master={LOCAL_CLUSTER}") as trial:
            outcome = trial.outcome(trial.shell_to_the_end())
        assert outcome.ok, outcome
        assert outcome.ended == FINISHED
        assert outcome.paid == outcome.logical
