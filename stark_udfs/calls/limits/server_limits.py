"""The limits of one model server: slots shared by need, rates, backing off on 429, a circuit breaker.

Pure: time is passed in, and nothing waits here.
"""

from collections.abc import Mapping

from stark_udfs.calls.limits.messages import CallLimits, WorkerReport
from stark_udfs.calls.limits.rate import RateWindow

LONGEST_PROBE_S = 30.0
POLL_S = 0.2  # how soon a worker that lacks slots or permits should ask again; a window's burst covers the wait


class ServerLimits:
    """One server's limits and who holds what of them."""

    def __init__(self, limits: CallLimits, now: float) -> None:
        """All slots are free."""
        self.limits = limits
        self.allowed = float(limits.in_flight)
        self.held: dict[str, int] = {}
        self.want: dict[str, int] = {}
        self.answered = 0  # since the last change of `allowed`
        self.ignored = 0  # outcomes of calls that were on their way when `allowed` was halved
        self.pause_until = now
        self.failed_in_row = 0
        self.last_answer = now
        self.opened: float | None = None
        self.probe_s = limits.probe_s
        self.requests = None if limits.requests_per_minute is None else RateWindow(limits.requests_per_minute)
        self.tokens = None if limits.tokens_per_minute is None else RateWindow(limits.tokens_per_minute)

    def hear(self, report: WorkerReport, now: float) -> str:
        """Take in how calls went; returns why to stop, or nothing."""
        if report.throttled:
            self._slow_down(report, now)
        if report.answered:
            self._speed_up(report.answered, now)
        if report.failed:
            return self._count_failures(report, now)
        return ""

    def slots(self, worker: str, report: WorkerReport) -> int:
        """How many calls the worker may have in flight from now on."""
        self.held[worker] = report.held
        self.want[worker] = report.want
        total = 1 if self.opened is not None else int(self.allowed)
        target = fair_shares(self.want, total)[worker]
        if target > report.held:
            free = max(0, total - sum(self.held.values()))
            target = min(target, report.held + free)
            self.held[worker] = max(target, report.held)
        return target

    def permits(self, report: WorkerReport, now: float) -> int:
        """How many of the wanted requests may go within the lease."""
        if self.requests and report.permits_back:
            self.requests.back(report.permits_back)
        if self.tokens and report.tokens_back:
            self.tokens.back(report.tokens_back)
        granted = 0
        while granted < report.permits and self._fits(report.permit_tokens, now):
            if self.requests:
                self.requests.take(1, now)
            if self.tokens:
                self.tokens.take(report.permit_tokens, now)
            granted += 1
        return granted

    def again(self, report: WorkerReport, permits: int, slots: int, now: float) -> float:
        """Seconds after which it makes sense to ask for more."""
        waits = [max(0.0, self.pause_until - now)]
        if permits < report.permits:
            waits.append(self.requests.wait(1, now) if self.requests else 0.0)
            waits.append(self.tokens.wait(report.permit_tokens, now) if self.tokens else 0.0)
        if slots < report.want or permits < report.permits:
            waits.append(POLL_S)
        return max(waits)

    def leave(self, worker: str) -> None:
        """The worker is gone; its slots are free."""
        self.held.pop(worker, None)
        self.want.pop(worker, None)

    def _fits(self, tokens: int, now: float) -> bool:
        requests = self.requests is None or self.requests.fits(1, now)
        return requests and (self.tokens is None or self.tokens.fits(tokens, now))

    def _slow_down(self, report: WorkerReport, now: float) -> None:
        self.pause_until = max(self.pause_until, now + report.retry_after)
        self.last_answer = now  # a server that says 429 is there
        if self.ignored <= 0:
            self.allowed = max(1.0, self.allowed / 2)
            self.ignored = sum(self.held.values())
            self.answered = 0
        self.ignored -= report.throttled

    def _speed_up(self, answered: int, now: float) -> None:
        self.failed_in_row = 0
        self.last_answer = now
        self.opened = None
        self.probe_s = self.limits.probe_s
        self.ignored -= answered
        self.answered += answered
        while self.answered >= self.allowed < self.limits.in_flight:
            self.answered -= int(self.allowed)
            self.allowed = min(float(self.limits.in_flight), int(self.allowed) + 1.0)

    def _count_failures(self, report: WorkerReport, now: float) -> str:
        self.failed_in_row += report.failed
        self.ignored -= report.failed
        silent = now - self.last_answer
        if self.opened is None:
            if self.failed_in_row < self.limits.trip_after or silent < self.limits.trip_s:
                return ""
            self.opened = now
        elif now >= self.pause_until:
            self.probe_s = min(LONGEST_PROBE_S, self.probe_s * 2)
        self.pause_until = max(self.pause_until, now + self.probe_s)
        if now - self.opened >= self.limits.give_up_s:
            return f"the server has not answered for {silent:.0f} s; last: {report.detail}"
        return ""


def fair_shares(wants: Mapping[str, int], total: int) -> dict[str, int]:
    """`total` shared so that nobody gets more than it wants and nobody who wants more gets less than another."""
    shares = dict.fromkeys(wants, 0)
    left = total
    waiting = sorted(wants, key=lambda worker: (wants[worker], worker))
    for place, worker in enumerate(waiting):
        even = -(-left // (len(waiting) - place))  # rounded up: what cannot be shared evenly goes to the first
        shares[worker] = min(wants[worker], even)
        left -= shares[worker]
    return shares
