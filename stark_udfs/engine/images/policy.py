"""Which calls an image task leads to, on what terms they are answered, and what the task costs by them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

from stark_udfs.calls.policy import CostBound
from stark_udfs.engine.images.requests import PaidKind, PaidRequest, PictureRequest
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.models.image_server import ImageServerSpec
from stark_udfs.images.models.judge import JudgeSpec
from stark_udfs.images.models.server_access import ServerAccess, ServerPrice
from stark_udfs.images.requests import ImageBackendSpec, ImageRequest, Module, ScoreRequest
from stark_udfs.images.web.results import SearchTerms

Server: TypeAlias = ImageServerSpec | JudgeSpec
FREE = ServerPrice()
QUESTIONS_AT_ONCE = 16  # over the whole cluster
QUESTION_ATTEMPTS, QUESTION_S = 3, 120.0  # of one question to a search provider, and seconds for all of them


@dataclass(frozen=True)
class CallRates:
    """What one server takes, over the whole cluster."""

    in_flight: int
    requests_per_minute: int | None

    @classmethod
    def of(cls, access: ServerAccess) -> Self:
        """Of an image server, or a judge."""
        return cls(access.in_flight, access.requests_per_minute)

    def both(self, other: Self) -> Self:
        """What holds where one server is set up twice: the smaller."""
        rates = [rate for rate in (self.requests_per_minute, other.requests_per_minute) if rate is not None]
        return type(self)(min(self.in_flight, other.in_flight), min(rates, default=None))


@dataclass(frozen=True)
class PaidPolicy:
    """What one call over the network costs, and how often it is tried.

    fixed: money of the call, whatever is counted.
    tokens: the most that it takes, in and out; paid by `price`.
    """

    name: str
    fixed: float = 0.0
    tokens: tuple[int, int] = (0, 0)
    price: ServerPrice = FREE
    attempts: int = QUESTION_ATTEMPTS
    call_budget_s: float = QUESTION_S

    def bound(self, request: PaidRequest) -> CostBound:
        """All its tokens."""
        return CostBound(money=self.cost(*self.tokens), tokens=sum(self.tokens))

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """What the server counted."""
        return self.fixed + self.price.of_tokens(tokens_in, tokens_out)


@dataclass(frozen=True)
class TaskPolicy:
    """What image tasks cost: the calls that they lead to."""

    backend: ImageBackendSpec
    attempts: int = 1
    call_budget_s: float = QUESTION_S

    @property
    def name(self) -> str:
        """Who is asked over the network."""
        names = [_title(server) for server in _servers(self.backend)] or [_search(self.backend)]
        return " and ".join(dict.fromkeys(names))

    def bound(self, request: PictureRequest) -> CostBound:
        """The most that its calls can cost."""
        calls = calls_of(self.backend, request)
        return CostBound(money=sum(policy_of(self.backend, one).bound(one).money for one in calls), tokens=0)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Nothing: what is paid has replies of its own."""
        return 0.0


def calls_of(backend: ImageBackendSpec, request: PictureRequest) -> tuple[PaidRequest, ...]:
    """The calls of a task that cost something or are made by the picture; none: it is answered here."""
    order = request.order
    if isinstance(order, ScoreRequest):
        judged = range(len(order.paths)) if judge_of(backend) else ()
        return tuple(PaidRequest(PaidKind.JUDGEMENT, request, place) for place in judged)
    if order.module in servers_by(backend):
        return tuple(PaidRequest(PaidKind.PAINTING, request, place) for place in range(len(order.seeds)))
    if order.module is Module.WEB and search_terms(backend).price:
        return (PaidRequest(PaidKind.QUESTION, request),)
    return ()


def policy_of(backend: ImageBackendSpec, request: PaidRequest) -> PaidPolicy:
    """The terms of a call."""
    server, order = _asked(backend, request), request.task.order
    if server is None:
        return PaidPolicy(_search(backend), fixed=search_terms(backend).price)
    access = server.access
    terms = PaidPolicy(
        _title(server),
        price=access.price,
        attempts=access.attempts,
        call_budget_s=access.attempts * access.timeout_s,
    )
    if isinstance(server, JudgeSpec):
        assert isinstance(order, ScoreRequest)
        return replace(terms, tokens=server.tokens(order))
    assert isinstance(order, ImageRequest)
    return replace(terms, fixed=server.price(order.module))


def searched_by(backend: ImageBackendSpec) -> ModelBackendSpec | None:
    """The backend, if it asks a search provider over the network."""
    return backend if isinstance(backend, ModelBackendSpec) and backend.web is not None else None


def search_terms(backend: ImageBackendSpec) -> SearchTerms:
    """What its provider costs and how often it may be asked; without a provider: nothing."""
    searched = searched_by(backend)
    return SearchTerms() if searched is None else searched.terms


def servers_asked(backend: ImageBackendSpec) -> Mapping[str, CallRates]:
    """Whom tasks ask over the network, by the name under which the broker keeps a server's limits."""
    found: dict[str, CallRates] = {}
    for server in _servers(backend):
        rates = CallRates.of(server.access)
        found[_place(server)] = rates.both(found.get(_place(server), rates))
    searched = searched_by(backend)
    if searched is not None:
        found[_search(backend)] = CallRates(QUESTIONS_AT_ONCE, searched.terms.requests_per_minute)
    return found


def server_asked(backend: ImageBackendSpec, request: PaidRequest) -> str:
    """Which of `servers_asked` a call goes to."""
    server = _asked(backend, request)
    return _search(backend) if server is None else _place(server)


def _asked(backend: ImageBackendSpec, request: PaidRequest) -> Server | None:
    """Who answers a call; None: the search provider."""
    if request.kind is PaidKind.QUESTION:
        return None
    order = request.task.order
    if isinstance(order, ScoreRequest):
        judge = judge_of(backend)
        assert judge is not None
        return judge
    return servers_by(backend)[order.module]


def _servers(backend: ImageBackendSpec) -> tuple[Server, ...]:
    judge = judge_of(backend)
    return (*servers_by(backend).values(), *([judge] if judge else []))


def _title(server: Server) -> str:
    return f"{'judge' if isinstance(server, JudgeSpec) else 'image server'} {server.model}"


def _place(server: Server) -> str:
    return f"{_title(server)} at {server.access.base_url}"


def _search(backend: ImageBackendSpec) -> str:
    searched = searched_by(backend)
    return f"web search {searched.web.name}" if searched and searched.web else "no web search"


def judge_of(backend: ImageBackendSpec) -> JudgeSpec | None:
    """The judge that rates for the backend, if one does."""
    scorer = backend.scorer if isinstance(backend, ModelBackendSpec) else None
    return scorer if isinstance(scorer, JudgeSpec) else None


def servers_by(backend: ImageBackendSpec) -> Mapping[Module, ImageServerSpec]:
    """The image servers that paint for the backend, by module."""
    if not isinstance(backend, ModelBackendSpec):
        return {}
    found = {module: backend.server(module) for module in (Module.T2I, Module.P_T2I)}
    return {module: server for module, server in found.items() if server is not None}


def loads_models(backend: ImageBackendSpec) -> bool:
    """Whether workers load models that paint or rate; else servers do all of it, or drawings stand for it."""
    if not isinstance(backend, ModelBackendSpec):
        return False
    local = len(servers_by(backend)) < 2 or backend.nsfw or backend.detector or backend.likeness
    return bool(local or (backend.scorer is not None and judge_of(backend) is None))


def accesses_of(backend: ImageBackendSpec) -> tuple[ServerAccess, ...]:
    """Of its image servers and its judge."""
    return tuple(server.access for server in _servers(backend))
