"""Speed of paid calls: the whole ask phase of a stage against the project's own stub server.

`make bench`, or `python -m bench.paid_calls [--small] [--speed] [--udf] [--lognormal] [--tasks] [--rate]`: the parts
named, or all. Replaces its own lines in bench/out/paid_calls.json. What is measured, and how: docs/paid-calls.md.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from bench.phase import TRIES, Run, Session, Wish, median
from bench.stubs import LATENCY_MS, OUT, Line, keep_lines
from bench.window import Tail, ideal_s
from stark_udfs.core.ids import Json

FIRST = Wish(in_flight=64, calls=256)
PARTS = ("speed", "udf", "lognormal", "tasks", "rate")
SLOTS = 8  # Spark tasks at once in the parts that have more than two


@dataclass(frozen=True)
class Sizes:
    """How much is asked. speed: in flight → two sizes. lognormal: two sizes. rate: requests a minute, and calls."""

    speed: dict[int, tuple[int, int]]
    lognormal: tuple[int, int]
    tasks: int
    rate: tuple[int, int]


FULL = Sizes({64: (4_000, 12_000), 256: (16_000, 48_000)}, (4_000, 12_000), 2_000, (1_200, 2_700))
SMALL = Sizes({64: (512, 1_536)}, (512, 1_536), 320, (600, 640))


@dataclass(frozen=True)
class Measured:
    """One line of the file; what does not apply is None. `more` is what this program alone tells."""

    system: str
    in_flight: int
    latency_ms: int
    calls: int
    wall_s: float
    efficiency: float | None
    efficiency_slope: float | None
    fixed_s: float | None
    cpu_s_per_1000: float
    max_in_flight: int
    duplicates: int
    more: dict[str, Json] = field(default_factory=dict)

    @classmethod
    def of(
        cls, system: str, run: Run, *, efficiency: float | None, more: dict[str, Json], slope: "Slope | None" = None
    ) -> "Measured":
        """The line of one run."""
        return cls(
            system=system,
            in_flight=run.wish.in_flight,
            latency_ms=LATENCY_MS,
            calls=run.wish.calls,
            wall_s=round(run.wall_s, 2),
            efficiency=None if efficiency is None else round(efficiency, 3),
            efficiency_slope=None if slope is None else round(slope.efficiency, 3),
            fixed_s=None if slope is None else round(slope.fixed_s, 2),
            cpu_s_per_1000=round(run.workers_s / run.wish.calls * 1000, 3),
            max_in_flight=run.max_in_flight,
            duplicates=run.duplicates,
            more={
                "cpu_slope": None if slope is None else round(slope.cpu_s_per_1000, 3),
                "tasks": run.wish.tasks,
                "at_server_s": round(Tail.of(run.told).span, 2),
                "stub_cpu_s": round(run.stub_s, 2),
                "foreign_load": round(run.foreign, 2),
                **more,
            },
        )

    @property
    def line(self) -> Line:
        """As the file has it."""
        line = asdict(self)
        return {**line, **line.pop("more")}


@dataclass(frozen=True)
class Slope:
    """What two sizes say together: efficiency and CPU of the calls beyond the smaller size, and the fixed cost."""

    efficiency: float
    fixed_s: float
    cpu_s_per_1000: float

    @classmethod
    def of(cls, small: Run, large: Run, ideal: Callable[[Run], float]) -> "Slope":
        """`ideal`: the wall of a run if nothing but the server took time."""
        calls = large.wish.calls - small.wish.calls
        ideal_more = ideal(large) - ideal(small)
        wall_more = large.wall_s - small.wall_s
        return cls(
            efficiency=ideal_more / wall_more,
            fixed_s=small.wall_s - ideal(small) * wall_more / ideal_more,
            cpu_s_per_1000=(large.workers_s - small.workers_s) / calls * 1000,
        )


def fixed_ideal_s(run: Run) -> float:
    """All slots always taken, each call of the fixed latency."""
    return run.wish.calls * LATENCY_MS / 1000 / run.wish.in_flight


def window_ideal_s(run: Run) -> float:
    """The latencies that the server drew, through an ideal window."""
    return ideal_s(run.told["latency_s"], run.wish.in_flight)


def speed(session: Session, sizes: Sizes, repeat: int, *, udf: bool = False) -> list[Measured]:
    """Fixed latency, two sizes at each number in flight; by the ask phase of a stage, or by `chat_udf` at the least."""
    lines: list[Measured] = []
    system = "chat_udf" if udf else "stark"
    for in_flight, pair in list(sizes.speed.items())[: 1 if udf else None]:
        print(f"{system}: fixed latency, {in_flight} in flight", flush=True)
        runs = [[session.quiet(Wish(in_flight, calls, udf=udf)) for _ in range(repeat)] for calls in pair]
        small, large = map(median, runs)
        slope = Slope.of(small, large, fixed_ideal_s)
        for run, all_runs in zip((small, large), runs, strict=True):
            walls: dict[str, Json] = {"walls_s": [round(one.wall_s, 2) for one in all_runs]}
            lines.append(Measured.of(system, run, efficiency=run.efficiency, slope=slope, more=walls))
    return lines


def lognormal(session: Session, sizes: Sizes, repeat: int) -> list[Measured]:
    """Lognormal latency, held against an ideal sliding window over the very latencies that were drawn."""
    print("lognormal latency, sigma 0.6", flush=True)
    small, large = (
        median([session.quiet(Wish(64, calls, sigma=0.6)) for _ in range(repeat)]) for calls in sizes.lognormal
    )
    slope = Slope.of(small, large, window_ideal_s)
    lines = []
    for run in (small, large):
        tail, ideal = Tail.of(run.told), window_ideal_s(run)
        more: dict[str, Json] = {"sigma": run.wish.sigma, "ideal_s": round(ideal, 2)}
        more |= {"efficiency_at_server": round(ideal / tail.span, 3)}
        more |= {f"tail_{name}_s": round(seconds, 2) for name, seconds in asdict(tail).items()}
        lines.append(Measured.of("stark-lognormal", run, efficiency=ideal / run.wall_s, slope=slope, more=more))
        print(
            f"  {run.wish.calls} calls: {ideal / run.wall_s:.3f} of the ideal window, {ideal / tail.span:.3f} at the "
            f"server; latency p50 {tail.p50:.2f}, p95 {tail.p95:.2f}, p99 {tail.p99:.2f}, max {tail.longest:.2f} s; "
            f"after the last call was sent {tail.alone:.2f} s"
        )
    return lines


def tasks(session: Session, sizes: Sizes) -> list[Measured]:
    """More Spark tasks, one limit."""
    print("2, 4 and 8 tasks", flush=True)
    runs = [session.quiet(Wish(64, sizes.tasks, tasks=count)) for count in (2, 4, 8)]
    print(f"  at most in flight: {', '.join(str(run.max_in_flight) for run in runs)}")
    return [Measured.of("stark-tasks", run, efficiency=run.efficiency, more={}) for run in runs]


def rate(session: Session, sizes: Sizes) -> list[Measured]:
    """Requests a minute with four tasks."""
    allowed, calls = sizes.rate
    print(f"{allowed} requests a minute, 4 tasks", flush=True)
    run = session.once(Wish(64, calls, tasks=4, rate=allowed))
    print(f"  {run}; {run.fullest} requests in the fullest minute, {run.fullest / allowed:.3f} of the limit")
    more: dict[str, Json] = {"requests_per_minute": allowed, "fullest_minute": run.fullest}
    return [Measured.of("stark-rate", run, efficiency=None, more=more)]


def first(session: Session) -> list[Measured]:
    """The first stage of a session starts Python workers and warms the JVM."""
    run = session.once(FIRST)
    print(f"first stage of the session\n  {run}", flush=True)
    return [Measured.of("stark-first-stage", run, efficiency=run.efficiency, more={})]


def keep(lines: Sequence[Measured]) -> None:
    """Print the lines of a part and put them into the file."""
    print("           system in flight  calls  wall s   eff.  slope fixed s CPU/1000 slope   max dup")
    for line in lines:
        print(
            f"{line.system:>17} {line.in_flight:>9} {line.calls:>6} {line.wall_s:>7.2f} {_shown(line.efficiency):>6} "
            f"{_shown(line.efficiency_slope):>6} {_shown(line.fixed_s):>7} {line.cpu_s_per_1000:>8.3f} "
            f"{_shown(line.more['cpu_slope']):>5} {line.max_in_flight:>5} {line.duplicates:>3}"
        )
    keep_lines([line.line for line in lines], sorted({line.system for line in lines}))
    print(f"written to {OUT}\n", flush=True)


def _shown(value: Json) -> str:
    return "–" if value is None else str(value)


def main() -> None:
    """Measure part by part; each part's lines are kept as soon as it ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.paid_calls", description=__doc__)
    for part in PARTS:
        parser.add_argument(f"--{part}", action="store_true", help="this part; may stand beside others")
    parser.add_argument("--small", action="store_true", help="small sizes, one run each: a try in three minutes")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each size; the median is kept")
    options = parser.parse_args()
    wanted = {part for part in PARTS if getattr(options, part)} or set(PARTS)
    sizes, repeat, tries = (SMALL, 1, 1) if options.small else (FULL, options.repeat, TRIES)
    if wanted & {"speed", "udf", "lognormal"}:
        with tempfile.TemporaryDirectory() as folder, Session(2, folder, tries) as session:
            keep(first(session))
            if "speed" in wanted:
                keep(speed(session, sizes, repeat))
            if "udf" in wanted:
                keep(speed(session, sizes, repeat, udf=True))
            if "lognormal" in wanted:
                keep(lognormal(session, sizes, repeat))
    if wanted & {"tasks", "rate"}:
        with tempfile.TemporaryDirectory() as folder, Session(SLOTS, folder, tries) as session:
            session.once(FIRST)
            if "tasks" in wanted:
                keep(tasks(session, sizes))
            if "rate" in wanted:
                keep(rate(session, sizes))


if __name__ == "__main__":
    main()
