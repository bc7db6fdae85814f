"""Questions to a search provider, as calls under the broker: priced, paced, retried by one owner, paid once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

from stark_udfs.calls.errors import BrokerLost, CallError, CallFailed, seconds_of
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion as Said
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall, call
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import NotAuthorised, ProviderError, RunStopped
from stark_udfs.core.records import Record
from stark_udfs.engine.images.replay import PaidRequest, PictureRequest, QuestionRequest, question_terms
from stark_udfs.images.backend import ModelAtelier, ModelAtelierSpec
from stark_udfs.images.executors.web import not_now
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import Candidates, ImageRequest, Unavailable
from stark_udfs.images.web.results import WebImage
from stark_udfs.images.web.search import WebSearch


class Images(Record):
    """What a question found, as its reply keeps it."""

    images: list[WebImage]


class Asks(Protocol):
    """A unit that has a wish open which is answered over the network."""

    @property
    def request(self) -> PictureRequest:
        """The open order."""
        ...

    def paid_for(self, request: PaidRequest) -> Reply | None:
        """The reply to a paid request of this unit, if it was paid before."""
        ...

    @property
    def question(self) -> QuestionRequest:
        """The question that the web request leads to."""
        ...

    @property
    def paid(self) -> Reply | None:
        """The question's reply, if it was asked and paid before."""
        ...


Unit = TypeVar("Unit", bound=Asks)
Keep: TypeAlias = Callable[[Unit, PaidRequest, AnsweredCall, float], Awaitable[None]]


@dataclass
class SearchClient:
    """Asks the provider once for each call; lives and closes with one event loop."""

    spec: ModelAtelierSpec
    _open: WebSearch | None = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before the first question."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        if self._open is not None:
            await self._open.__aexit__(kind, error, trace)

    async def complete(self, request: QuestionRequest) -> Said:
        """What the provider found.

        Raises:
            CallFailed: it did not answer; its cause is the provider's own error.
        """
        order, api = request.wish.order, self.spec.web
        assert isinstance(order, ImageRequest)
        assert api is not None
        try:
            if self._open is None:
                self._open = await WebSearch(api, self.spec.search).__aenter__()
            said = await self._open.ask(order.query or order.prompt, order.count)
            if said.status == 200:
                images = api.read(said.body)[: order.count]
                return Said(Images(images=images).model_dump_json(), "stop", api.name, 0, 0)
        except NotAuthorised as error:
            raise CallFailed(CallError.AUTH, str(error)) from error
        except ProviderError as error:
            raise CallFailed(CallError.TRANSIENT, str(error)) from error
        refusal, kind = self._open.refusal(said.status), refusal_of(said.status, ServerError()).kind
        if kind is CallError.AUTH and api.secret is None:
            kind = CallError.BAD_REQUEST  # no key of ours is wrong: the run need not stop for it
        wait = seconds_of({"retry-after": said.retry_after}, datetime.now(UTC))
        raise CallFailed(kind, str(refusal), status=said.status, retry_after=wait) from refusal


class Searcher(Generic[Unit]):
    """Answers web requests, on any thread: the question on the loop of the task, the fetching on the thread itself."""

    def __init__(self, spec: ModelAtelierSpec, loop: LoopThread, limiter: LimiterClient, keep: Keep[Unit]) -> None:
        """`keep` makes the answer to a paid question durable; it runs on the loop."""
        self._spec = spec
        self._loop = loop
        self._limiter = limiter
        self._keep = keep
        self._client = SearchClient(spec)
        self._terms = question_terms(spec)
        self._free: dict[str, str] = {}  # answers that cost nothing, until the request is answered

    def close(self) -> None:
        """Close the connections; nobody may be searching."""
        self._loop.run(self._client.__aexit__(None, None, None))

    def answer(self, unit: Unit, wish: ImageRequest) -> Candidates | Unavailable:
        """Images for the request that the unit has open.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        question = unit.question
        try:
            text = unit.paid.reply if unit.paid else self._free.get(question.key)
            images = Images.model_validate_json(text or self._loop.run(self._ask(unit, question))).images
        except CallFailed as error:
            cause = error.__cause__
            return replace(not_now(cause if isinstance(cause, ProviderError) else error), tried=True)
        except BrokerLost:
            raise
        except RunStopped as error:
            return Unavailable(STOPPED, str(error), tried=True)
        atelier = loaded(self._spec)
        assert isinstance(atelier, ModelAtelier)
        found = atelier.fetch_all(images)
        if isinstance(found, Candidates):
            self._free.pop(question.key, None)
        return found

    async def _ask(self, unit: Unit, question: QuestionRequest) -> str:
        answered = await call(self._client, self._limiter, self._terms, question)
        if self._terms.price:
            await self._keep(unit, question, answered, self._terms.price)
        else:
            self._free[question.key] = answered.answer.text
        return answered.answer.text
