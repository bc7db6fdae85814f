"""Images a second for N devices: `python -m bench.devices [--devices 1 2 4 8 16 32 64] [--seconds 30]`.

The devices sleep 1.36 s a batch of eight, as one H100 takes. One Python worker is one device; broker, journal, batches
and threads are those of a run. `--cluster` does the same on a standalone cluster of two hosts whose discovery scripts
hand out GPUs that are not there: a device that two processes have fails the run. `--driver` runs the whole stage with
devices that take no time, with few and with many images: what that takes before and after painting is the driver's
part and the replaying. Each line is JSON; all are kept in bench/out/devices.json.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from bench.devices.log import told
from bench.devices.stage import PAINT_S, SAMPLES, SleepingDevices, stages
from bench.standalone import DRIVER, HOSTS, cluster
from stark_udfs.calls.journal import JournalPlace
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.engine.ask.phase import by_bucket, resources
from stark_udfs.engine.images.worker import END_COLUMNS, TASK_COLUMNS, ImageWork, image_worker
from stark_udfs.engine.run import run
from stark_udfs.settings.run import LimitsSettings, RunSettings
from stark_udfs.tables.session import spark_session

ROOT = Path(__file__).parents[2]
OUT = ROOT / "bench" / "out" / "devices.json"
TASKS_A_DEVICE, BUCKETS = 4, 64  # a device takes the next task when it is free; each has at least a bucket
PLAIN = {
    **DRIVER,
    "spark.ui.enabled": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.executor.memory": "900m",
    "spark.executorEnv.PYTHONPATH": str(ROOT),
    "spark.ui.showConsoleProgress": "false",
}


def painted(spark: SparkSession, folder: Path, devices: int, units: int) -> dict[str, float]:
    """The image phase of a stage over so many units; the devices' logs say when they were busy."""
    (folder / "log").mkdir(parents=True)
    script = stages(units, SleepingDevices(f"{folder}/files", f"{folder}/log"))[1].script()
    broker, tasks = Broker(), min(BUCKETS, TASKS_A_DEVICE * devices)
    script.begin(broker, script.limits(LimitsSettings(), run_spent=0, stage_spent=0))
    place = F.format_string("place %08d", "id")
    with BrokerServer(broker) as server:
        work = ImageWork(script, JournalPlace(str(folder), "run-1", script.stage), server.place, tasks)
        rows = spark.range(units).select(
            place.alias("unit_key"),
            F.to_json(F.struct(place.alias("place_id"))).alias("row"),
            F.lit(0).alias("redraw"),
            F.lit(None).cast("string").alias("known"),
            F.lit(0).alias("order"),
        )
        dealt = by_bucket(rows, tasks).select(*TASK_COLUMNS)
        ends = dealt.mapInPandas(image_worker(work), END_COLUMNS, profile=resources(spark, script.gpus))
        begun, cpu = time.time(), time.process_time()
        states = {row["state"]: row["count"] for row in ends.groupBy("state").count().collect()}
        ended, cpu = time.time(), time.process_time() - cpu
    if states != {"done": units}:
        raise RuntimeError(f"{units} units came to {states}")
    found = told(folder / "log", begun, ended)
    return {"devices": devices, "images": units * SAMPLES, **found, "broker_cpu_share": round(cpu / (ended - begun), 4)}


@contextmanager
def session(master: str, options: dict[str, str]) -> Iterator[SparkSession]:
    """A Spark session without Delta, as long as the block."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.master(master).appName("devices")
    for key, value in {**PLAIN, **options}.items():
        builder = builder.config(key, value)
    spark: SparkSession = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def on_a_cluster(folder: Path, devices: int, units: int) -> dict[str, float]:
    """The phase on a standalone cluster, half of the devices on each host."""
    half = devices // len(HOSTS)
    gpus = {host: range(at * half, (at + 1) * half) for at, host in enumerate(HOSTS)}
    amounts = {"spark.executor.cores": str(half), "spark.executor.resource.gpu.amount": str(half)}
    with cluster(folder / "cluster", HOSTS, cores=half, gpus=gpus) as hosts, session(hosts.url, amounts) as spark:
        spark.range(64, numPartitions=64).count()  # starts the executors
        return painted(spark, folder / "run", devices, units)


def whole_stage(folder: Path, images: int) -> dict[str, float]:
    """A run of the stage with devices that take no time, on two cores: seconds before and after painting."""
    (folder / "log").mkdir(parents=True)
    settings = RunSettings.model_validate(
        {
            "storage": {"tables": f"{folder}/tables", "files": f"{folder}/files"},
            "models": {},
            "spark": {"log": str(folder / "spark.log")},
        }
    )
    spark = spark_session(settings.spark, app="devices")
    try:
        made = stages(images // SAMPLES, SleepingDevices(f"{folder}/files", f"{folder}/log", paint_s=0.0))
        run(made[:1], settings, spark)
        begun = time.time()
        (_, views) = run(made, settings, spark).stages
        ended = time.time()
    finally:
        spark.stop()
    if (views.added, views.open) != (images, 0):
        raise RuntimeError(f"{images} images came to {views}")
    found = told(folder / "log", begun, ended)
    return {"images": images, **{name: found[name] for name in ("before_s", "painting_s", "after_s")}}


def measured(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, float]]:
    """What was asked for, one after the other."""
    if options.driver:
        few, many = (whole_stage(folder / str(images), images) for images in options.images)
        yield few
        yield many
        more = many["images"] - few["images"]
        for name in ("before_s", "after_s"):
            yield {f"images a second, {name[:-2]}": round(more / max(many[name] - few[name], 1e-3))}
        return
    for devices in options.devices:
        units = max(devices, round(devices * options.seconds / PAINT_S / SAMPLES))
        if options.cluster:
            yield on_a_cluster(folder / str(devices), devices, units)
            continue
        with session(f"local[{devices}]", {}) as spark:
            yield painted(spark, folder / str(devices), devices, units)


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.devices", description=__doc__)
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--seconds", type=float, default=30.0, help="of painting, of each number of devices")
    parser.add_argument("--cluster", action="store_true", help="on a standalone cluster; even numbers of devices")
    parser.add_argument("--driver", action="store_true", help="the whole stage, with devices that take no time")
    parser.add_argument("--images", type=int, nargs=2, default=(2_000, 20_000), help="of --driver")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    folder, results = Path(tempfile.mkdtemp(prefix="stark-devices-")), []
    try:
        for found in measured(options, folder):
            results.append(found)
            print(json.dumps(found), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
