"""Image and score requests, as requests and replies: keyed, journaled and replayed like paid calls."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from pydantic import ValidationError

from stark_udfs.calls.limits.messages import CallLimits, money_left
from stark_udfs.calls.policy import CostBound
from stark_udfs.calls.sequence import CallSteps, OpenCall, SequenceEnd
from stark_udfs.core.ids import Json, canonical, digest, seed_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.backend import ModelAtelierSpec
from stark_udfs.images.models.image_server import ImageServerSpec, ServerAccess
from stark_udfs.images.models.judge import JudgeAccess, JudgeSpec
from stark_udfs.images.requests import (
    Candidates,
    ImageBackendSpec,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    ScoreRequest,
    Scores,
    kind_of,
)
from stark_udfs.images.web.results import SearchTerms
from stark_udfs.settings.run import LimitsSettings

QUESTION, PAINTING, JUDGEMENT = "question", "painting", "judgement"
PAID = frozenset({Module.WEB.value, QUESTION})
QUESTIONS_AT_ONCE = 16  # over the whole cluster


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
        """The module of an image request, else `rate`."""
        return kind_of(self.order)

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
class QuestionRequest:
    """The question to a search provider that a web request leads to: where it is paid, it has a reply of its own.

    So a question is paid once, also where none of the pictures that it found can be had now.
    """

    wish: PictureRequest
    attempt: int = 0

    @property
    def provider(self) -> str:
        """As of the image request."""
        return self.wish.provider

    @property
    def model(self) -> str:
        """Keeps its replies apart from those to the image request."""
        return QUESTION

    @cached_property
    def key(self) -> str:
        """64 hex digits over the key of the image request, which holds the provider, the words and the draw."""
        return digest(QUESTION, self.wish.key)

    @property
    def draw(self) -> int:
        """As of the image request."""
        return self.wish.draw

    @property
    def written(self) -> str:
        """As of the image request."""
        return self.wish.written


@dataclass(frozen=True)
class PaintingRequest:
    """One picture that an image server is asked for: it has a reply of its own, so that it is paid once."""

    wish: PictureRequest
    place: int
    attempt: int = 0

    @property
    def provider(self) -> str:
        """As of the wish."""
        return self.wish.provider

    @property
    def model(self) -> str:
        """Tells its replies from those to the wish."""
        return PAINTING

    @cached_property
    def key(self) -> str:
        """64 hex digits over the wish's key, which holds the model, the words and the draw, and the picture's place."""
        return digest(PAINTING, self.wish.key, str(self.place))

    @property
    def draw(self) -> int:
        """Of its own."""
        return seed_of(self.wish.draw, self.place)

    @property
    def written(self) -> str:
        """As of the wish."""
        return self.wish.written


@dataclass(frozen=True)
class JudgementRequest(PaintingRequest):
    """A verdict that a judge is asked for, on the picture at a place of a rating: paid once, too."""

    @property
    def model(self) -> str:
        """Tells its replies from those to the rating."""
        return JUDGEMENT

    @cached_property
    def key(self) -> str:
        """64 hex digits over the rating's key, which holds the judge, the words and the pictures, and the place."""
        return digest(JUDGEMENT, self.wish.key, str(self.place))


PaidRequest: TypeAlias = QuestionRequest | PaintingRequest


@dataclass(frozen=True)
class QuestionTerms:
    """What orders cost: nothing, but where a search provider is paid by the question, or a server by the picture.

    painted: price of a picture, by module.
    """

    name: str
    price: float = 0.0
    attempts: int = 3
    call_budget_s: float = 120.0
    painted: tuple[tuple[str, float], ...] = ()
    judge: JudgeSpec | None = None

    def bound(self, request: PictureRequest | PaidRequest) -> CostBound:
        """The price of the question, or of the pictures, if it leads to one."""
        if request.model in PAID:
            return CostBound(money=self.price, tokens=0)
        money, order = dict(self.painted).get(request.model, 0.0), getattr(request, "order", None)
        if isinstance(order, ImageRequest):
            money *= max(1, len(order.seeds))
        elif isinstance(order, ScoreRequest) and self.judge is not None:
            money = len(order.paths) * self.judge.cost(*self.judge.tokens(order))
        return CostBound(money=money, tokens=0)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """The price of an answered question."""
        return self.price


@dataclass(frozen=True)
class JudgementTerms:
    """What one verdict costs at most, and how often it is tried."""

    judge: JudgeSpec
    order: ScoreRequest

    @property
    def name(self) -> str:
        """Who is asked."""
        return f"judge {self.judge.model}"

    @property
    def attempts(self) -> int:
        """Tries, the first included."""
        return self.judge.access.attempts

    @property
    def call_budget_s(self) -> float:
        """Seconds for all of them."""
        return self.judge.access.attempts * self.judge.access.timeout_s

    def bound(self, request: JudgementRequest) -> CostBound:
        """Its words and a picture in, its whole reply out."""
        tokens = self.judge.tokens(self.order)
        return CostBound(money=self.judge.cost(*tokens), tokens=sum(tokens))

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """The price of what the server counted."""
        return self.judge.cost(tokens_in, tokens_out)


@dataclass(frozen=True)
class PaintingTerms:
    """What one picture of a server costs, and how often it is tried."""

    name: str
    price: float
    attempts: int
    call_budget_s: float

    def bound(self, request: PaintingRequest) -> CostBound:
        """Its price."""
        return CostBound(money=self.price, tokens=0)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Its price."""
        return self.price


def searched_by(atelier: ImageBackendSpec) -> ModelAtelierSpec | None:
    """The backend, if it asks a search provider over the network."""
    return atelier if isinstance(atelier, ModelAtelierSpec) and atelier.web is not None else None


def search_terms(atelier: ImageBackendSpec) -> SearchTerms:
    """What its provider costs and how often it may be asked; without a provider: nothing."""
    searched = searched_by(atelier)
    return SearchTerms() if searched is None else searched.terms


def question_terms(atelier: ImageBackendSpec) -> QuestionTerms:
    """The terms of its provider's answers, and of its image servers'."""
    searched, servers = searched_by(atelier), servers_by(atelier)
    name = "no web search" if searched is None or searched.web is None else f"web search {searched.web.name}"
    if servers:
        name = " and ".join(dict.fromkeys(f"image server {server.model}" for server in servers.values()))
    painted = tuple((module.value, server.price(module)) for module, server in servers.items())
    judge = judge_of(atelier)
    if judge is not None:
        name = f"judge {judge.model}" if not servers else f"{name} and judge {judge.model}"
    return QuestionTerms(name, search_terms(atelier).price, painted=painted, judge=judge)


def judge_of(atelier: ImageBackendSpec) -> JudgeSpec | None:
    """The judge that rates for the atelier, if one does."""
    scorer = atelier.scorer if isinstance(atelier, ModelAtelierSpec) else None
    return scorer if isinstance(scorer, JudgeSpec) else None


def servers_by(atelier: ImageBackendSpec) -> Mapping[Module, ImageServerSpec]:
    """The image servers that paint for the atelier, by module."""
    if not isinstance(atelier, ModelAtelierSpec):
        return {}
    found = {module: atelier.server(module) for module in (Module.T2I, Module.P_T2I)}
    return {module: server for module, server in found.items() if server is not None}


def painting_terms(server: ImageServerSpec, module: Module) -> PaintingTerms:
    """The terms of one picture."""
    access = server.access
    name = f"image server {server.model}"
    return PaintingTerms(name, server.price(module), access.attempts, access.attempts * access.timeout_s)


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
    def terms(self) -> QuestionTerms:
        """Free, but for questions to a paid search provider."""
        return question_terms(self.atelier)

    def talk(self) -> CallSteps:
        """Order after order until the stage wants no more."""
        answers: list[ImageResult] = []
        used: list[str] = []
        while (order := self.request(self.row, tuple(answers))) is not None:
            request = self._request(order, len(answers))
            reply = yield OpenCall(request, len(answers))
            used += [*self._paid_for(request), request.key]
            shape: type[ImageResult] = Candidates if isinstance(order, ImageRequest) else Scores
            try:
                answers.append(shape.model_validate_json(reply.reply))
            except ValidationError as error:
                reject = Reject(reason=RejectReason.WRONG_SHAPE, detail=str(error)[:500], key=self.unit_key)
                return SequenceEnd(tuple(answers), reject, tuple(used))
        return SequenceEnd(tuple(answers), None, tuple(used))

    def _paid_for(self, request: PictureRequest) -> list[str]:
        """The keys of the paid replies that the answer to an order rests on."""
        order = request.order
        if not isinstance(order, ImageRequest):
            judged = range(len(order.paths)) if judge_of(self.atelier) else ()
            return [JudgementRequest(request, place).key for place in judged]
        if order.module in servers_by(self.atelier):
            return [PaintingRequest(request, place).key for place in range(len(order.seeds))]
        return [QuestionRequest(request).key] if self.terms.bound(request).money else []

    def _request(self, order: ImageTask, round: int) -> PictureRequest:
        draw = seed_of(self.seed, self.unit_key, round, self.redraw)
        if isinstance(order, ImageRequest):
            order = order.model_copy(update={"seeds": tuple(seed_of(draw, place) for place in range(order.count))})
        return PictureRequest(self.atelier.provider, order, self.atelier.identity(order), draw)


@dataclass(frozen=True)
class PictureScript:
    """What executors need of an image stage; pickled by reference."""

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
        """Who is asked over the network: stages that ask the same provider share its rate."""
        return question_terms(self.atelier).name

    def limits(self, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> CallLimits:
        """The stop rule, and for questions to a search provider its rate and what the budgets have left."""
        accesses: list[ServerAccess | JudgeAccess] = [one.access for one in servers_by(self.atelier).values()]
        if (judge := judge_of(self.atelier)) is not None:
            accesses.append(judge.access)
        rates = [search_terms(self.atelier).requests_per_minute] if searched_by(self.atelier) else []
        known = [rate for rate in (*rates, *(access.requests_per_minute for access in accesses)) if rate is not None]
        return CallLimits(
            in_flight=min((access.in_flight for access in accesses), default=QUESTIONS_AT_ONCE),
            requests_per_minute=min(known, default=None),
            money=money_left(limits, run_spent=run_spent, stage_spent=stage_spent),
            stop_rejects=limits.stop_rejects,
            stop_after=limits.stop_after,
        )

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
