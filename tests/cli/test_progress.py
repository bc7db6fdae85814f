import io
import os
import signal
import subprocess
import sys

from rich.console import Console

from stark_udfs.cli.progress import Bars, Lines, Throughput, line_of, short, span, watching
from stark_udfs.engine.progress import StageProgress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def counts(done: int, calls: int = 0) -> StageProgress:
    return StageProgress(
        stage="sessions", units=100, units_done=done, calls=calls, rejected=3, tokens=1_250_000, money=0.5
    )


def describe_pace():
    def it_tells_the_rate_and_the_time_left():
        clock = Clock()
        pace = Throughput(clock)
        assert pace.saw(counts(0)) == (0.0, None)
        clock.now = 10.0
        assert pace.saw(counts(20, calls=50)) == (5.0, 40.0)

    def it_looks_at_the_last_seconds_only():
        clock = Clock()
        pace = Throughput(clock)
        for clock.now, done in ((0.0, 0), (100.0, 10), (110.0, 60)):
            rate = pace.saw(counts(done, calls=done))
        assert rate == (5.0, 8.0)


def describe_lines():
    def it_says_a_line_every_thirty_seconds_with_the_run():
        clock, said = Clock(), []
        watch = Lines(said.append, clock=clock)
        watch.began("20260101-000000-abcd")
        watch.started("sessions", 100)
        for second in range(0, 65):
            clock.now = float(second)
            watch.counted(counts(second, calls=2 * second))
        watch.ended("sessions")
        assert len(said) == 4
        assert all(line.startswith("20260101-000000-abcd sessions: ") for line in said)
        assert "30 of 100 rows, 70 left, 60 calls, 2.0/s, 3 rejected, 1.2M tokens, 0.5000 spent" in said[1]
        assert "about 1 min 10 s to go" in said[1]


def describe_bars():
    def it_draws_each_stage_and_speaks_above_them():
        text = io.StringIO()
        screen = Console(file=text, force_terminal=True, width=160, color_system=None)
        with Bars(screen) as bars:
            bars.began("r1")
            bars.started("sessions", 100)
            bars.counted(counts(40))
            bars.said("took over [red] a \x1b[2J lock")
            bars.ended("sessions")
            bars.ended("summaries")
        shown = text.getvalue()
        assert "40 of 100 rows" in shown
        assert "took over [red] a \ufffd[2J lock" in shown
        assert "nothing to ask" in shown


def describe_watching():
    def it_takes_the_first_interrupt_for_a_wish():
        watch = Lines(lambda _line: None)
        before = signal.getsignal(signal.SIGINT)
        with watching(watch):
            assert not watch.stop_requested()
            os.kill(os.getpid(), signal.SIGINT)
            assert watch.stop_requested()
        assert signal.getsignal(signal.SIGINT) is before

    def it_takes_the_second_for_an_order():
        code = """
import os, signal
from stark_udfs.cli.progress import Lines, watching
with watching(Lines()):
    os.kill(os.getpid(), signal.SIGINT)
    print("still here", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    print("never", flush=True)
"""
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (130, "still here\n")
        assert "stopping; what is in flight is finished" in ended.stderr


def describe_line_of():
    def it_names_throttling_and_notes_only_where_there_are_some():
        assert "throttled" not in line_of(counts(1), 0.0, None)
        busy = StageProgress(stage="s", units=2, throttled=7, note="waits")
        assert line_of(busy, 0.0, None).endswith("7 throttled, waits")


def describe_numbers():
    def it_shortens_them():
        assert [short(n) for n in (999, 1_500, 2_000_000)] == ["999", "1.5k", "2.0M"]
        assert [span(s) for s in (5, 65, 4_000)] == ["5 s", "1 min 05 s", "1 h 06 min"]
