"""Memory of the Python worker that asks, and of the one that replays, with all units in one partition.

A worker's peak (the kernel's high-water mark of its resident set) is told beside what a worker holds after the imports.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from bench.scale import given
from bench.scale.figures import Figures, timed
from bench.scale.workers import Watched, baseline_mb, session, watched
from bench.stubs import stats, stub
from stark_udfs.engine.ask.phase import ask
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.progress import Quiet, StageProgress
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.engine.unit_stage import replay_units
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables.tables import Tables

CASE = "memory"
LIMIT_MB = 300
LATENCY_MS = 5
IN_FLIGHT = 64
ONE = ("spark.partitions=1", "spark.driver_memory=4g")


@dataclass
class Peaks(Quiet):
    """Notes the workers' peak while asking; what comes after the last count is no asking any more."""

    seen: Watched | None = None
    mb: float = 0.0

    def counted(self, counts: StageProgress) -> None:
        """About once a second."""
        if self.seen is not None:
            self.mb = self.seen.peak_mb()


def measure(units: int) -> Iterator[Figures]:
    """Ask `units` units in one partition, then replay as many."""
    yield _asking(units)
    yield _replaying(units)


def _asking(units: int) -> Figures:
    model = (f"models.default.in_flight={IN_FLIGHT}", "models.default.timeout_s=60")
    with TemporaryDirectory() as folder, stub(latency_ms=LATENCY_MS) as url, ExitStack() as closing:
        settings = given.settings_in(folder, *ONE, *model, f"models.default.base_url={url}/v1")
        spark = closing.enter_context(session(settings))
        base = baseline_mb(spark)
        seen = closing.enter_context(watched())
        peaks = Peaks(seen=seen)
        context = Context(spark, settings, Tables(spark, settings.storage), "scale", Wanted(), peaks, closing)
        asked, took = timed(lambda: ask(context, given.script(settings), given.units(spark, units, 2), units))
        if asked.calls != units:
            raise SystemExit(f"{asked.calls} of {units} calls were answered: {asked.stopped}")
        return {
            **_told("asking", units, base, peaks.mb),
            "in_flight": IN_FLIGHT,
            "latency_ms": LATENCY_MS,
            "max_in_flight": stats(url)["max_in_flight"],
            "peak_with_journal_read_mb": seen.peak_mb(),
            **took,
        }


def _replaying(units: int) -> Figures:
    with TemporaryDirectory() as folder, ExitStack() as closing:
        settings = given.settings_in(folder, *ONE)
        with session(settings) as making:
            stored = given.replies(making, given.script(settings), units, 2)
            Tables(making, settings.storage).append(REPLIES, stored)
        spark = closing.enter_context(session(settings))  # workers that have done nothing else
        base = baseline_mb(spark)
        seen = closing.enter_context(watched())
        context = Context(spark, settings, Tables(spark, settings.storage), "scale", Wanted(), Quiet(), closing)
        played = replay_units(context, personas.stage(settings), given.units(spark, units, 1))
        _, took = timed(played.write.format("noop").mode("overwrite").save)
        return {**_told("replaying", units, base, seen.peak_mb()), "rows": units * given.SENTENCES, **took}


def _told(what: str, units: int, base: float, peak: float) -> Figures:
    above = round(peak - base, 1)
    return {
        "what": what,
        "units": units,
        "partitions": 1,
        "baseline_mb": base,
        "peak_mb": peak,
        "above_mb": above,
        "limit_mb": LIMIT_MB,
        "ok": above <= LIMIT_MB,
    }
