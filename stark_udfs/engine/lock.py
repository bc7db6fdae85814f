"""The lock: one run per stage and warehouse. Delta's commit is the compare-and-set, on every kind of store.

But on a local folder: there a commit looks for the next version's file and then renames its own to it, so that of two
processes at the same moment one may overwrite the other. They take turns by the operating system's lock on the folder.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

import fsspec
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from stark_udfs.core.errors import Locked
from stark_udfs.core.turns import in_turn
from stark_udfs.engine.system_tables import LOCKS, Lock
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.warehouse_format import mark

LEASE_S = 180.0
TRIES = 5


class StageLock:
    """Holds the locks of some stages between `__enter__` and `__exit__`, renewing them from a thread.

    `lost` is set when another run took a lock over because this one was silent for longer than the lease.
    `taken_over` names the dead runs whose locks this one replaced.
    """

    def __init__(self, tables: Tables, stages: Sequence[str], run_id: str, lease_s: float = LEASE_S) -> None:
        self.tables = tables
        self.stages = tuple(stages)
        self.run_id = run_id
        self.lease_s = lease_s
        self.lost = threading.Event()
        self.taken_over: list[str] = []
        self._done = threading.Event()
        self._renewer = threading.Thread(target=self._renew_until_done, name="stark-lock", daemon=True)

    def __enter__(self) -> "StageLock":
        """Take the locks.

        Raises:
            Locked: another run holds one; the message names it.
        """
        with _in_turn(self.tables) as alone:
            again_on_conflict(lambda: self.tables.create(LOCKS))
            again_on_conflict(lambda: mark(self.tables.root, self.tables.spark))
            before = self._read()
            self._refuse_if_held_by_another(before)
            tries = again_on_conflict(self._take)
            if before or tries > 1 or not alone:
                self._verify()
        self.taken_over = sorted({lock.run_id for lock in before})
        self._renewer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._renewer.join(timeout=60)
        with _in_turn(self.tables):
            self._release()

    def _verify(self) -> None:
        """Someone else was there, or may have come since the first look: see who has the locks now."""
        try:
            self._refuse_if_held_by_another(self._read())
        except Locked:
            self._release()
            raise

    def _read(self) -> list[Lock]:
        rows = self.tables.read(LOCKS).where(F.col("stage").isin(*self.stages)).collect()
        return [Lock.model_validate(row.asDict()) for row in rows]

    def _refuse_if_held_by_another(self, locks: Sequence[Lock]) -> None:
        now = time.time()
        lock = held_by_another(locks, self.run_id, now)
        if lock is not None:
            left = lock.heartbeat + lock.lease_s - now
            raise Locked(
                f"stage {lock.stage} is being worked on by run {lock.run_id} ({lock.holder}). "
                f"Wait for it to end; if it was killed, its lock is free in {left:.0f} s."
            )

    def _take(self) -> None:
        """Insert, renew or take over; a lock that someone else renewed in between is left alone."""
        dead = [lock.run_id for lock in self._read() if died_here(lock.holder)]
        holder = f"{socket.gethostname()}:{os.getpid()}"
        rows = [(stage, self.run_id, holder, time.time(), self.lease_s) for stage in self.stages]
        mine = self.tables.spark.createDataFrame(rows, struct_type(Lock))
        (
            self.tables.target(LOCKS)
            .alias("target")
            .merge(mine.alias("source"), "target.stage = source.stage")
            .whenMatchedUpdateAll(
                F.expr("target.run_id = source.run_id OR target.heartbeat + target.lease_s <= source.heartbeat")
                | F.col("target.run_id").isin(dead)
            )
            .whenNotMatchedInsertAll()
            .execute()
        )

    def _renew_until_done(self) -> None:
        while not self._done.wait(self.lease_s / 3):
            held = {lock.stage for lock in self._read() if lock.run_id == self.run_id}
            if held != set(self.stages):
                self.lost.set()
                return
            with _in_turn(self.tables):
                again_on_conflict(self._take)

    def _release(self) -> None:
        again_on_conflict(lambda: self.tables.target(LOCKS).delete(f"run_id = '{self.run_id}'"))


@contextmanager
def _in_turn(tables: Tables) -> Iterator[bool]:
    """One process of this machine at a time, where the tables lie in a local folder; whether that holds.

    A share that knows no such locks leaves it to Delta alone.
    """
    if tables.in_catalog or fsspec.core.split_protocol(tables.root)[0] not in (None, "file", "local"):
        yield False
        return
    folder = fsspec.core.strip_protocol(tables.root)
    os.makedirs(folder, exist_ok=True)
    with in_turn(folder) as alone:
        yield alone


def held_by_another(locks: Sequence[Lock], run_id: str, now: float) -> Lock | None:
    """The first lock that another run holds: its lease goes on, and its process is not known to be gone."""
    for lock in locks:
        if lock.run_id != run_id and lock.heartbeat + lock.lease_s > now and not died_here(lock.holder):
            return lock
    return None


def died_here(holder: str) -> bool:
    """Whether a lock's holder was a process of this machine that is gone: a killed run need not be waited for."""
    host, _, process = holder.rpartition(":")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def again_on_conflict(write: Callable[[], None]) -> int:
    """Write, and write again if another writer's commit came between; how many tries it took."""
    tries = 1
    while True:
        try:
            write()
            return tries
        except (Py4JJavaError, PySparkException) as error:
            if tries == TRIES or not _is_conflict(error):
                raise
            time.sleep(0.2 * tries)
            tries += 1


def _is_conflict(error: Py4JJavaError | PySparkException) -> bool:
    if isinstance(error, Py4JJavaError):
        return "Concurrent" in str(error.java_exception.getClass().getName())
    return "CONCURRENT" in (error.getCondition() or "") or "Concurrent" in str(error)
