"""Calls that image tasks lead to, under the broker: priced, paced, retried by one owner, each paid once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

from stark_udfs.calls.errors import BrokerLost, CallFailed
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.providers.client import CallClient
from stark_udfs.calls.request import Reply
from stark_udfs.calls.retry import AnsweredCall, call
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import RunStopped
from stark_udfs.engine.images.policy import policy_of, server_asked
from stark_udfs.engine.images.requests import PaidKind, PaidRequest, PictureRequest
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.requests import Unavailable


class OpenTask(Protocol):
    """A unit that has a task open which is answered over the network."""

    @property
    def request(self) -> PictureRequest:
        """The open task."""
        ...

    def paid_for(self, request: PaidRequest) -> Reply | None:
        """The reply to a paid request of this unit, if it was paid before."""
        ...


Unit = TypeVar("Unit", bound=OpenTask)
Answer = TypeVar("Answer")
Limiters: TypeAlias = Mapping[str, LimiterClient]
Keep: TypeAlias = Callable[[Unit, PaidRequest, AnsweredCall, float], Awaitable[None]]


@dataclass(frozen=True)
class PaidCalls(Generic[Unit]):
    """Asks for what a unit's open task needs; on the loop of the task.

    limiters: by the server that they are for, as `servers_asked` names it. keep: makes a paid reply durable.
    """

    spec: ModelBackendSpec
    client: CallClient[PaidRequest]
    limiters: Limiters
    keep: Keep[Unit]

    async def text(self, unit: Unit, request: PaidRequest) -> str:
        """The reply to a call: the one that was paid before, or a new one, which is durable then.

        Raises:
            CallFailed: there is none.
            BrokerLost, RunStopped: nobody may ask any more.
        """
        before = unit.paid_for(request)
        if before is not None:
            return before.reply
        policy = policy_of(self.spec, request)
        limiter = self.limiters[server_asked(self.spec, request)]
        answered = await call(self.client, limiter, policy, request)
        said = answered.answer
        await self.keep(unit, request, answered, policy.cost(said.tokens_in, said.tokens_out))
        return said.text

    async def each(
        self,
        unit: Unit,
        kind: PaidKind,
        places: Sequence[int],
        read: Callable[[str], Awaitable[Answer]],
        failed: Callable[[CallFailed], Answer | Unavailable],
    ) -> list[Answer] | Unavailable:
        """What `read` makes of the reply for each picture, several at once; Unavailable if one has none now.

        All are waited for, whatever becomes of one of them: what is paid is kept.

        Raises:
            BrokerLost, StorageError: the task has to end.
        """

        async def one(place: int) -> Answer | Unavailable:
            try:
                return await read(await self.text(unit, PaidRequest(kind, unit.request, place)))
            except CallFailed as error:
                return failed(error)
            except BrokerLost:
                raise
            except RunStopped as error:
                return stopped(error)

        made = await asyncio.gather(*(one(place) for place in places), return_exceptions=True)
        answers: list[Answer] = []
        missing: Unavailable | None = None
        for found in made:
            if isinstance(found, BaseException):
                raise found
            if isinstance(found, Unavailable):
                missing = missing or found
            else:
                answers.append(found)
        return missing or answers


def stopped(error: RunStopped) -> Unavailable:
    """The run ended before the call was answered."""
    return Unavailable(STOPPED, str(error), tried=True)


def unavailable(error: CallFailed) -> Unavailable:
    """There is no answer now, and nobody's verdict."""
    status = f"HTTP {error.status}: " if error.status else ""
    return Unavailable(error.kind.value, f"{status}{error.detail} {error.way_out}".strip()[:500], tried=True)
