"""kill -9 of a Python worker, of an executor, of the driver: at three moments of each stage, one after the other.

A kill may cost the calls that were in flight: the answer to them was begun, and nobody was there to keep it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

import psutil

from bench.faults.moments import WRITING, Moment, all_moments, wait_for
from bench.faults.outcome import Outcome
from bench.faults.shell import FINISHED, Shell
from bench.faults.trial import LATENCY_MS, Bench, Trial, told
from stark_udfs.testing.faults import Faults

T = TypeVar("T")
LOCAL_CLUSTER = "local-cluster[2,1,1024]"
EXECUTOR = "CoarseGrainedExecutorBackend"
WORKER = "pyspark.daemon"
MOST_STARTS = 30


@dataclass
class Kills:
    """What was killed when, and what each kill cost."""

    trial: Trial
    done: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    processes: int = 0
    _twice: list[int] = field(default_factory=list)

    def at(self, moment: Moment, processes: int) -> None:
        """So many processes were killed at a moment."""
        if not processes:
            self.missed.append(str(moment))
            return
        self.done.append(str(moment))
        self.processes += processes
        self._twice.append(self.trial.server.twice)

    def outcome(self, ended: str) -> Outcome:
        """The line of the table: what is paid twice between two kills is the first one's doing."""
        ends = [*self._twice[1:], self.trial.server.twice] if self._twice else []
        in_flight = self.trial.settings.models["default"].in_flight
        return self.trial.outcome(
            ended,
            allowed=in_flight * len(self.done),
            kills=len(self.done),
            worst=max((end - begin for begin, end in zip(self._twice, ends, strict=True)), default=0),
            vacuous=f"not killed: {', '.join(self.missed)}" if self.missed or not self.done else "",
        )


def kill_worker(bench: Bench, moments: Callable[[Trial], Sequence[Moment]] = all_moments) -> Outcome:
    """A Python worker that asks; while rows are written, every Python worker there is."""
    with bench.trial("kill-worker", Faults(latency_ms=LATENCY_MS)) as trial:
        kills = Kills(trial)
        with _Meanwhile(trial, kills, moments(trial), lambda moment: _kill_workers(trial, moment)):
            ended = trial.run_to_the_end()
        return kills.outcome(ended)


def kill_driver(bench: Bench, moments: Callable[[Trial], Sequence[Moment]] = all_moments) -> Outcome:
    """`stark run` and its JVM; then it is started again, until the next moment."""
    with bench.trial("kill-driver", Faults(latency_ms=LATENCY_MS)) as trial:
        kills = Kills(trial)
        for moment in moments(trial):
            killed, shell = trial.shells[-1:], trial.shell()
            for one in killed:
                one.wait_for_orphans()
            there = wait_for(trial, moment, shell.alive)
            if there:
                shell.kill()
            kills.at(moment, int(there))
            shell.wait()
        return kills.outcome(trial.shell_to_the_end())


def kill_executor(bench: Bench, moments: Callable[[Trial], Sequence[Moment]] = all_moments) -> Outcome:
    """An executor that asks, of two; while rows are written, the first of them."""
    cluster = f"spark.master={LOCAL_CLUSTER}"
    with bench.trial("kill-executor", Faults(latency_ms=LATENCY_MS), cluster) as trial:
        kills = Kills(trial)
        left = list(moments(trial))
        ends: list[str] = []
        while not ends or (ends[-1] != FINISHED and len(ends) < MOST_STARTS):
            shell = trial.shell()
            while left and wait_for(trial, left[0], shell.alive):
                kills.at(left[0], _kill_executor(trial, left[0], shell))
                del left[0]
            ends.append(shell.wait())
        kills.missed.extend(map(str, left))
        return kills.outcome(told(ends))


class _Meanwhile:
    """Does something at each of some moments, in a thread, as long as the block runs the pipeline."""

    def __init__(self, trial: Trial, kills: Kills, moments: Sequence[Moment], kill: Callable[[Moment], int]) -> None:
        """`kill` returns how many processes it killed."""
        self.trial, self.kills, self.moments, self.kill = trial, kills, moments, kill
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        for moment in self.moments:
            there = wait_for(self.trial, moment, lambda: not self._over.is_set())
            self.kills.at(moment, self.kill(moment) if there else 0)


def _kill_workers(trial: Trial, moment: Moment) -> int:
    """Kill one Python worker of this process that asks, or all."""
    me = psutil.Process()
    if moment.name == WRITING:
        return sum(map(killed, _workers(me.children(recursive=True))))
    return sum(map(killed, soon(lambda: asking(me, trial.server.port))))


def _kill_executor(trial: Trial, moment: Moment, shell: Shell) -> int:
    """Kill one executor: one that asks, or the first."""

    def found() -> list[psutil.Process]:
        executors = [process for process in shell.descendants() if says(process, EXECUTOR)]
        return [one for one in executors if moment.name == WRITING or asking(one, trial.server.port)]

    return sum(map(killed, soon(found)))


def soon(find: Callable[[], list[T]]) -> list[T]:
    """The first that is found within a second: between two calls nobody may be asking."""
    until = time.monotonic() + 1.0
    while not (found := find()) and time.monotonic() < until:
        time.sleep(0.01)
    return found[:1]


def asking(above: psutil.Process, port: int) -> list[psutil.Process]:
    """The Python workers below a process that have a connection to the server."""
    try:
        workers = _workers(above.children(recursive=True))
    except psutil.NoSuchProcess:
        return []
    return [worker for worker in workers if _asks(worker, port)]


def _workers(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """The Python workers: those whose parent, too, is a Python of Spark's."""
    daemons = {process.pid for process in processes if says(process, WORKER)}
    return [process for process in processes if process.pid in daemons and process.ppid() in daemons]


def says(process: psutil.Process, word: str) -> bool:
    """Whether its command line has the word."""
    try:
        return any(word in part for part in process.cmdline())
    except psutil.Error:
        return False


def _asks(worker: psutil.Process, port: int) -> bool:
    """Whether it has a connection to the server."""
    try:
        return any(one.raddr and one.raddr.port == port for one in worker.net_connections("tcp"))
    except psutil.Error:
        return False


def killed(process: psutil.Process) -> bool:
    """kill -9; whether there was anything to kill."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True
