"""`stark run` in processes of its own: the first run of two sizes, a run with nothing to do, a run that replays all."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.scale.figures import Figures
from bench.scale.given import SENTENCES
from stark_udfs.core.ids import Json

GROWTH, RERUN = "growth", "rerun"
LIMIT_S = 30.0  # of a run with nothing to do
CALLS = 5_500  # give somewhat more than 100,000 rows: of 30 sentences asked for, filters leave 29, near duplicates 19
EPISODES = 20  # what comes after `personas` stays small, and so does the time that the offline author takes for it
TURNS = 3
LOOK_S = 2.0
REPLAYS_ALL = "personas.reasks=3"  # rows depend on it, the key of a first ask does not: nothing is asked again


@dataclass(frozen=True)
class Run:
    """One `stark run`: its wall time, the cores that other programs took just before, its rows of `runs` by stage."""

    wall_s: float
    foreign_load: float
    stages: Mapping[str, Mapping[str, Json]]

    @property
    def personas(self) -> Mapping[str, Json]:
        """The stage that has the rows."""
        return self.stages["personas"]


@dataclass(frozen=True)
class Warehouse:
    """A warehouse in `folder`, with `calls` calls of `personas` by the offline author."""

    folder: Path
    calls: int

    def run(self, *words: str, settings: Sequence[str] = ()) -> Run:
        """`stark run`, start of the process and of Spark included."""
        report = self.folder / "report.json"
        chosen = [word for one in (*self.settings, *settings) for word in ("--set", one)]
        stark = [str(Path(sys.executable).parent / "stark"), "--target", "base", *chosen]
        command = [*stark, "run", "--json", str(report), *words]
        foreign = psutil.cpu_percent(interval=LOOK_S) / 100 * (os.cpu_count() or 1)
        begun = time.monotonic()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        wall = time.monotonic() - begun
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}\n{done.stderr}")
        stages = json.loads(report.read_text(encoding="utf-8"))["stages"]
        return Run(round(wall, 1), round(foreign, 2), {stage["stage"]: stage for stage in stages})

    @property
    def settings(self) -> tuple[str, ...]:
        """`personas.extra_share` makes calls beyond those that the episodes need."""
        return (
            f"storage.tables={self.folder}/tables",
            f"storage.files={self.folder}/files",
            f"spark.log={self.folder}/spark.log",
            f"pipeline.episodes={EPISODES}",
            f"personas.sentences_each={SENTENCES}",
            f"personas.extra_share={round(self.calls * SENTENCES / EPISODES - 1, 2)}",
        )


def growth(calls: int) -> Iterator[Figures]:
    """The first run of `personas` with a tenth of the calls and with all of them."""
    with TemporaryDirectory() as folder:
        small = Warehouse(Path(folder), calls // 10).run("--until", "personas")
    yield _told("first run of personas", small)
    with TemporaryDirectory() as folder:
        large = Warehouse(Path(folder), calls).run("--until", "personas")
    rows, seconds = (float(str(large.personas[n])) / float(str(small.personas[n])) for n in ("rows_out", "seconds"))
    grew: Figures = {"rows_grew": round(rows, 2), "seconds_grew": round(seconds, 2), "ok": seconds <= rows}
    yield {**_told("first run of personas", large), **grew}


def rerun(calls: int) -> Iterator[Figures]:
    """The whole pipeline: first run, runs with nothing to do, and one with a setting that makes all be replayed."""
    with TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder), calls)
        yield _told("first run", warehouse.run())
        idle = sorted((warehouse.run() for _ in range(TURNS)), key=lambda run: run.wall_s)
        if any(stage["state"] != "unchanged" for run in idle for stage in run.stages.values()):
            raise SystemExit("a run with nothing to do did something")
        middle = idle[TURNS // 2]
        yield {**_told("nothing to do", middle), "limit_s": LIMIT_S, "ok": middle.wall_s <= LIMIT_S}
        replayed = warehouse.run(settings=[REPLAYS_ALL])
        yield {**_told("all of personas replayed", replayed), "changed": REPLAYS_ALL}


def _told(what: str, run: Run) -> Figures:
    made = run.personas
    return {
        "what": what,
        "rows": made["rows_out"],
        "units": made["rows_in"],
        "calls": made["calls"],
        "wall_s": run.wall_s,
        "seconds": made["seconds"],
        "seconds_asking": made["seconds_asking"],
        "foreign_load": run.foreign_load,
    }
