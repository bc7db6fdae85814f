"""Who holds a lock, without Spark: the lease, and whether a process of this machine is gone."""

import os
import socket
import subprocess
import sys

import pytest

from stark_udfs.engine.lock import died_here, held_by_another
from stark_udfs.engine.system_tables import Lock

HERE = socket.gethostname()


@pytest.fixture(scope="module")
def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def lock(run_id: str, holder: str, heartbeat: float = 100.0) -> Lock:
    return Lock(stage="events", run_id=run_id, holder=holder, heartbeat=heartbeat, lease_s=60.0)


def describe_died_here():
    def it_knows_a_process_that_ended(gone: int):
        assert died_here(f"{HERE}:{gone}")

    def it_takes_nobody_for_dead_who_lives_or_is_elsewhere(gone: int):
        assert not died_here(f"{HERE}:{os.getpid()}")
        assert not died_here(f"another-host:{gone}")

    def it_takes_nobody_for_dead_who_is_another_users():
        assert not died_here(f"{HERE}:1")


def describe_held_by_another():
    def it_is_the_lock_whose_lease_goes_on():
        free, held = lock("r-1", "far:1", heartbeat=39.0), lock("r-2", "far:2", heartbeat=41.0)
        assert held_by_another([free, held], "mine", now=100.0) == held

    def it_is_nobody_after_the_lease():
        assert held_by_another([lock("r-1", "far:1", heartbeat=40.0)], "mine", now=100.0) is None

    def it_is_nobody_whose_process_here_is_gone(gone: int):
        assert held_by_another([lock("r-1", f"{HERE}:{gone}")], "mine", now=100.0) is None
        alive = lock("r-1", f"{HERE}:{os.getpid()}")
        assert held_by_another([alive], "mine", now=100.0) == alive

    def it_is_never_the_run_itself():
        assert held_by_another([lock("mine", "far:1")], "mine", now=100.0) is None
