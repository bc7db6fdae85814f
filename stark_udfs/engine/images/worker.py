"""Answering the open image orders of units, on executors: a pandas function over whole buckets, in plain batches.

Per partition: units are taken as there is room, their open orders answered in batches of one kind, each answer written
to the journal before it counts, and the unit played on, until no unit has an open order. The broker grants buckets,
hears the counts, says when to stop, and lets questions to a search provider through.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import groupby
from types import TracebackType
from typing import Any, Self, TypeAlias

import pandas as pd
from pyspark import TaskContext

from stark_udfs.calls.errors import BrokerLost, CallError
from stark_udfs.calls.journal import JournalPlace, by_unit, open_journal, read_buckets
from stark_udfs.calls.limits.messages import AskCounts
from stark_udfs.calls.limits.server import BrokerAddress
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall as Told
from stark_udfs.calls.sequence import SequenceEnd
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import RunStopped, StorageError
from stark_udfs.engine.images.open_units import OpenUnit, known_replies
from stark_udfs.engine.images.policy import servers_asked
from stark_udfs.engine.images.remote import Remote
from stark_udfs.engine.images.replay import ImageReplay
from stark_udfs.engine.images.requests import PaidRequest
from stark_udfs.images.models.devices import OWN, given_gpu
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import Unavailable
from stark_udfs.images.worker import Answered, ImageWorker

TASK_COLUMNS = ("unit_key", "row", "redraw", "bucket", "known")  # `known`: the unit's replies as JSON, or null
END_COLUMNS = "unit_key string, state string, reason string, detail string"


Row: TypeAlias = Mapping[Any, Any]


@dataclass(frozen=True)
class ImageWork:
    """What the tasks of one stage share."""

    script: ImageReplay
    journal: JournalPlace
    broker: BrokerAddress
    tasks: int


@dataclass(frozen=True)
class ImageEnd:
    """What became of a unit in this run; as `calls.partition.UnitEnd` says it."""

    unit_key: str
    state: str
    reason: str = ""
    detail: str = ""


def image_worker(work: ImageWork) -> Callable[[Iterable[pd.DataFrame]], Iterable[pd.DataFrame]]:
    """A mapInPandas function: `TASK_COLUMNS`, sorted by bucket, in; `END_COLUMNS`, one row per unit, out.

    Raises:
        BrokerLost, StorageError, DeviceLost: what was under way is finished and kept first.
    """

    def over(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        task = TaskContext.get()
        attempt = "0-0" if task is None else f"{task.partitionId()}-{task.taskAttemptId()}"
        OWN.take(None if task is None else given_gpu(task.resources()))
        rows = (row for frame in frames for row in frame.to_dict("records"))
        with ImagePartition(work, attempt) as partition:
            for ends in partition.run(rows):
                yield pd.DataFrame([asdict(end) for end in ends])

    return over


class ImagePartition:
    """One task's units. Leaving it finishes what is under way and keeps it."""

    def __init__(self, work: ImageWork, attempt: str) -> None:
        """Nothing is opened before entry."""
        self.work = work
        self.attempt = attempt
        self._loop = LoopThread("stark-pictures")
        servers = tuple(servers_asked(work.script.backend))
        self._limiter, *others = work.broker.limiters(
            worker=attempt, stage=work.script.stage, servers=servers, tasks=work.tasks
        )
        self._limiters = dict(zip(servers, others, strict=True))
        self._joined = AsyncExitStack()
        self._counts = AskCounts()
        self._ends: deque[tuple[ImageEnd, Future[None] | None]] = deque()
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        """Open limiter and journal; start the threads.

        Raises:
            BrokerLost: the broker cannot be reached.
        """
        self._loop.__enter__()
        try:
            self._loop.run(self._open())
        except BaseException:
            self._loop.__exit__(None, None, None)
            raise
        spec = self.work.script.backend
        self._remote = Remote.of(spec, self._loop, self._limiters, self._keep_paid)
        self._worker: ImageWorker[OpenUnit] = ImageWorker(
            loaded(spec), at_once=spec.at_once, search=self._remote.answer, searched=self._remote.claims
        )
        self._worker.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what is under way, keep it, close."""
        try:
            self._loop.loop.call_soon_threadsafe(self._limiter.give_up, RunStopped("the task ended"))
            self._finish()
            self._worker.__exit__(kind, error, trace)
            self._remote.close()
            self._loop.run(self._close())
        finally:
            self._loop.__exit__(kind, error, trace)

    def run(self, rows: Iterator[Row]) -> Iterator[list[ImageEnd]]:
        """Answer all units' orders; ends as they come.

        Raises:
            BrokerLost, StorageError, DeviceLost: after what was under way is kept.
        """
        units: Iterator[OpenUnit] | None = self._units(rows)
        while self._going and (units is not None or self._worker.held):
            while units is not None and self._worker.room and self._going:
                unit = next(units, None)
                if unit is None:
                    units = None
                else:
                    self._play_on(unit, None)
            self._turn()
            if ends := self._durable():
                yield ends
        self._finish()
        stopped = self._limiter.stopped
        for unit in self._worker.give_back():
            self._end(unit, "open", STOPPED, str(stopped or self._failure))
        self._tell()
        if ends := self._durable(wait=True):
            yield ends
        if self._failure is not None:
            raise self._failure
        if isinstance(stopped, BrokerLost):
            raise stopped

    @property
    def _going(self) -> bool:
        return self._failure is None and self._limiter.stopped is None

    def _units(self, rows: Iterator[Row]) -> Iterator[OpenUnit]:
        """The task's units; of each bucket, what an earlier attempt at it has in the journal is known."""
        for bucket, units in groupby(rows, key=lambda row: int(row["bucket"])):
            try:
                self._loop.run(self._limiter.claim(bucket))
            except RunStopped:
                return  # `run` sees it on the limiter
            before = by_unit(read_buckets(self.work.journal, [bucket]).replies)
            for row in units:
                conversation = self.work.script.conversation(row)
                known = before.get(row["unit_key"], {}) | known_replies(row["known"])
                yield OpenUnit(conversation, conversation.talk(), bucket, known)

    def _turn(self, *, begin: bool = True) -> None:
        """One batch, or what was waited for; each answer is in the journal before its unit goes on."""
        for answered in self._worker.turn(begin=begin):
            self._take(answered)
        if isinstance(self._worker.failure, StorageError):
            self._loop.loop.call_soon_threadsafe(self._limiter.stop, str(self._worker.failure))
        self._failure = self._failure or self._worker.failure
        self._tell()

    def _finish(self) -> None:
        while self._worker.under_way:
            self._turn(begin=False)

    def _take(self, answered: Answered[OpenUnit]) -> None:
        unit, answer = answered.unit, answered.answer
        self._counts.tries += answered.tries
        if isinstance(answer, Unavailable):
            self._counts.failures += answered.tries
            stopped = answer.kind == STOPPED
            detail = answer.detail if stopped else f"{answer.kind}: {answer.detail}"
            self._end(unit, "open", STOPPED if stopped else CallError.TRANSIENT.value, detail)
            return
        self._counts.failures += answered.tries - 1
        self._counts.asked += 1
        said = Completion(answer.model_dump_json(exclude_defaults=True), "stop", unit.request.model, 0, 0)
        reply = unit.reply(Told(said, answered.seconds, answered.tries), unit.request, self.work.journal.run_id)
        unit.durable = self._loop.run(self._append(unit.bucket, reply))
        self._play_on(unit, reply)

    def _play_on(self, unit: OpenUnit, reply: Reply | None) -> None:
        """Play the unit over what is known, to its next open order or to its end."""
        try:
            unit.step = next(unit.talk) if reply is None else unit.talk.send(reply)
            while (known := unit.known.get(unit.step.request.key)) is not None:
                self._counts.reused += 1
                unit.step = unit.talk.send(known)
        except StopIteration as stop:
            done: SequenceEnd = stop.value
            reject = done.reject
            if reject is None:
                self._end(unit, "done")
            else:
                self._end(unit, "rejected", reject.reason.value, reject.detail)
        except Exception as error:  # a mistake in the stage's `request`: the task fails, what is under way is kept
            self._failure = self._failure or error
            self._end(unit, "open", STOPPED, repr(error))
        else:
            self._worker.put(unit, unit.request.order)

    def _end(self, unit: OpenUnit, state: str, reason: str = "", detail: str = "") -> None:
        counts = self._counts
        setattr(counts, state, getattr(counts, state) + 1)
        if state == "rejected":
            counts.reasons[reason] = counts.reasons.get(reason, 0) + 1
        self._ends.append((ImageEnd(unit.conversation.unit_key, state, reason, detail), unit.durable))

    def _durable(self, *, wait: bool = False) -> list[ImageEnd]:
        """The ends whose answers are durable; a journal that cannot be written ends the task."""
        given: list[ImageEnd] = []
        while self._ends and (wait or self._ends[0][1] is None or self._ends[0][1].done()):
            end, durable = self._ends.popleft()
            error = None if durable is None else durable.exception()
            if isinstance(error, Exception):
                self._loop.loop.call_soon_threadsafe(self._limiter.stop, str(error))
                self._failure = self._failure or error
                end = ImageEnd(end.unit_key, "open", STOPPED, str(error))
            given.append(end)
        return given

    def _tell(self) -> None:
        """Let the broker know what came since."""
        told, self._counts = self._counts, AskCounts()
        self._loop.run(self._told(told, self._worker.held))

    async def _open(self) -> None:
        async with AsyncExitStack() as joined:
            for limiter in (self._limiter, *self._limiters.values()):
                await joined.enter_async_context(limiter)
            self._joined = joined.pop_all()
        self._journal = open_journal(self.work.journal, self.attempt)

    async def _close(self) -> None:
        try:
            await self._journal.close()
        finally:
            await self._joined.aclose()

    async def _append(self, bucket: int, reply: Reply) -> "Future[None]":
        """Keep a reply; a future for any thread that is done when it is durable."""
        durable: Future[None] = Future()
        kept = self._journal.append(bucket, reply)

        def settled(_: object) -> None:
            error = kept.exception()
            durable.set_result(None) if error is None else durable.set_exception(error)

        if kept.done():
            settled(kept)
        else:
            kept.add_done_callback(settled)
        return durable

    async def _keep_paid(self, unit: OpenUnit, request: PaidRequest, told: Told, money: float) -> None:
        """Make a paid answer durable: a question's, or a picture's."""
        reply = unit.reply(told, request, self.work.journal.run_id, money=money)
        self._limiter.counts.asked += 1
        self._limiter.counts.money += reply.money
        await self._journal.append(unit.bucket, reply)
        unit.known = {**unit.known, reply.key: reply}

    async def _told(self, counts: AskCounts, held: int) -> None:
        self._limiter.counts.add(counts)
        self._limiter.working = max(0, held - sum(limiter.in_flight for limiter in self._limiters.values()))
