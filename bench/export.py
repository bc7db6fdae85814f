"""Time and memory of an export: `python -m bench.export --warehouse DIR --episodes 10000 100000`.

The episodes of a finished warehouse are multiplied: each copy has its own ids, and pictures under their own keys, whose
files are those of the original. Peak memory is the kernel's high-water mark, of the largest Python worker, of the JVM,
and of this process.
"""

import argparse
import json
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from bench.scale.workers import in_kb, session, watched
from stark_udfs.engine.system_tables import RUNS
from stark_udfs.release.export.export import export
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.probes.records import TABLE as PROBES
from stark_udfs.stages.text import summaries
from stark_udfs.tables.tables import Tables

MB = 1024
TASKS = 16  # that write the copies


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object per size, and the slope between the first and the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse"), help="of a finished `stark run`")
    parser.add_argument("--episodes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--pictures", type=float, default=1.0, help="share of the pictures that are kept")
    parser.add_argument("--out", type=Path, help="folder for the exports; without it a temporary one")
    options = parser.parse_args(arguments)
    told = [_measured(options.warehouse, size, options.pictures, options.out) for size in options.episodes]
    if len(told) > 1:
        more = told[-1]["episodes"] - told[0]["episodes"]
        slope = {
            name: round((told[-1][name] - told[0][name]) / more * 1000, 3)
            for name in ("seconds", "worker_mb", "jvm_mb")
        }
        print(json.dumps({"per_1000_episodes": slope}))


def _measured(warehouse: Path, size: int, share: float, out: Path | None) -> dict[str, float]:
    with TemporaryDirectory(dir=out) as folder:
        places = [
            f"storage.tables={folder}/tables",
            f"storage.files={warehouse}/files",
            f"spark.log={folder}/spark.log",
        ]
        settings = load_settings("base", overrides=[*places, "spark.driver_memory=3g"])
        source = load_settings("base", overrides=[f"storage.tables={warehouse}/tables", places[1], places[2]])
        with session(settings) as spark:
            _multiply(spark, source, settings, size, share)
        with session(settings) as spark, watched() as workers, _jvm() as jvm:
            started = time.monotonic()
            done = export(settings, spark, f"{folder}/out")
            took = time.monotonic() - started
            told = {
                "episodes": done.rows("data"),
                "pictures": done.rows("images") + done.rows("faces"),
                "seconds": round(took, 1),
                "mb_written": round(sum(file.bytes for file in done.files) / MB**2, 1),
                "files": len(done.files),
                "worker_mb": workers.peak_mb(),
                "jvm_mb": round(jvm[0] / MB, 1),
                "driver_mb": round(in_kb("VmHWM") / MB, 1),
                "load": round(psutil.getloadavg()[0], 1),
            }
        print(json.dumps(told), flush=True)
        return told


def _multiply(spark: SparkSession, source: Settings, target: Settings, size: int, share: float) -> None:
    """Write `size` episodes, with their summaries and probes, into a new warehouse."""
    old, new = Tables(spark, source.storage), Tables(spark, target.storage)
    for table in (*episodes.READS, *episodes.MAY_READ, RUNS):
        if old.exists(table):
            shutil.copytree(f"{old.root}/{table.name}", f"{new.root}/{table.name}")
    place = F.row_number().over(Window.orderBy("episode_id")) - 1
    rows = old.read(episodes.TABLE).where("left_out IS NULL").withColumn("place", place).cache()
    count = rows.count()
    numbers = spark.range(0, -(-size // count), 1, TASKS).withColumnRenamed("id", "copy")
    wanted = numbers.crossJoin(F.broadcast(rows)).where(F.col("copy") * count + F.col("place") < size)
    new.append(episodes.TABLE, _copied(wanted.drop("place"), share))
    memory = (
        numbers.crossJoin(F.broadcast(old.read(summaries.TABLE)))
        .withColumn("episode_id", _own("episode_id"))
        .drop("copy")
    )
    new.append(summaries.TABLE, memory)
    if old.exists(PROBES):
        asked = numbers.crossJoin(F.broadcast(old.read(PROBES))).withColumn("episode_id", _own("episode_id"))
        new.append(PROBES, asked.withColumn("probe_id", _own("probe_id")).drop("copy"))


def _own(name: str | Column) -> Column:
    """An id of 16 hexadecimal digits; not SHA-2, which Spark computes without generated code inside `transform`."""
    return F.lpad(F.lower(F.hex(F.xxhash64(name, "copy"))), 16, "0")


def _copied(rows: DataFrame, share: float) -> DataFrame:
    """Ids of their own; of pictures only a share has a file."""

    def renamed(item: Column) -> Column:
        return item.withField("image_id", _own(item["image_id"]))

    def image(item: Column) -> Column:
        fresh = renamed(item)
        kept = F.pmod(F.xxhash64(item["image_id"]), F.lit(10**6)) < int(share * 10**6)
        return fresh.withField("picture", F.when(kept, item["picture"]))

    def session_of(told: Column) -> Column:
        turns = F.transform(told["turns"], lambda t: t.withField("images", F.transform(t["images"], image)))
        after = F.transform(told["album_after"], renamed)
        return told.withField("turns", turns).withField("album_after", after)

    return (
        rows.withColumn("episode_id", _own("episode_id"))
        .withColumn("unit_key", F.col("episode_id"))
        .withColumn("public_index", F.concat_ws("", F.lit("bench:"), "episode_id", F.lit("-"), "relation"))
        .withColumn("album", F.transform("album", image))
        .withColumn("sessions", F.transform("sessions", session_of))
        .drop("copy")
    )


@contextmanager
def _jvm() -> Iterator[list[int]]:
    """The high-water mark of the largest Java process among our children, in kB."""
    peak, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.5):
            for process in psutil.Process().children(recursive=True):
                try:
                    if "java" in process.name():
                        peak[0] = max(peak[0], in_kb("VmHWM", process.pid))
                except (psutil.Error, OSError, StopIteration):
                    continue

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    main()
