"""Wishes for pictures and ratings of them, as requests and replies: keyed, journaled and replayed like paid calls."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from pydantic import ValidationError

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.policy import CostBound
from stark_udfs.calls.providers.client import Completion as Said
from stark_udfs.calls.sequence import CallSteps, OpenCall, SequenceEnd
from stark_udfs.core.ids import Json, canonical, digest, seed_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import (
    Candidates,
    ImageBackend,
    ImageBackendSpec,
    ImageRequest,
    ImageResult,
    ImageTask,
    Scores,
    Unavailable,
)
from stark_udfs.settings.run import LimitsSettings

GATHER_S = 0.02  # how long a batch that is not full waits for another order
BATCHES_AHEAD = 2  # orders that a task holds, in batches: one is worked on while the next gathers
FREE = CostBound(money=0.0, tokens=0)


@dataclass(frozen=True)
class PictureRequest:
    """One order, as `replies` knows it."""

    provider: str
    order: ImageTask
    identity: Mapping[str, Json]
    draw: int
    attempt: int = 0

    @property
    def model(self) -> str:
        """The module of a wish, else `rate`."""
        return self.order.module.value if isinstance(self.order, ImageRequest) else self.order.kind

    @cached_property
    def key(self) -> str:
        """64 hex digits over the order and what its answer depends on."""
        parts: dict[str, Json] = {
            "kind": "picture",
            "provider": self.provider,
            "identity": dict(self.identity),
            "order": self.order.model_dump(mode="json"),
            "draw": self.draw,
        }
        return digest(canonical(parts))

    @property
    def written(self) -> str:
        """The order and what it is answered by, JSON."""
        parts = {"order": self.order.model_dump(mode="json"), "identity": dict(self.identity)}
        return json.dumps(parts, ensure_ascii=False)


@dataclass(frozen=True)
class PictureTerms:
    """Pictures cost no money; one that cannot be had now is tried once more, then left for the next run."""

    name: str
    attempts: int = 2
    call_budget_s: float = 3600.0

    def bound(self, request: PictureRequest) -> CostBound:
        """Nothing."""
        return FREE

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Nothing."""
        return 0.0


@dataclass(frozen=True)
class PictureTalk:
    """One unit's orders and answers."""

    stage: str
    unit_key: str
    row: Record
    request: Callable[[Any, Sequence[ImageResult]], ImageTask | None]
    atelier: ImageBackendSpec
    seed: int
    redraw: int = 0

    @property
    def terms(self) -> PictureTerms:
        """Free, and seldom tried again."""
        return PictureTerms(self.atelier.provider)

    def talk(self) -> CallSteps:
        """Order after order until the stage wants no more."""
        answers: list[ImageResult] = []
        used: list[str] = []
        while (order := self.request(self.row, tuple(answers))) is not None:
            request = self._request(order, len(answers))
            reply = yield OpenCall(request, len(answers))
            used.append(request.key)
            shape: type[ImageResult] = Candidates if isinstance(order, ImageRequest) else Scores
            try:
                answers.append(shape.model_validate_json(reply.reply))
            except ValidationError as error:
                reject = Reject(reason=RejectReason.WRONG_SHAPE, detail=str(error)[:500], key=self.unit_key)
                return SequenceEnd(tuple(answers), reject, tuple(used))
        return SequenceEnd(tuple(answers), None, tuple(used))

    def _request(self, order: ImageTask, round: int) -> PictureRequest:
        draw = seed_of(self.seed, self.unit_key, round, self.redraw)
        if isinstance(order, ImageRequest):
            order = order.model_copy(update={"seeds": tuple(seed_of(draw, place) for place in range(order.count))})
        return PictureRequest(self.atelier.provider, order, self.atelier.identity(order), draw)


@dataclass(frozen=True)
class PictureScript:
    """The script of an image stage."""

    stage: str
    each: type[Record]
    out: type[Record]
    request: Callable[[Any, Sequence[ImageResult]], ImageTask | None]
    parse: Callable[[Any, Sequence[ImageResult]], Sequence[Record | Reject]]
    atelier: ImageBackendSpec
    seed: int
    gpus: float = 0.0

    @property
    def pool(self) -> str:
        """All pictures."""
        return f"pictures by {self.atelier.provider}"

    @property
    def workers(self) -> int:
        """Enough to fill a batch while another is worked on."""
        return BATCHES_AHEAD * self.atelier.at_once

    def limits(self, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> CallLimits:
        """None but the stop rule: a device is its own limit, and search providers are asked politely by themselves."""
        return CallLimits(in_flight=1_000_000, stop_rejects=limits.stop_rejects, stop_after=limits.stop_after)

    def conversation(self, unit: Mapping[str, Any]) -> PictureTalk:
        """The orders of one unit row."""
        return PictureTalk(
            stage=self.stage,
            unit_key=unit["unit_key"],
            row=self.each.model_validate_json(unit["row"]),
            request=self.request,
            atelier=self.atelier,
            seed=self.seed,
            redraw=unit["redraw"],
        )

    def client(self) -> "Workshop":
        """The atelier of this process."""
        return Workshop(self.atelier)


class Workshop:
    """Answers orders in batches, on one thread of its own: devices and their models belong to it alone."""

    def __init__(self, spec: ImageBackendSpec) -> None:
        """Nothing is loaded before the first order."""
        self.spec = spec
        self._waiting: list[tuple[ImageTask, asyncio.Future[ImageResult | Unavailable]]] = []
        self._poke = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stark-atelier")
        self._turning: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._turning = asyncio.create_task(self._turn())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; the batch that is worked on is waited for."""
        if self._turning is not None:
            self._turning.cancel()
            with suppress(asyncio.CancelledError):
                await self._turning
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)

    async def complete(self, request: PictureRequest) -> Said:
        """The answer as JSON text.

        Raises:
            CallFailed: not now; the unit stays open.
            DeviceLost: the task has to end.
        """
        future: asyncio.Future[ImageResult | Unavailable] = asyncio.get_running_loop().create_future()
        self._waiting.append((request.order, future))
        self._poke.set()
        answer = await future
        if isinstance(answer, Unavailable):
            raise CallFailed(CallError.TRANSIENT, f"{answer.kind}: {answer.detail}")
        return Said(answer.model_dump_json(exclude_defaults=True), "stop", request.model, 0, 0)

    async def _turn(self) -> None:
        while True:
            batch = await self._batch()
            orders = [order for order, _ in batch]
            answers: Sequence[ImageResult | Unavailable | Exception]
            try:
                answers = await asyncio.get_running_loop().run_in_executor(self._thread, self._work, orders)
            except Exception as error:  # whatever it is, each order's own task hears of it
                answers = [error] * len(batch)
            for (_, future), answer in zip(batch, answers, strict=True):
                if future.cancelled():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    async def _batch(self) -> list[tuple[ImageTask, "asyncio.Future[ImageResult | Unavailable]"]]:
        """The next orders: a full batch, or what there is once no more come."""
        await self._poke.wait()
        before = -1
        while before < len(self._waiting) < self.spec.at_once:
            before = len(self._waiting)
            await asyncio.sleep(GATHER_S)
        batch, self._waiting = self._waiting[: self.spec.at_once], self._waiting[self.spec.at_once :]
        if not self._waiting:
            self._poke.clear()
        return batch

    def _work(self, orders: Sequence[ImageTask]) -> Sequence[ImageResult | Unavailable]:
        atelier: ImageBackend = loaded(self.spec)
        return atelier.work(orders)
