"""The peers' speed of paid calls: `make bench-peers` or `python -m bench.peers [--only NAME] [--full]`.

Each peer is installed in an environment of its own and sends the calls of bench/paid_calls.py to the project's own stub
server, started anew for each run. Wall and CPU are those of the peer's own run call: imports are not in it, whatever
it starts and stops itself is. Replaces the peers' lines in bench/out/paid_calls.json. What was set: docs/peers.md.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from bench.peers.environments import NotInstalled, python_of, version_of
from bench.peers.process import Ran, run_peer
from bench.peers.task import Task
from bench.stubs import LATENCY_MS, OUT, Line, keep_lines, read_lines, stats, stub
from bench.words import Said, Word, ask_word
from stark_udfs.calls.reply.json_schema import json_schema

PEERS = ("distilabel", "curator", "data_designer")
SIZES = {64: (1_000, 3_000)}  # in flight: the two numbers of calls
FULL = {64: (4_000, 12_000), 256: (4_000, 12_000)}
REPLY_TOKENS = 50
STALLED = 20  # times the ideal wall, and two minutes more: then a run is ended


@dataclass(frozen=True)
class Measured:
    """One line of the file; what was not measured is None, and `happened` says why."""

    system: str
    in_flight: int | None = None
    latency_ms: int | None = None
    calls: int | None = None
    wall_s: float | None = None
    efficiency: float | None = None
    efficiency_slope: float | None = None
    fixed_s: float | None = None
    cpu_s_per_1000: float | None = None
    max_in_flight: int | None = None
    duplicates: int | None = None
    happened: str = ""

    @property
    def line(self) -> Line:
        """As the file has it."""
        return {name: value for name, value in asdict(self).items() if name != "happened" or value}


def task_of(url: str, folder: str, *, in_flight: int, calls: int) -> Task:
    """The calls of bench/paid_calls.py, as a peer is told them."""
    prompts = [ask_word(Word(word_id=f"w-{number}"), ()) for number in range(calls)]
    asked = [prompt for prompt in prompts if prompt is not None]
    return Task(
        url=f"{url}/v1",
        in_flight=in_flight,
        folder=folder,
        model="bench",
        system=asked[0].system,
        users=[prompt.user for prompt in asked],
        schema=dict(json_schema(Said)),
        reply_tokens=REPLY_TOKENS,
    )


def once(python: Path, name: str, *, in_flight: int, calls: int) -> Measured:
    """One run against a stub of its own, in a fresh folder."""
    ideal_s = calls * LATENCY_MS / 1000 / in_flight
    with tempfile.TemporaryDirectory() as folder, stub(latency_ms=LATENCY_MS) as url:
        task = task_of(url, folder, in_flight=in_flight, calls=calls)
        ran = run_peer(python, name, task, stub=url, limit_s=120 + STALLED * ideal_s)
        counted = stats(url)
    print(told(name, ran, counted, in_flight=in_flight, calls=calls), flush=True)
    whole = not ran.happened
    return Measured(
        system=name,
        in_flight=in_flight,
        latency_ms=LATENCY_MS,
        calls=calls,
        wall_s=round(ran.wall_s, 2) or None,
        efficiency=round(ideal_s / ran.wall_s, 3) if whole else None,
        cpu_s_per_1000=round(ran.cpu_s / calls * 1000, 3) if whole else None,
        max_in_flight=int(counted["max_in_flight"]),
        duplicates=int(counted["duplicates"]),
        happened=ran.happened,
    )


def told(name: str, ran: Ran, counted: dict[str, float], *, in_flight: int, calls: int) -> str:
    """One run in words."""
    asked, spent = int(counted.get("received", 0)), counted["cpu_s"]
    return (
        f"{name}, {in_flight} in flight, {calls} calls: {ran.wall_s:.1f} s, {asked} requests; "
        f"stub CPU {spent:.1f} s, other load {ran.foreign:.2f} cores{'; ' + ran.happened if ran.happened else ''}"
    )


def median(runs: Sequence[Measured]) -> Measured:
    """The run with the median wall; one that went wrong, where there is one."""
    wrong = [run for run in runs if run.happened]
    return wrong[0] if wrong else sorted(runs, key=lambda run: run.wall_s or 0.0)[len(runs) // 2]


def with_slopes(small: Measured, large: Measured) -> list[Measured]:
    """Both lines with what their difference says: efficiency without the fixed cost, and that cost."""
    if small.happened or large.happened:
        return [small, large]
    assert small.wall_s and large.wall_s and small.calls and large.calls and small.in_flight
    per_call = (large.wall_s - small.wall_s) / (large.calls - small.calls)
    if per_call <= 0:  # sizes too close for this machine's noise
        return [small, large]
    slope = round(LATENCY_MS / 1000 / small.in_flight / per_call, 3)
    fixed = round(small.wall_s - per_call * small.calls, 2)
    return [replace(line, efficiency_slope=slope, fixed_s=fixed) for line in (small, large)]


def measure(name: str, sizes: dict[int, tuple[int, int]], repeat: int) -> list[Measured]:
    """All lines of one peer; one that says why where it cannot be installed."""
    try:
        python = python_of(name)
    except NotInstalled as error:
        print(f"{name} was not installed: {error}", flush=True)
        return [Measured(name, happened=f"not installed: {error}")]
    print(f"{name}: {version_of(name)}", flush=True)
    lines: list[Measured] = []
    for in_flight, pair in sizes.items():
        small, large = (
            median([once(python, name, in_flight=in_flight, calls=calls) for _ in range(repeat)]) for calls in pair
        )
        lines += with_slopes(small, large)
    return lines


def print_table(lines: Sequence[Line]) -> None:
    """Every line of the file, the project's own too: those were measured by `make bench`, not in this run."""
    titles = ("system", "in flight", "calls", "wall s", "eff.", "slope", "fixed s", "CPU/1000", "max", "dup")
    names = ("system", "in_flight", "calls", "wall_s", "efficiency", "efficiency_slope", "fixed_s", "cpu_s_per_1000")
    print(f"{titles[0]:>20}" + "".join(f"{title:>10}" for title in titles[1:]))
    for line in lines:
        cells = [line.get(name) for name in (*names, "max_in_flight", "duplicates")]
        shown = ["–" if cell is None else str(cell) for cell in cells]
        row = f"{shown[0]:>20}" + "".join(f"{cell:>10}" for cell in shown[1:])
        print(f"{row}  {line.get('happened', '')}".rstrip())


def main() -> None:
    """Measure one peer after the other, keep each one's lines, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--only", choices=PEERS, action="append", help="this peer; may be given more than once")
    parser.add_argument("--full", action="store_true", help="4,000 and 12,000 calls at 64 and at 256 in flight")
    parser.add_argument("--sizes", type=int, nargs=3, metavar=("IN_FLIGHT", "SMALL", "LARGE"), help="these instead")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each size; the median is kept")
    options = parser.parse_args()
    sizes = FULL if options.full else SIZES
    if options.sizes:
        in_flight, small, large = options.sizes
        sizes = {in_flight: (small, large)}
    for name in options.only or PEERS:
        lines = [measured.line for measured in measure(name, sizes, options.repeat)]
        keep_lines(lines, [name])
    print_table(read_lines())
    print(f"written to {OUT}")


if __name__ == "__main__":
    main()
