"""Progress: bars on a terminal, else a line every 30 seconds; Ctrl-C asks the run to end well, then ends it."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from stark_udfs.cli.console import plain, tell
from stark_udfs.cli.options import INTERRUPTED
from stark_udfs.engine.progress import StageProgress

EVERY_S = 30.0
WINDOW_S = 20.0
STOPPING = b"\nstark: stopping; what is in flight is finished and kept. Once more: quit now.\n"
OUT = b"\nstark: out; the next run goes on from the replies that were kept.\n"


class Throughput:
    """Units a second over the last seconds, and what that means for the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock = clock
        self._seen: list[tuple[float, int, int]] = []

    def saw(self, counts: StageProgress) -> tuple[float, float | None]:
        """Calls a second, and seconds left; None where that cannot be told yet."""
        now = self._clock()
        self._seen = [one for one in self._seen if now - one[0] <= WINDOW_S]
        self._seen.append((now, counts.calls, counts.units_done))
        at, calls, done = self._seen[0]
        if now - at < 1 or counts.units_done == done:
            return (counts.calls - calls) / max(now - at, 1e-9) if now > at else 0.0, None
        left = (counts.units - counts.units_done) * (now - at) / (counts.units_done - done)
        return (counts.calls - calls) / (now - at), left


def line_of(counts: StageProgress, rate: float, left: float | None) -> str:
    """Where a stage stands, in one line."""
    parts = [
        f"{counts.units_done:,} of {counts.units:,} rows",
        f"{max(0, counts.units - counts.units_done):,} left",
        f"{counts.calls:,} calls",
        f"{rate:.1f}/s",
        f"{counts.rejected:,} rejected",
        f"{short(counts.tokens)} tokens",
        f"{counts.money:.4f} spent" if counts.money < 1 else f"{counts.money:.2f} spent",
        f"{counts.in_flight} in flight",
    ]
    if counts.throttled:
        parts.append(f"{counts.throttled:,} throttled")
    if left is not None:
        parts.append(f"about {span(left)} to go")
    if counts.note:
        parts.append(plain(counts.note))
    return ", ".join(parts)


def short(number: int) -> str:
    """1,234,567 as 1.2M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return str(number)


def span(seconds: float) -> str:
    """4,000 seconds as 1 h 07 min."""
    minutes = int(seconds // 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {int(seconds % 60):02d} s" if minutes else f"{int(seconds)} s"


class Stopping:
    """The user's wish to stop, as signals bring it."""

    def __init__(self) -> None:
        """Not yet."""
        self._wish = threading.Event()

    def stop_requested(self) -> bool:
        """Whether the run should end."""
        return self._wish.is_set()

    def on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """The first time: finish what is in flight and keep it. The second: out."""
        if self._wish.is_set():
            os.write(sys.stderr.fileno(), OUT)
            os._exit(INTERRUPTED)
        self._wish.set()
        os.write(sys.stderr.fileno(), STOPPING)


class Lines(Stopping):
    """Progress where there is no terminal."""

    def __init__(
        self, write: Callable[[str], None] = tell, every_s: float = EVERY_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Args: `write` takes one line; `every_s` seconds lie between two lines of a stage."""
        super().__init__()
        self._write, self._every_s, self._clock = write, every_s, clock
        self._run = ""
        self._pace = Throughput(clock)
        self._told = 0.0

    def began(self, run_id: str) -> None:
        """Remember the run's id: it begins every line."""
        self._run = run_id

    def started(self, stage: str, units: int) -> None:
        """Say what begins."""
        self._pace, self._told = Throughput(self._clock), self._clock()
        self._line(stage, f"asking for {units:,} rows")

    def counted(self, counts: StageProgress) -> None:
        """Say where it stands, now and then."""
        rate, left = self._pace.saw(counts)
        if self._clock() - self._told >= self._every_s:
            self._told = self._clock()
            self._line(counts.stage, line_of(counts, rate, left))

    def ended(self, stage: str) -> None:
        """Say so."""
        self._line(stage, "done")

    def said(self, line: str) -> None:
        """Pass it on."""
        self._write(" ".join(part for part in (self._run, line) if part))

    def _line(self, stage: str, text: str) -> None:
        self.said(f"{stage}: {text}")


class Bars(Stopping):
    """Progress on a terminal: one bar per stage that asks."""

    def __init__(self, console: Console) -> None:
        """`console`: where the bars are drawn."""
        super().__init__()
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[line]}", markup=False),
            console=console,
            refresh_per_second=4,
        )
        self._tasks: dict[str, TaskID] = {}
        self._pace = Throughput()

    def __enter__(self) -> "Bars":
        """Begin to draw."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state on the screen."""
        self._bars.stop()

    def began(self, run_id: str) -> None:
        """Say which run this is."""
        self.said(f"run {run_id}")

    def started(self, stage: str, units: int) -> None:
        """A new bar."""
        self._pace = Throughput()
        self._tasks[stage] = self._bars.add_task(stage, total=units, line=f"{units:,} rows")

    def counted(self, counts: StageProgress) -> None:
        """Move the bar."""
        rate, left = self._pace.saw(counts)
        task = self._tasks.get(counts.stage)
        if task is not None:
            line = line_of(counts, rate, left)
            self._bars.update(task, completed=counts.units_done, total=counts.units, line=line)

    def ended(self, stage: str) -> None:
        """A stage without a bar asked nothing."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=1, completed=1, line="nothing to ask")

    def said(self, line: str) -> None:
        """Above the bars."""
        self._bars.console.print(Text(plain(line)))


@contextmanager
def watching(watch: Stopping) -> Iterator[None]:
    """Ctrl-C goes to `watch`. Enter it after Spark has started: Spark sets a handler of its own."""
    before = signal.signal(signal.SIGINT, watch.on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
