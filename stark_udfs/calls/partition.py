"""A whole partition of units, asked in one sliding window: as many calls at once as there are slots, no barrier.

The calling thread feeds units and takes their ends; coroutines on a loop in another thread make the calls. Both queues
are bounded, so that memory does not depend on how many units there are.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeAlias

from stark_udfs.calls.errors import BrokerLost, CallFailed
from stark_udfs.calls.journal import Journal
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import CallClient, Completion
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall, call
from stark_udfs.calls.sequence import ENDS, OpenCall, SequenceEnd
from stark_udfs.calls.unit import STOPPED, CallUnit, UnitEnd, UnitState, UnitTally, reply_of, unit_end
from stark_udfs.core.errors import RunStopped, StorageError

LOOK_S = 0.05  # how often the feeding side looks for ends; waking it for each one costs the loop its turn

# A unit's turn, where others may ask the same: entered when nobody else does, it gives what is known of it by then.
Turn: TypeAlias = Callable[[LimiterClient, CallUnit], AbstractAsyncContextManager[Mapping[str, Reply]]]


@dataclass(frozen=True)
class Resources:
    """What a partition is asked with; the first three are made on the loop, live and close with it.

    workers: units at once. Twice the slots is a good number: while some wait to try again, others use their slots.
    turn: how a unit waits for its turn; None: nobody else asks it, and `Unit.known` is all that is known.
    """

    run_id: str
    client: Callable[[], CallClient[Any]]
    limiter: Callable[[], LimiterClient]
    journal: Callable[[], Journal]
    workers: int
    turn: Turn | None = None


class Partition:
    """Asks units. Use as a context manager: leaving it finishes what is in flight and keeps it.

    with Partition(means) as partition:
        yield from partition.ask(units)  # an iterable that may call partition.claim(bucket)
    """

    def __init__(self, means: Resources) -> None:
        """Nothing is opened before entry."""
        self.means = means
        self._loop = LoopThread()
        self._changed = threading.Condition()
        self._queued = 0
        self._ends: deque[UnitEnd] = deque()
        self._unsettled = 0  # ends that wait until their replies are durable
        self._failure: Exception | None = None
        self._working: Future[None] | None = None

    def __enter__(self) -> Self:
        """Open client, limiter and journal.

        Raises:
            BrokerLost: the broker cannot be reached.
        """
        self._loop.__enter__()
        try:
            self._loop.run(self._open())
        except BaseException:
            self._loop.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish what is in flight, keep it, close."""
        try:
            if self._working is not None and not self._working.done():
                self._loop.run(self._wind_up())
            self._loop.run(self._close())
        finally:
            self._loop.__exit__(kind, error, trace)

    def claim(self, bucket: int) -> None:
        """Wait until this partition alone works on the bucket; then its journal may be read.

        Raises:
            RunStopped: the run ended first.
        """
        self._loop.run(self._limiter.claim(bucket))

    def ask(self, units: Iterable[CallUnit | None]) -> Iterator[UnitEnd]:
        """Make the calls of all units; yields the ends, in no order. A unit None: look for ends before the next one.

        Raises:
            BrokerLost, StorageError: after what was in flight is kept.
        """
        self._working = asyncio.run_coroutine_threadsafe(self._work_all(), self._loop.loop)
        self._working.add_done_callback(lambda _: self._tell())
        for unit in units:
            while not (self._look() if unit is None else self._offer(unit)):
                yield from self._drained()
            yield from self._drained()
            if self._failure is not None:
                break
        for _ in range(self.means.workers):
            self._loop.loop.call_soon_threadsafe(self._inbox.put_nowait, None)
        while not self._over():
            yield from self._drained()
        yield from self._drained()
        self._working.result()
        if self._failure is not None:
            raise self._failure

    def _look(self) -> bool:
        """Wait a moment for units that end."""
        with self._changed:
            if not self._ends:
                self._changed.wait(LOOK_S)
        return True

    def _offer(self, unit: CallUnit) -> bool:
        """Queue a unit; False: no room yet, but something else has changed."""
        with self._changed:
            if self._queued < 2 * self.means.workers:
                self._queued += 1
                self._loop.loop.call_soon_threadsafe(self._inbox.put_nowait, unit)
                return True
            self._changed.wait(LOOK_S)
            return False

    def _drained(self) -> Iterator[UnitEnd]:
        while self._ends:
            yield self._ends.popleft()

    def _over(self) -> bool:
        """Whether all workers are done and all ends are out; waits for the next change if not."""
        assert self._working is not None
        with self._changed:
            if self._working.done() and self._unsettled == 0:
                return True
            self._changed.wait(LOOK_S)
            return False

    async def _open(self) -> None:
        self._inbox: asyncio.Queue[CallUnit | None] = asyncio.Queue()
        self._client = await self.means.client().__aenter__()
        self._limiter = await self.means.limiter().__aenter__()
        self._journal = self.means.journal()

    async def _close(self) -> None:
        try:
            await self._journal.close()
        finally:
            await self._limiter.__aexit__(None, None, None)
            await self._client.__aexit__(None, None, None)

    async def _wind_up(self) -> None:
        self._limiter.give_up(RunStopped("the task ended"))
        for _ in range(self.means.workers):
            self._inbox.put_nowait(None)
        assert self._working is not None
        await asyncio.wrap_future(self._working)

    async def _work_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self.means.workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while (unit := await self._inbox.get()) is not None:
            with self._changed:
                self._queued -= 1
                if self._queued == self.means.workers:
                    self._changed.notify()
            self._limiter.busy += 1
            try:
                await self._handle(unit)
            finally:
                self._limiter.busy -= 1

    async def _handle(self, unit: CallUnit) -> None:
        tally = UnitTally()
        try:
            done = await self._in_turn(unit, tally)
            tally.accepted = done.accepted
            state: UnitState = "done" if done.reject is None else "rejected"
            end = unit_end(unit, state, tally, done.reject)
        except CallFailed as error:
            end = unit_end(unit, "open", tally, error)
        except RunStopped as error:
            if isinstance(error, BrokerLost):
                self._fail(error)
            end = unit_end(unit, "open", tally, error)
        except StorageError as error:
            self._limiter.stop(str(error))
            self._fail(error)
            end = unit_end(unit, "open", tally, error)
        except Exception as error:  # a mistake in the stage's `ask`: the task fails, after what is in flight is kept
            self._limiter.give_up(RunStopped(f"the task fails: {error!r}"))
            self._fail(error)
            end = unit_end(unit, "open", tally, error)
        self._settle(end, tally.durable)

    async def _in_turn(self, unit: CallUnit, tally: UnitTally) -> SequenceEnd:
        if self.means.turn is None:
            return await self._converse(unit, unit.known, tally)
        async with self.means.turn(self._limiter, unit) as known:
            try:
                return await self._converse(unit, known, tally)
            finally:
                if tally.durable is not None:  # whoever is next reads what was paid
                    await asyncio.wait([tally.durable])

    async def _converse(self, unit: CallUnit, known: Mapping[str, Reply], tally: UnitTally) -> SequenceEnd:
        talk = unit.conversation.talk()
        try:
            step = next(talk)
            while True:
                reply = known.get(step.request.key)
                if reply is None:
                    reply = await self._ask(unit, step, tally)
                else:
                    tally.reused += 1
                    self._limiter.counts.reused += 1
                tally.used.append(reply)
                step = talk.send(reply)
        except StopIteration as end:
            done: SequenceEnd = end.value
            return done

    async def _ask(self, unit: CallUnit, step: OpenCall, tally: UnitTally) -> Reply:
        """One paid reply, written to the journal."""
        try:
            answered = await call(self._client, self._limiter, unit.conversation.terms, step.request)
        except CallFailed as error:
            if error.kind.value not in ENDS:
                raise
            refused = Completion(error.detail, error.kind.value, step.request.model, 0, 0)
            answered = AnsweredCall(refused, 0.0, 1)
        reply = reply_of(unit, step, answered, run_id=self.means.run_id, replied_at=self._limiter.clock.stamp())
        tally.asked += 1
        tally.tokens_in += reply.tokens_in
        tally.tokens_out += reply.tokens_out
        tally.money += reply.money
        counts = self._limiter.counts
        counts.asked += 1
        counts.tokens_in += reply.tokens_in
        counts.tokens_out += reply.tokens_out
        counts.money += reply.money
        tally.durable = self._journal.append(unit.bucket, reply)
        if tally.durable.done():
            tally.durable.result()
        return reply

    def _settle(self, end: UnitEnd, durable: "asyncio.Future[None] | None") -> None:
        """Hand on the end of a unit once its replies are durable."""
        if durable is None or durable.done():
            self._give(end)
            return
        self._unsettled += 1

        def settled(future: "asyncio.Future[None]") -> None:
            error = future.exception()
            if isinstance(error, Exception):
                self._limiter.stop(str(error))
                self._fail(error)
            self._give(end if error is None else UnitEnd(end.unit_key, end.bucket, "open", STOPPED, str(error)))
            self._unsettled -= 1
            self._tell()

        durable.add_done_callback(settled)

    def _give(self, end: UnitEnd) -> None:
        counts = self._limiter.counts
        setattr(counts, end.state, getattr(counts, end.state) + 1)
        if end.state == "rejected":
            counts.reasons[end.reason] = counts.reasons.get(end.reason, 0) + 1
        self._ends.append(end)

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self._tell()

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify()
