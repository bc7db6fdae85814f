"""Speed of paid calls: the whole ask phase of a stage against the project's own stub server.

`make bench` or `python -m bench.paid_calls [--small]`. The stub runs in another process with a fixed latency; after a
first stage that starts the workers, stages of short prompts are measured: units → calls → journal → `replies`.
Efficiency is N·latency/in flight ÷ wall; as a slope it is the same over two sizes, without the fixed cost.
Writes bench/out/paid_calls.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil
from pyspark.sql import SparkSession

from stark_udfs.core.conf import load
from stark_udfs.core.records import Record, Shape
from stark_udfs.core.settings import ModelSettings, Settings
from stark_udfs.delta.session import spark_session
from stark_udfs.delta.tables import Tables
from stark_udfs.engine.asking import ask
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.progress import Quiet
from stark_udfs.llm.chat import Chat
from stark_udfs.llm.prompts import Prompt
from stark_udfs.udfs.replay import Script, unit_type

LATENCY_MS = 500
OUT = Path("bench/out/paid_calls.json")
FULL = {64: (4_000, 12_000), 256: (16_000, 48_000)}  # in flight: the two sizes
SMALL = {64: (1_024, 3_072)}


class Word(Record):
    """One unit of the bench."""

    word_id: str


class Said(Shape):
    """Its reply."""

    text: str = ""


def ask_word(row: Word, replies: Sequence[Said]) -> Prompt | None:
    """One short prompt."""
    return None if replies else Prompt("You answer in one word.", f"Say the word {row.word_id}.", Said)


def no_rows(row: Word, replies: Sequence[Said]) -> list[Word]:
    """Asking is what is measured."""
    return []


@dataclass(frozen=True)
class Measured:
    """One line of the table."""

    system: str
    in_flight: int
    latency_ms: int
    calls: int
    wall_s: float
    efficiency: float
    efficiency_slope: float | None
    fixed_s: float | None
    cpu_s_per_1000: float
    max_in_flight: int
    duplicates: int


@contextmanager
def stub(port: int) -> Iterator[str]:
    """The stub server in a process of its own; its address."""
    command = [sys.executable, "-m", "stark_udfs.llm.serve", "--port", str(port), "--latency-ms", str(LATENCY_MS)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                stats(url)
                break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def stats(url: str) -> dict[str, float]:
    """What the stub counted so far."""
    with urllib.request.urlopen(f"{url}/stats", timeout=10) as answer:
        found: dict[str, float] = json.load(answer)
    return found


def workers_cpu_s() -> float:
    """CPU seconds of the Python workers so far, those that ended included: their daemon has reaped them."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            if "pyspark.daemon" in process.cmdline():
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        except psutil.Error:
            continue
    return total


def once(spark: SparkSession, settings: Settings, url: str, *, in_flight: int, calls: int, name: str) -> Measured:
    """Ask `calls` units as one stage."""
    model = ModelSettings(name="bench", base_url=f"{url}/v1", in_flight=in_flight, timeout_s=60)
    chat = Chat(model=model, parameters={}, reply_tokens=50, reasks=0, seed=1)
    script = Script(name, Word, Word, ask_word, no_rows, chat)
    units = spark.createDataFrame(
        [(f"{name}-{i}", i, json.dumps({"word_id": f"{name}-{i}"}), "", 0, "new", None, 0) for i in range(calls)],
        unit_type(),
    )
    with ExitStack() as closing:
        context = Context(spark, settings, Tables(spark, settings.storage), name, Wanted(), Quiet(), closing)
        before, cpu = stats(url), workers_cpu_s()
        begun = time.monotonic()
        asked = ask(context, script, units)
        wall = time.monotonic() - begun
    after = stats(url)
    if asked.calls != calls:
        raise SystemExit(f"{asked.calls} of {calls} calls were answered: {asked.stopped}")
    return Measured(
        system="stark",
        in_flight=in_flight,
        latency_ms=LATENCY_MS,
        calls=calls,
        wall_s=round(wall, 2),
        efficiency=round(calls * LATENCY_MS / 1000 / in_flight / wall, 3),
        efficiency_slope=None,
        fixed_s=None,
        cpu_s_per_1000=round((workers_cpu_s() - cpu) / calls * 1000, 3),
        max_in_flight=int(after["max_in_flight"]),
        duplicates=int(after["duplicates"] - before["duplicates"]),
    )


def with_slopes(small: Measured, large: Measured) -> list[Measured]:
    """Both lines with what their difference says: efficiency without the fixed cost, and that cost."""
    per_call = (large.wall_s - small.wall_s) / (large.calls - small.calls)
    slope = round(LATENCY_MS / 1000 / small.in_flight / per_call, 3)
    fixed = round(small.wall_s - per_call * small.calls, 2)
    return [replace(line, efficiency_slope=slope, fixed_s=fixed) for line in (small, large)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="two small sizes at 64 in flight only")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each size; medians are kept")
    parser.add_argument("--port", type=int, default=8799)
    options = parser.parse_args()
    lines: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder, stub(options.port) as url:
        places = [f"storage.tables={folder}/tables", f"storage.files={folder}/files", f"spark.log={folder}/spark.log"]
        settings = load("conf", "demo", places)
        spark = spark_session(settings.spark, app="bench")
        first = once(spark, settings, url, in_flight=64, calls=256, name="warm")
        print(f"first stage of the session: {first.calls} calls in {first.wall_s} s")
        for in_flight, sizes in (SMALL if options.small else FULL).items():
            medians = []
            for size in sizes:
                runs = [
                    once(spark, settings, url, in_flight=in_flight, calls=size, name=f"b{in_flight}-{size}-{turn}")
                    for turn in range(options.repeat)
                ]
                medians.append(sorted(runs, key=lambda run: run.wall_s)[len(runs) // 2])
                walls = ", ".join(f"{run.wall_s:.1f}" for run in runs)
                print(f"{in_flight} in flight, {size} calls: {walls} s; stub CPU {stats(url)['cpu_s']:.1f} s in all")
            lines += with_slopes(*medians)
    print_table(lines)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")
    print(f"median efficiency {statistics.median(line.efficiency for line in lines):.3f}; written to {OUT}")


def print_table(lines: list[Measured]) -> None:
    """One line per size."""
    print("in flight   calls  wall s   eff.  slope  fixed s  CPU/1000   max dup")
    for line in lines:
        print(
            f"{line.in_flight:>9} {line.calls:>7} {line.wall_s:>7.1f} {line.efficiency:>6.3f} "
            f"{line.efficiency_slope or 0:>6.3f} {line.fixed_s or 0:>8.2f} {line.cpu_s_per_1000:>9.3f} "
            f"{line.max_in_flight:>5} {line.duplicates}"
        )


if __name__ == "__main__":
    main()
