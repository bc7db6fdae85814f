"""Python workers as the system sees them: their memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pyarrow as pa
from pyspark.sql import SparkSession

from stark_udfs.engine.frames import Batches
from stark_udfs.stages.pipeline import Settings
from stark_udfs.tables.session import spark_session

DAEMON = "pyspark.daemon"
LOOK_S = 0.1
MB = 1024  # kB, the unit of /proc


class Watched:
    """The workers of this process's Spark session.

    peak_mb: the largest resident set that any of them had. cpu_s: what all of them worked, those that ended too.
    """

    def __init__(self, every_s: float = LOOK_S) -> None:
        """Nothing was seen yet."""
        self._every_s = every_s
        self._peaks: dict[int, int] = {}
        self._cpu: dict[int, float] = {}
        self._done = threading.Event()

    def peak_mb(self) -> float:
        """So far."""
        self.look()
        return round(max(self._peaks.values(), default=0) / MB, 1)

    def cpu_s(self) -> float:
        """So far, but for what a worker did between the last look and its end."""
        self.look()
        return sum(self._cpu.values())

    def look(self) -> None:
        """The kernel keeps each process's high-water mark; it is gone with the process."""
        for worker in _workers():
            with _gone_is_fine():
                self._peaks[worker.pid] = max(self._peaks.get(worker.pid, 0), in_kb("VmHWM", worker.pid))
                self._cpu[worker.pid] = sum(worker.cpu_times()[:2])

    def keep_looking(self) -> None:
        """Until `stop`."""
        while not self._done.wait(self._every_s):
            self.look()

    def stop(self) -> None:
        """No more."""
        self._done.set()


@contextmanager
def session(settings: Settings) -> Iterator[SparkSession]:
    """A Spark session with workers of its own."""
    spark = spark_session(settings.spark, app="scale")
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def watched(every_s: float = LOOK_S) -> Iterator[Watched]:
    """Looks at the workers ten times a second, or as often as told, in a thread."""
    seen = Watched(every_s)
    thread = threading.Thread(target=seen.keep_looking, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        seen.stop()
        thread.join()


def baseline_mb(spark: SparkSession) -> float:
    """What a worker holds once it has imported all that asking and replaying need."""
    row = spark.range(0, 1, 1, 1).mapInArrow(_imported, "kb bigint").first()
    assert row is not None
    return round(int(row["kb"]) / MB, 1)


def in_kb(name: str, pid: int | str = "self") -> int:
    """A line of /proc/<pid>/status."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _imported(batches: Batches) -> Batches:
    import aiohttp  # noqa: F401
    import openai  # noqa: F401

    import stark_udfs.engine.ask.worker  # noqa: F401

    for _ in batches:
        yield pa.RecordBatch.from_pylist([{"kb": in_kb("VmRSS")}])


def _workers() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        with _gone_is_fine():
            parent = process.parent()
            if DAEMON in process.cmdline() and parent is not None and DAEMON in parent.cmdline():
                found.append(process)
    return found


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except (psutil.Error, OSError, StopIteration):
        return
