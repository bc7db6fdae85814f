"""A unit of an image stage, replayed over its replies: order after order until the stage wants no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.messages import CallLimits, money_left
from stark_udfs.calls.sequence import CallSteps, OpenCall, SequenceEnd
from stark_udfs.core.ids import seed_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.images.policy import TaskPolicy, calls_of, servers_asked
from stark_udfs.engine.images.requests import PictureRequest
from stark_udfs.images.requests import Candidates, ImageBackendSpec, ImageRequest, ImageResult, ImageTask, Scores
from stark_udfs.settings.run import LimitsSettings


@dataclass(frozen=True)
class ImageSequence:
    """One unit's image tasks and their answers."""

    stage: str
    unit_key: str
    row: Record
    request: Callable[[Any, Sequence[ImageResult]], ImageTask | None]
    backend: ImageBackendSpec
    seed: int
    redraw: int = 0

    @property
    def terms(self) -> TaskPolicy:
        """What a task costs: nothing, but where a provider, a server or a judge is paid."""
        return TaskPolicy(self.backend)

    def talk(self) -> CallSteps:
        """Order after order until the stage wants no more."""
        answers: list[ImageResult] = []
        used: list[str] = []
        while (order := self.request(self.row, tuple(answers))) is not None:
            request = self._request(order, len(answers))
            reply = yield OpenCall(request, len(answers))
            used += [*(call.key for call in calls_of(self.backend, request)), request.key]
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
        return PictureRequest(self.backend.provider, order, self.backend.identity(order), draw)


@dataclass(frozen=True)
class ImageReplay:
    """What executors need of an image stage; pickled by reference."""

    stage: str
    each: type[Record]
    out: type[Record]
    request: Callable[[Any, Sequence[ImageResult]], ImageTask | None]
    parse: Callable[[Any, Sequence[ImageResult]], Sequence[Record | Reject]]
    backend: ImageBackendSpec
    seed: int
    gpus: float = 0.0

    @property
    def pool(self) -> str:
        """Who is asked over the network; each of them has limits of its own, which stages share that ask it."""
        return TaskPolicy(self.backend).name

    def limits(self, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> CallLimits:
        """The stop rule, and what the budgets have left; calls go to servers, each with its own rates (`begin`)."""
        return CallLimits(
            in_flight=0,
            money=money_left(limits, run_spent=run_spent, stage_spent=stage_spent),
            stop_rejects=limits.stop_rejects,
            stop_after=limits.stop_after,
        )

    def begin(self, broker: Broker, limits: CallLimits) -> None:
        """Open the stage at the broker, and every server that its tasks ask."""
        broker.begin(self.stage, self.pool, limits)
        for name, rates in servers_asked(self.backend).items():
            broker.add_server(
                self.stage,
                name,
                replace(limits, in_flight=rates.in_flight, requests_per_minute=rates.requests_per_minute),
            )

    def conversation(self, unit: Mapping[str, Any]) -> ImageSequence:
        """The orders of one unit row."""
        return ImageSequence(
            stage=self.stage,
            unit_key=unit["unit_key"],
            row=self.each.model_validate_json(unit["row"]),
            request=self.request,
            backend=self.backend,
            seed=self.seed,
            redraw=unit["redraw"],
        )
