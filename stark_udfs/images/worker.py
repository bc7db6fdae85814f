"""Image tasks in plain batches: the calling thread does what needs the device, other threads do the rest.

A batch holds orders of one kind. While one is on the device, the pictures of the one before it are encoded, hashed and
written; web orders are asked and fetched all the time. Every queue is bounded. Nothing here knows of Spark, of the
journal or of money.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from stark_udfs.images.candidates import from_strangers
from stark_udfs.images.requests import (
    Finish,
    ImageBackend,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    Unavailable,
    kind_of,
)

FINISHERS = 4  # threads that encode, hash and write
SEARCHERS = 8  # threads that ask and fetch
BATCHES_AHEAD = 4  # of orders for the device that are read: enough to fill one batch of some kind
BATCHES_HELD = 16  # of orders of all kinds
TRIES = 2  # of an order that cannot be answered now, the first included
AGAIN_S = 1.0  # before the second

Unit = TypeVar("Unit")


@dataclass(frozen=True, eq=False)
class QueuedTask(Generic[Unit]):
    """An open image task, the unit that it belongs to, and how often it was tried."""

    unit: Unit
    order: ImageTask
    tries: int = 0


@dataclass(frozen=True)
class Answered(Generic[Unit]):
    """The result of an image task, the seconds that its last try took, and how many tries there were."""

    unit: Unit
    order: ImageTask
    answer: ImageResult | Unavailable
    seconds: float
    tries: int


Outcome = tuple[QueuedTask[Unit], ImageResult | Unavailable | Exception, float]


class ImageWorker(Generic[Unit]):
    """Answers orders. Used by one thread; leaving the block waits for what is under way, and drops it.

    with ImageWorker(backend, at_once=8) as worker:
        worker.put(unit, order)
        while worker.held:
            for answered in worker.turn(): ...
    """

    def __init__(
        self,
        backend: ImageBackend,
        *,
        at_once: int,
        search: Callable[[Unit, ImageTask], ImageResult | Unavailable] | None = None,
        searched: Callable[[ImageTask], bool] | None = None,
    ) -> None:
        """`search` answers orders that need no device, on several threads at once; None: the backend does, like all.

        searched: which those are; None: web requests.
        """
        self._backend = backend
        self._at_once = at_once
        self._search = search
        self._searched = searched or is_for_the_web
        self._lanes: dict[str, deque[QueuedTask[Unit]]] = {}
        self._web: deque[QueuedTask[Unit]] = deque()
        self._again: deque[tuple[float, QueuedTask[Unit]]] = deque()
        self._came: SimpleQueue[Outcome[Unit]] = SimpleQueue()
        self._unfinished = threading.BoundedSemaphore(2 * at_once)  # orders whose pictures wait to be written
        self._searching = 0
        self._finishing = 0
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        """Start the threads."""
        self._finishers = ThreadPoolExecutor(FINISHERS, thread_name_prefix="stark-finish")
        self._searchers = ThreadPoolExecutor(SEARCHERS, thread_name_prefix="stark-search")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End them."""
        self._searchers.shutdown()
        self._finishers.shutdown()

    def put(self, unit: Unit, order: ImageTask) -> None:
        """Queue an image task."""
        self._queue(QueuedTask(unit, order))

    @property
    def room(self) -> bool:
        """Whether more orders would help to fill batches, and there is memory for them."""
        for_device = sum(len(lane) for lane in self._lanes.values())
        return for_device < BATCHES_AHEAD * self._at_once and self.held < BATCHES_HELD * self._at_once

    @property
    def under_way(self) -> int:
        """Tasks that other threads work on."""
        return self._searching + self._finishing

    @property
    def held(self) -> int:
        """All tasks that were queued and not answered."""
        waiting = sum(len(lane) for lane in self._lanes.values()) + len(self._web) + len(self._again)
        return waiting + self.under_way

    def turn(self, *, begin: bool = True) -> list[Answered[Unit]]:
        """Work on one batch, if there is one, and give what is answered by now; else wait for something.

        begin False: only what is under way is waited for. After `failure` it is the same.
        """
        begin = begin and self.failure is None
        if begin:
            self._wake()
            self._start_searches()
            lane = self._longest()
            if lane:
                batch = [lane.popleft() for _ in range(min(self._at_once, len(lane)))]
                coming = self._longest()
                self._backend.ahead([task.order for task in islice(coming or (), self._at_once)])
                self._work(batch)
                return self._given(wait=False)
            if self._again:
                due = max(0.0, self._again[0][0] - time.monotonic())
                return self._given(wait=True, at_most=due)
        return self._given(wait=self.under_way > 0)

    def give_back(self) -> list[Unit]:
        """The units of all tasks that nobody works on; they stay open."""
        waiting = [task for lane in self._lanes.values() for task in lane]
        waiting += [*self._web, *(task for _, task in self._again)]
        self._lanes, self._web, self._again = {}, deque(), deque()
        return [task.unit for task in waiting]

    def _longest(self) -> deque[QueuedTask[Unit]] | None:
        """The kind of which most orders wait."""
        return max(self._lanes.values(), key=len, default=None)

    def _queue(self, task: QueuedTask[Unit]) -> None:
        if self._is_search(task):
            self._web.append(task)
        else:
            self._lanes.setdefault(kind_of(task.order), deque()).append(task)

    def _wake(self) -> None:
        while self._again and self._again[0][0] <= time.monotonic():
            self._queue(self._again.popleft()[1])

    def _start_searches(self) -> None:
        while self._web and self._search is not None and self._searching < SEARCHERS:
            task = self._web.popleft()
            self._searching += 1
            self._run(self._searchers, task, partial(self._search, task.unit, task.order))

    def _work(self, batch: list[QueuedTask[Unit]]) -> None:
        """Do the device's part here; the rest of each task goes to the threads as it comes."""
        left = dict(enumerate(batch))
        try:
            for place, finish in self._backend.begin([task.order for task in batch]):
                self._unfinished.acquire()
                self._finishing += 1
                self._run(self._finishers, left.pop(place), finish)
            if left:
                raise RuntimeError(f"{len(left)} of {len(batch)} orders were not begun.")
        except Exception as error:  # whatever a model raises: what was begun is finished and kept, then the task fails
            self.failure = error
            for task in left.values():
                self._lanes.setdefault(kind_of(task.order), deque()).append(task)

    def _run(self, pool: ThreadPoolExecutor, task: QueuedTask[Unit], finish: Finish) -> None:
        begun = time.monotonic()
        beside = pool is self._finishers

        def came(done: "Future[ImageResult | Unavailable]") -> None:
            if beside:
                self._unfinished.release()
            error = done.exception()
            if error is None:
                self._came.put((task, done.result(), time.monotonic() - begun))
            else:
                failed = error if isinstance(error, Exception) else RuntimeError(repr(error))
                self._came.put((task, failed, time.monotonic() - begun))

        pool.submit(finish).add_done_callback(came)

    def _given(self, *, wait: bool, at_most: float | None = None) -> list[Answered[Unit]]:
        """What was answered, without tasks that are tried again; if `wait`, one is waited for, `at_most` seconds."""
        given: list[Answered[Unit]] = []
        while wait or not self._came.empty():
            try:
                task, answer, seconds = self._came.get(timeout=at_most)
            except Empty:
                break
            wait = False
            if self._is_search(task):
                self._searching -= 1
            else:
                self._finishing -= 1
            tries = task.tries + 1
            if isinstance(answer, Exception):
                self.failure = self.failure or answer
                self._queue(task)
            elif isinstance(answer, Unavailable) and not answer.tried and tries < TRIES:
                self._again.append((time.monotonic() + AGAIN_S, QueuedTask(task.unit, task.order, tries)))
            else:
                given.append(Answered(task.unit, task.order, answer, seconds, tries))
        return given

    def _is_search(self, task: QueuedTask[Unit]) -> bool:
        return self._search is not None and self._searched(task.order)


def is_for_the_web(order: ImageTask) -> bool:
    """Whether an order is answered by a search of the web."""
    return isinstance(order, ImageRequest) and order.module is Module.WEB and from_strangers(order) is None
