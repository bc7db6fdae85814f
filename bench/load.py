"""CPU seconds of this machine: the Python workers', this bench's with all it started, and everybody else's."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Cpu:
    """CPU seconds, up to now or between two moments.

    workers: Python workers. own: this process and all it started: JVM, workers, stub. machine: all processes, and what
    the host took away.
    """

    workers: float
    own: float
    machine: float

    @classmethod
    def now(cls) -> "Cpu":
        """Up to now."""
        tree = [psutil.Process(), *psutil.Process().children(recursive=True)]
        times = psutil.cpu_times()
        return cls(
            workers=_spent(process for process in tree if _is_worker(process)),
            own=_spent(tree),
            machine=times.user + times.nice + times.system + getattr(times, "steal", 0.0),
        )

    def since(self, before: "Cpu") -> "Cpu":
        """Between two moments."""
        return Cpu(self.workers - before.workers, self.own - before.own, self.machine - before.machine)

    def foreign(self, wall_s: float) -> float:
        """Cores' worth of CPU that others took meanwhile."""
        return max(0.0, (self.machine - self.own) / wall_s)


def _spent(processes: Iterable[psutil.Process]) -> float:
    """Of those that ended, too: their parents have reaped them."""
    total = 0.0
    for process in processes:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return "pyspark.daemon" in process.cmdline()
    return False
