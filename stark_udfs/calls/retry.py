"""The one owner of retries: one paid call, tried until it is answered, hopeless, or out of time."""

import random
from dataclasses import dataclass
from typing import TypeVar

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.limits.messages import CallOutcome
from stark_udfs.calls.policy import CallPolicy, CostBound
from stark_udfs.calls.providers.client import CallClient, Completion
from stark_udfs.calls.request import Request

Q = TypeVar("Q", bound=Request)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
NONE_ANSWERED = (
    "No call was answered before it, so this is taken for the settings' fault: see `models.<name>` "
    "(parameters, without, token_limit, json_schema), or of an image server and a judge `pictures`."
)


@dataclass(frozen=True)
class AnsweredCall:
    """An answer, the seconds that its own try took, and how many tries there were."""

    answer: Completion
    seconds: float
    tries: int


async def call(client: CallClient[Q], limiter: LimiterClient, terms: CallPolicy[Q], request: Q) -> AnsweredCall:
    """Get `request` answered.

    Time-outs, resets and 5xx are tried `terms.attempts` times, 429 as often as `terms.call_budget_s` allows.

    Raises:
        CallFailed: no answer; if its kind is one that stops the run, everyone has been told.
        RunStopped: the run ended while this call waited.
    """
    bound = terms.bound(request)
    jitter = random.Random(request.draw)
    begun = limiter.clock.now()
    tries = failures = throttled = 0
    while True:
        await limiter.enter(bound)
        tries += 1
        limiter.counts.tries += 1
        sent = limiter.clock.now()
        try:
            answer = await _once(client, limiter, terms, request, bound)
        except CallFailed as error:
            throttled += error.kind is CallError.THROTTLED
            failures += error.kind is CallError.TRANSIENT
            if error.kind is CallError.BAD_REQUEST and not await limiter.any_answered():
                raise limiter.stopped or _hopeless(limiter, terms.name, error) from None
            wait = error.retry_after or jitter.uniform(0.5, 1.0) * wait_after(max(failures, throttled))
            late = limiter.clock.now() + wait - begun > terms.call_budget_s
            if not error.kind.again or failures >= terms.attempts or late:
                raise
            await limiter.clock.sleep(wait)
            continue
        return AnsweredCall(answer, limiter.clock.now() - sent, tries)


def wait_after(tries: int) -> float:
    """Seconds to wait after so many failed tries, before jitter."""
    return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**tries))


async def _once(
    client: CallClient[Q], limiter: LimiterClient, terms: CallPolicy[Q], request: Q, bound: CostBound
) -> Completion:
    """One try, reported to the limiter whatever comes of it."""
    outcome = CallOutcome(failure=CallError.TRANSIENT, detail="cancelled")
    try:
        answer = await client.complete(request)
        outcome = CallOutcome(
            money=terms.cost(answer.tokens_in, answer.tokens_out), tokens=answer.tokens_in + answer.tokens_out
        )
        return answer
    except CallFailed as error:
        outcome = CallOutcome(failure=error.kind, retry_after=error.retry_after or 0.0, detail=error.detail)
        limiter.counts.throttled += error.kind is CallError.THROTTLED
        limiter.counts.failures += error.kind is not CallError.THROTTLED
        if error.kind.stops:
            limiter.stop(told(terms.name, error))
        raise
    finally:
        limiter.leave(bound, outcome)


def told(model: str, error: CallFailed) -> str:
    """Why a run stops for a call that got no answer."""
    return f"model {model!r}: {error}"


def _hopeless(limiter: LimiterClient, model: str, error: CallFailed) -> CallFailed:
    """A refusal of unknown cause while no call was answered: it says nothing about the unit, so the run stops."""
    stops = CallFailed(CallError.SETTINGS, error.detail, status=error.status, way_out=NONE_ANSWERED)
    limiter.stop(told(model, stops))
    return stops
