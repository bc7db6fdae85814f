import asyncio
from collections.abc import Sequence

import pytest

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.link import DirectLink
from stark_udfs.calls.limits.messages import AskCounts, CallLimits
from stark_udfs.calls.providers.client import Completion
from stark_udfs.calls.retry import AnsweredCall, call, wait_after
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.errors import RunStopped
from tests.calls.asks import GOOD, chat, conversation, model

FAST = Clock(speed=100.0)
ANSWER = Completion(GOOD, "stop", "baker-1", 1_000, 500)
PRICED = {"price": {"input": 1.0, "output": 2.0}}


class Script:
    """A client that says what it was told to say, in order; the last for ever."""

    def __init__(self, said: Sequence[Completion | CallFailed]) -> None:
        self.said = list(said)
        self.times: list[float] = []

    async def complete(self, request) -> Completion:
        self.times.append(FAST.now())
        one = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(one, CallFailed):
            raise one
        return one


def transient() -> CallFailed:
    return CallFailed(CallError.TRANSIENT, "reset")


def throttled(seconds: float | None = None) -> CallFailed:
    return CallFailed(CallError.THROTTLED, "slow down", status=429, retry_after=seconds)


class Call:
    """One call against a script, and all that came of it."""

    def __init__(self, *said: Completion | CallFailed, **settings) -> None:
        self.client = Script(said)
        self.broker = Broker(FAST)
        self.broker.begin("loaves", "baker-1", CallLimits(in_flight=4, money=10.0))
        self.answered: AnsweredCall | None = None
        self.error: Exception | None = None
        asyncio.run(self._go(chat(model=model(**{**PRICED, **settings}))))
        self.counts: AskCounts = self.broker.counts("loaves")
        self.spent = self.broker.stages["loaves"].budget.spent

    async def _go(self, with_chat) -> None:
        step = advance(conversation(chat=with_chat), {})
        assert isinstance(step, OpenCall)
        async with LimiterClient(DirectLink(self.broker, "a", "loaves"), FAST) as limiter:
            try:
                self.answered = await call(self.client, limiter, with_chat, step.request)
            except (CallFailed, RunStopped) as error:
                self.error = error
            assert limiter.in_flight == 0


def describe_call():
    def it_gives_the_answer_and_settles_its_cost():
        one = Call(ANSWER)
        assert one.answered is not None
        assert one.answered.answer == ANSWER
        assert one.answered.tries == 1
        assert one.spent == pytest.approx(0.002)

    def it_tries_again_after_what_passes_and_counts_the_tries():
        one = Call(transient(), throttled(), transient(), ANSWER)
        assert one.answered is not None
        assert one.answered.tries == 4
        assert (one.counts.tries, one.counts.failures, one.counts.throttled) == (4, 2, 1)
        assert one.spent == pytest.approx(0.002)

    def it_waits_longer_each_time():
        one = Call(transient(), transient(), transient(), ANSWER)
        waits = [later - sooner for sooner, later in zip(one.client.times, one.client.times[1:], strict=False)]
        assert 0.5 <= waits[0] < 3
        assert 2.0 <= waits[2] < 9

    def it_ends_after_so_many_failures():
        one = Call(transient(), attempts=3)
        assert isinstance(one.error, CallFailed)
        assert one.error.kind is CallError.TRANSIENT
        assert len(one.client.times) == 3
        assert one.spent == 0.0
        assert one.broker.stopped == ""

    def it_does_not_count_429_against_the_attempts():
        one = Call(*[throttled()] * 6, ANSWER, attempts=2)
        assert one.answered is not None
        assert one.answered.tries == 7

    def it_waits_as_long_as_the_server_says():
        one = Call(throttled(20.0), ANSWER)
        assert one.client.times[1] - one.client.times[0] >= 20.0

    def it_ends_when_its_time_is_over():
        one = Call(throttled(50.0), call_budget_s=120)
        assert isinstance(one.error, CallFailed)
        assert len(one.client.times) == 3

    @pytest.mark.parametrize("kind", [CallError.CONTEXT_LENGTH, CallError.CONTENT_FILTER])
    def it_never_repeats_what_cannot_work(kind):
        one = Call(CallFailed(kind, "no"))
        assert isinstance(one.error, CallFailed)
        assert len(one.client.times) == 1
        assert one.broker.stopped == ""

    @pytest.mark.parametrize("kind", [CallError.AUTH, CallError.QUOTA, CallError.NOT_FOUND, CallError.SETTINGS])
    def it_stops_the_run_where_nothing_can_work(kind):
        one = Call(CallFailed(kind, "no", status=401))
        assert len(one.client.times) == 1
        assert one.broker.stopped == f"model 'baker-1': {kind.value} (HTTP 401): no"


def describe_wait_after():
    def it_doubles_and_is_bounded():
        assert [wait_after(tries) for tries in (1, 2, 3, 20)] == [1.0, 2.0, 4.0, 30.0]
