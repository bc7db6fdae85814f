"""Turns: no host is asked more often than it likes."""

import asyncio
import threading
from dataclasses import dataclass, field

REMEMBERED = 10_000  # hosts


@dataclass
class Turns:
    """Spaces out the requests to each host, over all threads and event loops of a process: loops share a clock."""

    interval_s: float
    _next: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    async def wait(self, host: str) -> None:
        """Return when it is this caller's turn to ask the host."""
        now = asyncio.get_running_loop().time()
        with self._lock:
            if len(self._next) > REMEMBERED:
                self._next = {name: time for name, time in self._next.items() if time > now}
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self.interval_s
        if turn > now:
            await asyncio.sleep(turn - now)
