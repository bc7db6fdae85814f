"""A worker's side of the broker: what it may send is leased ahead, so that most calls need no message to the broker.

`enter` before a call is sent, `leave` after it, whatever came of it. A background task reports and fetches.
"""

import asyncio
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

from stark_udfs.calls.clock import Clock
from stark_udfs.calls.errors import BrokerLost, CallError
from stark_udfs.calls.limits.broker import Claim, UnknownWorker
from stark_udfs.calls.limits.budget import money_wanted
from stark_udfs.calls.limits.link import BrokerLink
from stark_udfs.calls.limits.messages import AskCounts, CallOutcome, Grant, WorkerReport
from stark_udfs.calls.limits.rate import LEASE_S, RateToken
from stark_udfs.calls.policy import CostBound
from stark_udfs.core.errors import RunStopped, said

HEARTBEAT_S = 1.0
TICK_S = 0.02  # between two exchanges, at least
CLAIM_S = 0.5  # between two tries to get what another worker has, at most
FIRST_CLAIM_S = 0.05
NOT_SENT = CallOutcome(failure=CallError.INPUT)  # it cost nothing, and says nothing about the server
CENT = 1e-12  # what rounding may hide


class LimiterClient:
    """What one worker may send. Use as an async context manager on one event loop."""

    def __init__(self, link: BrokerLink, clock: Clock | None = None) -> None:
        """Joins on entry."""
        self.link = link
        self.clock = clock or Clock()
        self.counts = AskCounts()
        self.busy = 0  # units in hand: each could use a slot
        self.in_flight = 0
        self.working = 0  # on what needs no slot: images that are painted here; reported with what is in flight
        self.answered = 0  # calls sent from here that got an answer
        self.beside: tuple[LimiterClient, ...] = ()  # of the same task, for other servers: they end together
        self._doubts = 0  # calls that wait to see whether any other is answered
        self._left = asyncio.Event()  # a call in flight is over, or the run is
        self._paced = False
        self._ceiling = 0
        self._money = 0.0
        self._permits: deque[RateToken] = deque()
        self._waiting: deque[tuple[asyncio.Future[None], CostBound]] = deque()
        self._pause_until = 0.0
        self._pending = WorkerReport()
        self._ended: RunStopped | None = None
        self._poke = asyncio.Event()  # a call lacks something
        self._urgent = asyncio.Event()  # there is something urgent to report
        self._again_at = 0.0
        self._asked_tokens = 0
        self._leaving = False
        self._pump: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Join, and fetch the first grant.

        Raises:
            BrokerLost: it cannot be reached.
        """
        try:
            self._paced = await self.link.join()
        except (OSError, UnknownWorker) as error:
            await self.link.close()
            raise BrokerLost(f"the broker cannot be reached: {said(error)}") from error
        self._pump = asyncio.create_task(self._keep_reporting())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Return slots, permits and money that were not used, and leave."""
        lost = isinstance(self._ended, BrokerLost)
        self._leaving = True
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
        if not lost:
            with suppress(OSError, UnknownWorker):
                await self.link.exchange(self._report(last=True))
                await self.link.leave()
        await self.link.close()

    @property
    def stopped(self) -> RunStopped | None:
        """Why nothing further may be sent; None while it may."""
        return self._ended

    async def enter(self, bound: CostBound) -> None:
        """Wait until a call that costs at most `bound` may be sent.

        Raises:
            RunStopped: the run ends; nothing further is sent. BrokerLost: because the broker is gone.
        """
        if self._ended is not None:
            raise self._ended
        if not self._waiting and self._may_enter(bound):
            self._take(bound)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((future, bound))
        self._poke.set()
        await future
        if self._ended is not None:  # between its being let in and its turn on the loop
            self.leave(bound, NOT_SENT)
            raise self._ended

    def leave(self, bound: CostBound, outcome: CallOutcome) -> None:
        """A call that had entered is over; `outcome` is what it cost, or why it failed."""
        self.in_flight -= 1
        self._money += bound.money - outcome.money
        pending = self._pending
        pending.money_spent += outcome.money
        pending.tokens_back += max(0, bound.tokens - outcome.tokens)
        if outcome.failure is None:
            self.answered += 1
            pending.answered += 1
            pending.failed = 0
        elif outcome.failure is CallError.THROTTLED:
            pending.throttled += 1
            pending.retry_after = max(pending.retry_after, outcome.retry_after)
            self._pause_until = max(self._pause_until, self.clock.now() + outcome.retry_after)
            self._hurry()
        elif outcome.failure is CallError.TRANSIENT:
            pending.failed += 1
            pending.detail = outcome.detail
            self._hurry()
        elif outcome.failure is CallError.BAD_REQUEST and not self.answered:
            self._doubts += 1  # until `any_answered`, which its caller asks next
        if self.busy < self._ceiling:
            self._poke.set()  # there are slots that nobody here can use any more
        self._left.set()
        self._serve()

    async def any_answered(self) -> bool:
        """Whether any call from here was answered. Asked after a `leave` with BAD_REQUEST.

        Where none was, it waits for those in flight; none enters meanwhile.
        """
        if self.answered:
            return True
        try:
            while not self.answered and self.in_flight and self._ended is None:
                self._left.clear()
                await self._left.wait()
        finally:
            self._doubts -= 1
        if self.answered:
            self._serve()  # else the caller stops the run before anything enters
        return self.answered > 0

    def stop(self, reason: str) -> None:
        """Stop all workers of the run."""
        self._pending.stop = reason
        self.give_up(RunStopped(reason))
        self._hurry()

    def give_up(self, error: RunStopped) -> None:
        """Send nothing further from here: calls that wait here fail with `error`, other workers go on."""
        if self._ended is not None:
            return
        self._ended = error
        for future, _ in self._waiting:
            if not future.done():
                future.set_exception(error)
        self._waiting.clear()
        self._left.set()
        for other in self.beside:
            other.give_up(error)

    async def claim(self, claim: Claim) -> None:
        """Wait until this worker alone has what it claims.

        Raises:
            RunStopped: the run ends first.
        """
        wait = FIRST_CLAIM_S
        try:
            while not await self.link.claim(claim):
                if self._ended is not None:
                    raise self._ended
                await self.clock.sleep(wait)
                wait = min(CLAIM_S, 2 * wait)
        except (OSError, UnknownWorker) as error:
            lost = BrokerLost(f"the broker is lost: {said(error)}")
            self.give_up(lost)
            raise lost from error

    async def release(self, claim: Claim) -> None:
        """Let others claim it; where the broker is lost, so is the claim."""
        with suppress(OSError, UnknownWorker):
            await self.link.release(claim)

    def _may_enter(self, bound: CostBound) -> bool:
        now = self.clock.now()
        return (
            not self._doubts
            and self.in_flight < self._ceiling
            and bound.money <= self._money + CENT
            and now >= self._pause_until
            and (not self._paced or self._fresh(now, bound.tokens))
        )

    def _fresh(self, now: float, tokens: int) -> bool:
        """Whether there is a permit for so many tokens; those that are too old or too small are returned."""
        while self._permits and (self._permits[0].until < now or self._permits[0].tokens < tokens):
            stale = self._permits.popleft()
            self._pending.permits_back += 1
            self._pending.tokens_back += stale.tokens
        return bool(self._permits)

    def _take(self, bound: CostBound) -> None:
        self.in_flight += 1
        self._money -= bound.money
        if self._paced:
            self._pending.tokens_back += self._permits.popleft().tokens - bound.tokens

    def _serve(self) -> None:
        """Let waiting calls enter, first come first served."""
        while self._waiting:
            future, bound = self._waiting[0]
            if not future.cancelled():
                if not self._may_enter(bound):
                    self._poke.set()
                    return
                self._take(bound)
                future.set_result(None)
            self._waiting.popleft()

    def _hurry(self) -> None:
        """Report at the next tick, although the last grant said to wait longer."""
        self._urgent.set()
        self._poke.set()

    async def _keep_reporting(self) -> None:
        why = "its reports ended"
        try:
            while True:
                self._accept(await self.link.exchange(self._report()))
                await self.clock.sleep(TICK_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S / self.clock.speed):
                        await self._wait_for_need()
        except (OSError, UnknownWorker) as error:
            why = said(error)
        finally:
            if not self._leaving:
                self.give_up(BrokerLost(f"the broker is lost: {why}"))

    async def _wait_for_need(self) -> None:
        """Until a call lacks something and the broker may have it, or there is something urgent to report."""
        await self._poke.wait()
        left = max(0.0, self._again_at - self.clock.now())
        with suppress(TimeoutError):
            async with asyncio.timeout(left / self.clock.speed):
                await self._urgent.wait()

    def _accept(self, grant: Grant) -> None:
        now = self.clock.now()
        self._poke.clear()
        self._urgent.clear()
        if grant.slots < self._ceiling:
            self._poke.set()  # other workers get what is given back with the next report
        self._ceiling = grant.slots
        self._money += grant.money
        self._pause_until = max(self._pause_until, now + grant.pause_s) if grant.pause_s else self._pause_until
        self._permits.extend(RateToken(self._asked_tokens, now + LEASE_S) for _ in range(grant.permits))
        self._again_at = now + grant.again_s
        if grant.stop:
            self.give_up(RunStopped(grant.stop))
        self._serve()

    def _report(self, *, last: bool = False) -> WorkerReport:
        """What happened since the last report, and what the waiting calls need."""
        report, self._pending = self._pending, WorkerReport()
        report.counts, self.counts = self.counts, AskCounts()
        if last:
            report.money_back += max(0.0, self._money)
            report.permits_back += len(self._permits)
            return report
        heads = [bound for _, bound in self._waiting]
        lacking = max(0, min(len(heads), self._ceiling - self.in_flight) - len(self._permits)) if self._paced else 0
        self._asked_tokens = max((bound.tokens for bound in heads[:lacking]), default=0)
        report.held = max(self._ceiling, self.in_flight)
        report.want = max(self.busy, self.in_flight + len(heads))
        report.permits = lacking
        report.permit_tokens = self._asked_tokens
        report.in_flight = self.in_flight + self.working
        report.money_needed, report.money_least, back = money_wanted(
            heads, self._money, slots=self._ceiling, in_flight=self.in_flight, busy=self.busy
        )
        report.money_back += back
        self._money -= back
        return report
