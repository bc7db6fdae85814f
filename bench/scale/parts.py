"""Each part of the pipeline over so many rows, in one process: `python -m bench.scale.parts --size 10000`.

Prints one JSON object a part. Before the rows that count, the same part works on a few, twice: the first time warms
Java and the Python workers up, the second tells the fixed cost.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from bench.load import Cpu
from bench.many_episodes import multiply
from bench.scale import given, many_personas
from bench.scale.workers import MB, Watched, in_kb, session, watched
from stark_udfs.core.ids import Json
from stark_udfs.engine import diff
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.deduplicate import deduplicated
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.replay import unit_type
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.engine.unit_stage import replay_units, run_table_stage
from stark_udfs.settings.run import SparkSettings
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.tuning import cores, fitting

FEW = 900  # rows of the runs that warm up and tell the fixed cost
CHANGED_SHARE = 0.01
LOOK_S = 1.0
SENTENCES_AN_EPISODE = 10  # the paper: 300,000 sentences asked for, 93,000 episodes released, of five relations each

Figures = dict[str, Json]


@dataclass(frozen=True)
class Rows:
    """A folder with what the parts make of `size` sentences; each part reads what the one before wrote."""

    spark: SparkSession
    folder: Path
    size: int
    demo: Path

    @property
    def calls(self) -> int:
        """That gave the sentences."""
        return -(-self.size // given.SENTENCES)

    @property
    def context(self) -> Context:
        """A run over the folder's tables."""
        settings = self.settings
        tables = Tables(self.spark, settings.storage)
        return Context(self.spark, settings, tables, "scale", Wanted(), Quiet(), ExitStack())

    @property
    def settings(self) -> Settings:
        """Of the run."""
        return given.settings_in(str(self.folder))

    def at(self, name: str) -> str:
        """A Parquet folder."""
        return str(self.folder / name)

    def read(self, name: str) -> DataFrame:
        """What a part wrote."""
        return self.spark.read.parquet(self.at(name))

    def write(self, name: str, frame: DataFrame) -> None:
        """What a part hands on."""
        frame.write.mode("overwrite").parquet(self.at(name))

    def forget(self, table: str) -> None:
        """A table that a part is about to make."""
        shutil.rmtree(self.folder / "tables" / table, ignore_errors=True)


Work = Callable[[], Figures]


def parse(rows: Rows) -> Work:
    """Stored replies to rows: `replay_units`."""
    context, script = rows.context, given.script(rows.settings)
    if not context.tables.exists(REPLIES):
        stored = many_personas.replies(rows.spark, script, rows.calls, cores(rows.spark))
        context.tables.append(REPLIES, stored)
        rows.write("units", given.units(rows.spark, rows.calls, cores(rows.spark)))

    def work() -> Figures:
        units = rows.spark.read.schema(unit_type()).parquet(rows.at("units"))
        rows.write("played", replay_units(context, personas.stage(rows.settings), units))
        return {"calls": rows.calls}

    return work


def dedup(rows: Rows) -> Work:
    """Duplicates of all categories: `deduplicated`."""
    context, stage = rows.context, personas.stage(rows.settings)
    rows.forget(personas.TABLE.name)

    def work() -> Figures:
        found = deduplicated(context, stage, rows.read("played").where("open IS NULL"))
        rows.write("rows", found.rows)
        rows.write("dropped", found.dropped)
        return {"capped": found.capped()}

    return work


def first(rows: Rows) -> Work:
    """The first commit of the rows."""
    context = rows.context

    def work() -> Figures:
        rows.forget(personas.TABLE.name)
        context.tables.append(personas.TABLE, rows.read("rows"))
        return {"kept": rows.read("rows").count()}

    return work


def merge(rows: Rows) -> Work:
    """A commit with one row in a hundred changed: compare all, MERGE those."""
    context, table = rows.context, personas.TABLE
    changed_here = F.abs(F.xxhash64("persona_id")) % round(1 / CHANGED_SHARE) == 0
    turn = iter(range(100))

    def work() -> Figures:
        sentence = F.when(changed_here, F.concat("sentence", F.lit(f" {next(turn)}"))).otherwise(F.col("sentence"))
        new = rows.read("rows").withColumn("sentence", sentence)
        changed = checkpointed(diff.row_changes(table, new, context.tables.read(table)))
        counts = diff.count(changed)
        diff.write(context.tables, table, changed, counts)
        return {"updated": counts.update, "inserted": counts.insert, "deleted": counts.delete}

    return work


def assembly(rows: Rows) -> Work:
    """The stage `episodes` over a demo's tables many times over, with all the sentences in `personas`."""
    context, stage = rows.context, episodes.stage(rows.settings)
    count = max(20, rows.size // SENTENCES_AN_EPISODE)
    if not context.tables.exists(sessions.TABLE):
        _multiply(rows, count, stage.reads + stage.may_read)

    def work() -> Figures:
        rows.forget(episodes.TABLE.name)
        return {"episodes": run_table_stage(context, stage).rows_in}

    return work


def _multiply(rows: Rows, count: int, tables: tuple[Table, ...]) -> None:
    chosen, made = rows.folder / "demo", rows.folder / "many"
    for table in tables:
        if (rows.demo / table.name).exists():
            shutil.copytree(rows.demo / table.name, chosen / table.name)
    multiply(chosen, made, count)
    said = rows.spark.read.format("delta").load(str(made / personas.TABLE.name))
    rows.context.tables.append(personas.TABLE, said.select(*rows.read("rows").columns))
    for folder in made.iterdir():
        if folder.name != personas.TABLE.name:
            shutil.move(folder, rows.folder / "tables" / folder.name)


PARTS: Mapping[str, Callable[[Rows], Work]] = {
    "parse": parse,
    "dedup": dedup,
    "first commit": first,
    "merge": merge,
    "assembly": assembly,
}


def main() -> None:
    """Run the parts, each on what the one before made, and print their figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale.parts", description=__doc__)
    parser.add_argument("--size", type=int, required=True, help="sentences asked for")
    parser.add_argument("--folder", type=Path, required=True, help="of this size; large")
    parser.add_argument("--demo", type=Path, required=True, help="tables of a finished demo")
    parser.add_argument("--driver-memory", default="4g")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="the first of them")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    settings = given.settings_in(str(options.folder), f"spark.driver_memory={options.driver_memory}")
    settings = settings.model_copy(update={"spark": _fitted(settings, options.size)})
    with session(settings) as spark:
        few, rows = (Rows(spark, options.folder / str(size), size, options.demo) for size in (FEW, options.size))
        for part in options.parts:
            figures = {"part": part, "size": options.size, **_measured(PARTS[part], few, rows)}
            print(json.dumps({**figures, "driver_memory": options.driver_memory}), flush=True)


def _fitted(settings: Settings, size: int) -> SparkSettings:
    """What a run sets on a cluster for a table of this size; a local session keeps what it was started with."""
    return settings.spark.model_copy(update={"options": fitting(size, psutil.cpu_count() or 1)})


def _measured(part: Callable[[Rows], Work], few: Rows, rows: Rows) -> Figures:
    warm = part(few)
    warm()
    with watched(LOOK_S) as seen:
        fixed = _timed(warm, seen)
    work = part(rows)
    _forget_peaks()
    with watched(LOOK_S) as seen:
        took = _timed(work, seen)
        return {**took, **{f"fixed_{name}": fixed[name] for name in ("wall_s", "cpu_s")}, **_peaks(seen)}


def _timed(work: Work, seen: Watched) -> Figures:
    """Wall and CPU seconds: of the driver's Java and Python, and of the Python workers."""
    begun, before, workers = time.monotonic(), _driver_cpu_s(), seen.cpu_s()
    load = Cpu.now().machine
    made = work()
    wall = time.monotonic() - begun
    worked = seen.cpu_s() - workers
    cpu = _driver_cpu_s() - before + worked
    return {
        **made,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "worker_cpu_s": round(worked, 2),
        "foreign_load": round(max(0.0, Cpu.now().machine - load - cpu) / wall, 2),
    }


def _driver_cpu_s() -> float:
    return sum(sum(one.cpu_times()[:2]) for one in (psutil.Process(), *_java()))


def _java() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if one.name() == "java"]


def _forget_peaks() -> None:
    """Let the kernel's high-water marks of all our processes begin anew at what they hold now."""
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(OSError):
            Path(f"/proc/{process.pid}/clear_refs").write_text("5", encoding="ascii")


def _peaks(seen: Watched) -> Figures:
    """High-water marks of resident sets, in MB: the driver's Java, the largest Python worker, the driver's Python."""
    return {
        "java_peak_mb": round(max(in_kb("VmHWM", one.pid) for one in _java()) / MB),
        "worker_peak_mb": round(seen.peak_mb()),
        "driver_peak_mb": round(in_kb("VmHWM") / MB),
    }


if __name__ == "__main__":
    main()
