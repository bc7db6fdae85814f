"""Rates: never more than the limit in any window of time, and nearly as much. Pure; time is passed in."""

from collections import deque
from dataclasses import dataclass

STEPS = 1_000  # grants closer than a window's thousandth are kept as one
BURST_S = 1.0  # of the limit's even flow, what may go at once: it absorbs requests that come late
LEASE_S = 0.4  # of seconds, how long a permit holds after its grant; a window is that much longer
WAY_S = 0.2  # and this much, for a request that is slow to arrive
NOTHING = 1e-9


class RateWindow:
    """At most `limit` in any `seconds`, evenly spread."""

    def __init__(self, limit: float, seconds: float = 60.0, lease: float = LEASE_S + WAY_S) -> None:
        """`lease`: seconds that may pass between a grant and the moment when the server counts it."""
        self.limit = limit
        self.seconds = seconds + lease
        self.rate = limit / seconds
        self.burst = max(2.0, self.rate * BURST_S)
        self.level = self.burst
        self.refilled: float | None = None
        self.taken = 0.0
        self.log: deque[tuple[float, float, float]] = deque()  # first time, last time, amount

    def room(self, now: float) -> float:
        """What may be taken now."""
        self._forget(now)
        if self.level <= 0:
            return 0.0
        return max(0.0, self.limit - self.taken)

    def fits(self, amount: float, now: float) -> bool:
        """Whether `amount` may be taken now; one that is larger than the limit may go alone."""
        room = self.room(now)
        return amount <= room + NOTHING or (room > 0 and self.taken <= NOTHING)

    def take(self, amount: float, now: float) -> None:
        """Take what `fits`; the level may go below zero, and the flow then pays it back."""
        self._forget(now)
        self.level -= amount
        self.taken += amount
        if self.log and now - self.log[-1][0] < self.seconds / STEPS:
            first, _, before = self.log[-1]
            self.log[-1] = (first, now, before + amount)
        else:
            self.log.append((now, now, amount))

    def back(self, amount: float) -> None:
        """Give back what was taken and not used. It comes off the oldest grants: never too little is remembered."""
        self.level = min(self.burst, self.level + amount)
        while amount > NOTHING and self.log:
            first, last, before = self.log[0]
            less = min(before, amount)
            amount -= less
            self.taken -= less
            if less >= before:
                self.log.popleft()
            else:
                self.log[0] = (first, last, before - less)

    def wait(self, amount: float, now: float) -> float:
        """Seconds after which `amount` may fit, if nobody else takes."""
        if self.fits(amount, now):
            return 0.0
        if self.level <= 0:
            return (NOTHING - self.level) / self.rate
        left = self.taken + amount - self.limit
        for _, last, before in self.log:
            left -= before
            if left <= NOTHING:
                return max(0.0, last + self.seconds - now)
        return self.seconds

    def _forget(self, now: float) -> None:
        if self.refilled is not None:
            self.level = min(self.burst, self.level + (now - self.refilled) * self.rate)
        self.refilled = now
        while self.log and self.log[0][1] + self.seconds <= now:
            self.taken -= self.log.popleft()[2]
        if not self.log:
            self.taken = 0.0


@dataclass
class RateToken:
    """A permit to send one request of at most `tokens` tokens before the time `until`."""

    tokens: int
    until: float
