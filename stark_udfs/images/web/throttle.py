"""Turns: no host is asked more often than it likes."""

import asyncio
from dataclasses import dataclass, field

REMEMBERED = 10_000  # hosts


@dataclass
class Turns:
    """Spaces out the requests to each host, within one event loop, or one after the other: loops share a clock."""

    interval_s: float
    _next: dict[str, float] = field(default_factory=dict)

    async def wait(self, host: str) -> None:
        """Return when it is this caller's turn to ask the host."""
        now = asyncio.get_running_loop().time()
        if len(self._next) > REMEMBERED:
            self._next = {name: time for name, time in self._next.items() if time > now}
        turn = max(now, self._next.get(host, now))
        self._next[host] = turn + self.interval_s
        if turn > now:
            await asyncio.sleep(turn - now)
