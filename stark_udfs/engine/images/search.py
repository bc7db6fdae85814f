"""Questions to a search provider, as calls under the broker: priced, paced, retried by one owner, paid once."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Generic, Self

from stark_udfs.calls.errors import BrokerLost, CallError, CallFailed, seconds_of
from stark_udfs.calls.loop_thread import LoopThread
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.refusals import ServerError, refusal_of
from stark_udfs.calls.retry import AnsweredCall
from stark_udfs.core.errors import NotAuthorised, ProviderError, RunStopped
from stark_udfs.core.records import Record
from stark_udfs.engine.images.paid_calls import Keep, Limiters, PaidCalls, Unit, stopped
from stark_udfs.engine.images.policy import search_terms
from stark_udfs.engine.images.requests import PaidKind, PaidRequest
from stark_udfs.images.backend import ModelBackend, ModelBackendSpec
from stark_udfs.images.executors.web import not_now
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import Candidates, ImageRequest, Unavailable
from stark_udfs.images.web.results import WebImage
from stark_udfs.images.web.search import WebSearch


class Images(Record):
    """What a question found, as its reply keeps it."""

    images: list[WebImage]


@dataclass
class SearchClient:
    """Asks the provider once for each call; lives and closes with one event loop."""

    spec: ModelBackendSpec
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

    async def complete(self, request: PaidRequest) -> Completion:
        """What the provider found.

        Raises:
            CallFailed: it did not answer; its cause is the provider's own error.
        """
        order, api = request.task.order, self.spec.web
        assert isinstance(order, ImageRequest)
        assert api is not None
        try:
            if self._open is None:
                self._open = await WebSearch(api, self.spec.search).__aenter__()
            said = await self._open.ask(order.query or order.prompt, order.count)
            if said.status == 200:
                images = api.read(said.body)[: order.count]
                return Completion(Images(images=images).model_dump_json(), "stop", api.name, 0, 0)
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

    def __init__(self, spec: ModelBackendSpec, loop: LoopThread, limiters: Limiters, keep: Keep[Unit]) -> None:
        """`keep` makes the answer to a paid question durable; it runs on the loop."""
        self._spec, self._loop, self._keep = spec, loop, keep
        self._client = SearchClient(spec)
        self._calls = PaidCalls[Unit](spec, self._client, limiters, self._kept)
        self._paid = search_terms(spec).price > 0
        self._free: dict[str, str] = {}  # answers that cost nothing, until the request is answered

    def close(self) -> None:
        """Close the connections; nobody may be searching."""
        self._loop.run(self._client.__aexit__(None, None, None))

    def answer(self, unit: Unit, wish: ImageRequest) -> Candidates | Unavailable:
        """Images for the request that the unit has open.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """
        question = PaidRequest(PaidKind.QUESTION, unit.request)
        try:
            text = self._free.get(question.key) or self._loop.run(self._calls.text(unit, question))
            images = Images.model_validate_json(text).images
        except CallFailed as error:
            cause = error.__cause__
            return replace(not_now(cause if isinstance(cause, ProviderError) else error), tried=True)
        except BrokerLost:
            raise
        except RunStopped as error:
            return stopped(error)
        backend = loaded(self._spec)
        assert isinstance(backend, ModelBackend)
        found = backend.fetch_all(images)
        if isinstance(found, Candidates):
            self._free.pop(question.key, None)
        return found

    async def _kept(self, unit: Unit, question: PaidRequest, answered: AnsweredCall, money: float) -> None:
        if self._paid:
            await self._keep(unit, question, answered, money)
        else:
            self._free[question.key] = answered.answer.text
