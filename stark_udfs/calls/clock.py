"""Time as the paid-call layer sees it: passed in, so that tests can run a minute in a moment."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Clock:
    """Seconds since some start. `speed` 60: an hour of this clock is a minute of the wall."""

    speed: float = 1.0

    def now(self) -> float:
        """Seconds; only differences mean anything."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def stamp(self) -> str:
        """The wall's time, UTC, ISO 8601."""
        return datetime.now(UTC).isoformat(timespec="milliseconds")
