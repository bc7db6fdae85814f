"""Faults that end a run: no money, no room, no patience. What was paid is kept, and the next run goes on from there."""

import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench.faults.moments import MIDDLE, Moment, wait_for
from bench.faults.outcome import Outcome
from bench.faults.trial import LATENCY_MS, Bench, Trial, told
from stark_udfs.calls.journal import FOLDER
from stark_udfs.testing.faults import Faults

FILE_LIMIT = 2_000  # bytes: less than any reply with its request
GRACEFUL_S = 120.0
SLOW_MS = 1000.0  # so that calls are left when the run hears of Ctrl-C


def budget(bench: Bench) -> Outcome:
    """The budget allows half of what the work costs; then a run that may not spend more; then one that may."""
    cap = bench.expected.money / 2
    with bench.trial("budget", Faults(latency_ms=LATENCY_MS)) as trial:
        first = trial.run(f"limits.budget={cap}")
        spent, paid = trial.contents().money, trial.server.paid
        second = trial.run(f"limits.budget={cap}")
        again = trial.server.paid - paid
        wrong = ""
        if not first.startswith("stopped: budget") or not 0 < spent <= cap:
            wrong = f"{spent:.4f} of {cap:.4f} were spent"
        elif again:
            wrong = f"{again} calls were paid beyond the budget"
        return trial.outcome(told([first, second, trial.run_to_the_end()]), vacuous=wrong)


def disk_full(bench: Bench, size: int) -> Outcome:
    """The journal's file system has `size` bytes; after the first run it has room again.

    A reply that cannot be written was paid, and is paid again: at most those that were in flight.
    """
    with bench.trial("disk-full", Faults(latency_ms=LATENCY_MS)) as trial, _small(trial, size) as make_room:
        first = trial.run()
        make_room()
        full = "the journal cannot be written" in first
        ended = told([first, trial.run_to_the_end()])
        in_flight = trial.settings.models["default"].in_flight
        return trial.outcome(ended, allowed=in_flight, vacuous="" if full else "the disk was never full")


def interrupted(bench: Bench, stages: int = 3) -> Outcome:
    """SIGINT to `stark run` in the middle of some stages: it finishes what is in flight and exits with 130."""
    with bench.trial("interrupted", Faults(latency_ms=SLOW_MS)) as trial:
        asking = trial.chat_stages
        every = max(1, len(asking) // stages)
        ends: list[str] = []
        for stage in asking[::every][:stages]:
            shell = trial.shell()
            if wait_for(trial, Moment(stage, MIDDLE), shell.alive):
                shell.interrupt()
            ends.append(shell.wait(GRACEFUL_S))
        wrong = "" if set(ends) == {"stopped by the user"} else "it did not stop as told"
        return trial.outcome(told([*ends, trial.shell_to_the_end()]), vacuous=wrong)


@contextmanager
def _small(trial: Trial, size: int) -> Iterator[Callable[[], None]]:
    """A journal with little room; what is given makes room.

    A file system of its own where this process may mount one, else a limit on the files of the Python workers.
    """
    folder = trial.files / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if _mount(folder, f"size={size}"):
        try:
            yield lambda: None if _mount(folder, "remount,size=1g") else _no_room()
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        return
    _limit_files(FILE_LIMIT)
    try:
        yield lambda: _limit_files(resource.RLIM_INFINITY)
    finally:
        _limit_files(resource.RLIM_INFINITY)


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _no_room() -> None:
    raise SystemExit("the small file system could not be made larger")


def _limit_files(size: int) -> None:
    """Bound the files that Python workers of this process may write; those that start later inherit it."""
    for process in psutil.Process().children(recursive=True):
        if "pyspark.daemon" in process.cmdline():
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
