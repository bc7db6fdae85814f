"""A process of a training does not outlive the driver that started it, however that one ended."""

import os
import signal
import threading
import time
from pathlib import Path

LOOK_S = 1.0


def die_with_driver() -> None:
    """From now on, end this process and its launcher once the process that started the launcher is gone.

    Spark's TorchDistributor starts torchrun, which starts the processes: a driver that is killed leaves both behind.
    Where there is no /proc, nothing is watched.
    """
    launcher = os.getppid()
    driver = parent_of(launcher)
    if driver is None:
        return
    threading.Thread(target=_watch, args=(launcher, driver), daemon=True, name="driver watch").start()


def _watch(launcher: int, driver: int) -> None:
    while parent_of(launcher) == driver and os.getppid() == launcher:
        time.sleep(LOOK_S)
    if os.getppid() == launcher:
        os.kill(launcher, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def parent_of(process: int) -> int | None:
    """The parent of a process; None: there is no such process, or no /proc."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])
