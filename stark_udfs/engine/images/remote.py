"""Orders that are answered over the network beside the device: searches, image servers, judges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Self

from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.engine.images.judging import Judge
from stark_udfs.engine.images.paid_calls import Keep, Limiters, Unit
from stark_udfs.engine.images.painting import ServerPainter
from stark_udfs.engine.images.policy import judge_of, searched_by, servers_by
from stark_udfs.engine.images.search import Searcher
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.requests import ImageBackendSpec, ImageRequest, ImageResult, ImageTask, ScoreRequest, Unavailable
from stark_udfs.images.worker import is_for_the_web


@dataclass(frozen=True)
class Remote(Generic[Unit]):
    """Who answers which orders of a backend over the network; nobody, where it asks none."""

    searcher: Searcher[Unit] | None = None
    painter: ServerPainter[Unit] | None = None
    judge: Judge[Unit] | None = None

    @classmethod
    def of(cls, backend: ImageBackendSpec, loop: LoopThread, limiters: Limiters, keep: Keep[Unit]) -> Self:
        """What the backend needs; `keep` makes the answer to a paid call durable."""
        searched = searched_by(backend)
        searcher = None if searched is None else Searcher(searched, loop, limiters, keep)
        painter = None
        if isinstance(backend, ModelBackendSpec) and servers_by(backend):
            painter = ServerPainter(backend, loop, limiters, keep)
        judge = None
        if isinstance(backend, ModelBackendSpec) and judge_of(backend):
            judge = Judge(backend, loop, limiters, keep)
        return cls(searcher, painter, judge)

    def claims(self, order: ImageTask) -> bool:
        """Whether an order is answered here."""
        return self.judge is not None if isinstance(order, ScoreRequest) else self._for(order) is not None

    def answer(self, unit: Unit, order: ImageTask) -> ImageResult | Unavailable:
        """The answer, on any thread.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        if isinstance(order, ScoreRequest):
            assert self.judge is not None
            return self.judge.answer(unit, order)
        answer = self._for(order)
        assert answer is not None
        return answer(unit, order)

    def close(self) -> None:
        """Close the connections; nobody may be asking."""
        for one in (self.searcher, self.painter, self.judge):
            if one is not None:
                one.close()

    def _for(self, order: ImageRequest) -> "Callable[[Unit, ImageRequest], ImageResult | Unavailable] | None":
        if self.searcher is not None and is_for_the_web(order):
            return self.searcher.answer
        if self.painter is not None and self.painter.paints(order):
            return self.painter.answer
        return None
