"""One ask phase, measured: units → calls → journal → `replies`, against a stub server started anew for it.

Or the same calls by a column of prompts and `chat_udf`.
"""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from pyspark.sql import SparkSession

from bench import words
from bench.load import Cpu
from bench.stubs import LATENCY_MS, stats, stub
from bench.stubs import calls as calls_of
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.engine.ask.phase import Asked, ask
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.frames import stored
from stark_udfs.engine.progress import Quiet
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tables import Tables

QUIET_CORES = 0.3  # of foreign load; a run with more is repeated
TRIES = 3


@dataclass(frozen=True)
class Wish:
    """What to run. sigma: of lognormal latency; 0: fixed. rate: requests a minute that are allowed; None: no limit.

    udf: by `chat_udf` over a column of prompts instead of a stage's ask phase.
    """

    in_flight: int
    calls: int
    tasks: int = 2
    sigma: float = 0.0
    rate: int | None = None
    udf: bool = False


@dataclass(frozen=True)
class Run:
    """One run of a wish. CPU in seconds, wall in seconds; foreign in cores; fullest: requests in the fullest minute."""

    wish: Wish
    wall_s: float
    workers_s: float
    stub_s: float
    foreign: float
    max_in_flight: int
    duplicates: int
    fullest: int
    told: dict[str, list[float]]

    @property
    def efficiency(self) -> float:
        """Of a fixed latency: calls times latency over slots, over the wall."""
        return self.wish.calls * LATENCY_MS / 1000 / self.wish.in_flight / self.wall_s

    def __str__(self) -> str:
        return (
            f"{self.wish.calls} calls, {self.wish.in_flight} in flight, {self.wish.tasks} tasks: {self.wall_s:.2f} s; "
            f"CPU workers {self.workers_s:.1f} s, stub {self.stub_s:.1f} s; foreign load {self.foreign:.2f} cores"
        )


class Session:
    """A Spark session and a warehouse that are thrown away; stages run in it one after the other."""

    def __init__(self, slots: int, folder: str, tries: int = TRIES) -> None:
        """`slots`: Spark tasks at once. `tries`: runs until one is quiet, at most."""
        places = [f"storage.tables={folder}/tables", f"storage.files={folder}/files", f"spark.log={folder}/spark.log"]
        self.settings = load_settings("demo", overrides=[*places, f"spark.master=local[{slots},4]"])
        self.folder = folder
        self.tries = tries
        self.stages = 0
        self._spark: SparkSession | None = None

    def __enter__(self) -> Self:
        self._spark = spark_session(self.settings.spark, app="bench")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.spark.stop()

    @property
    def spark(self) -> SparkSession:
        """The session, while the block runs."""
        assert self._spark is not None
        return self._spark

    def quiet(self, wish: Wish) -> Run:
        """A run while nobody else worked; after some tries, the one with the least foreign load."""
        runs: list[Run] = []
        while len(runs) < self.tries:
            runs.append(self.once(wish))
            print(f"  {runs[-1]}", flush=True)
            if runs[-1].foreign <= QUIET_CORES:
                return runs[-1]
            more = len(runs) < self.tries
            print(
                f"  others worked meanwhile: {'again' if more else 'kept all the same, the quietest run'}", flush=True
            )
        return min(runs, key=lambda run: run.foreign)

    def once(self, wish: Wish) -> Run:
        """One stage of its own name."""
        self.stages += 1
        name = f"bench{self.stages}"
        path = str(Path(self.folder) / name)
        rows = words.units(self.spark, name, wish.calls)
        with stub(latency_ms=LATENCY_MS, sigma=wish.sigma) as url, stored(rows, path) as units, ExitStack() as closing:
            settings = self._settings(wish)
            tables = Tables(self.spark, settings.storage)
            context = Context(self.spark, settings, tables, name, Wanted(), Quiet(), closing)
            script = words.script(name, _chat(wish, url))
            model = _model(wish, url, name)
            asked_by = {"calls": wish.calls, "tasks": wish.tasks}
            said = words.column(self.spark, name, **asked_by, settings=settings, model=model) if wish.udf else None
            cpu, begun = Cpu.now(), time.monotonic()
            if said is not None:
                asked = Asked(calls=said.where("said.error IS NULL AND NOT said.reused").count())
            else:
                asked = ask(context, script, units, wish.calls)
            wall = time.monotonic() - begun
            used, counted = Cpu.now().since(cpu), stats(url)
            if asked.calls != wish.calls:
                raise SystemExit(f"{asked.calls} of {wish.calls} calls were answered: {asked.stopped}")
            return Run(
                wish=wish,
                wall_s=wall,
                workers_s=used.workers,
                stub_s=counted["cpu_s"],
                foreign=used.foreign(wall),
                max_in_flight=int(counted["max_in_flight"]),
                duplicates=int(counted["duplicates"]),
                fullest=int(counted["most_in_a_minute"]),
                told=calls_of(url),
            )

    def _settings(self, wish: Wish) -> Settings:
        spark = self.settings.spark.model_copy(update={"partitions": wish.tasks})
        return self.settings.model_copy(update={"spark": spark})


def median(runs: list[Run]) -> Run:
    """The run with the median wall, with the most of what must never be too much."""
    middle = sorted(runs, key=lambda run: run.wall_s)[len(runs) // 2]
    return replace(
        middle,
        max_in_flight=max(run.max_in_flight for run in runs),
        duplicates=max(run.duplicates for run in runs),
    )


def _model(wish: Wish, url: str, name: str = "bench") -> ModelSettings:
    return ModelSettings(
        name=name, base_url=f"{url}/v1", in_flight=wish.in_flight, requests_per_minute=wish.rate, timeout_s=60
    )


def _chat(wish: Wish, url: str) -> ChatPolicy:
    return ChatPolicy(model=_model(wish, url), parameters={}, reply_tokens=50, reasks=0, seed=1)
