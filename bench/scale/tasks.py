"""What a Python task costs that does nothing, in a worker that has done others; and without `core.python_worker`."""

import gc
import sys
import zipimport
from collections.abc import Callable, Iterator
from statistics import median
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from bench.scale import given
from bench.scale.figures import Figures, timed
from bench.scale.workers import session
from stark_udfs.core.python_worker import UnchangingArchive, freeze_between_tasks, make_tasks_cheap
from stark_udfs.engine.frames import Batches

CASE = "tasks"
ROUNDS = 3


def measure(tasks: int) -> Iterator[Figures]:
    """So many tasks at a time, both ways in turn, three times; the medians."""
    with TemporaryDirectory() as folder, session(given.settings_in(folder)) as spark:
        ways = {"as it is": _as_it_is, "as Spark does": _as_spark_does}
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, way in ways.items():
                found[name].append(_cpu_ms(spark, way, tasks))
        for name, each in found.items():
            yield {"what": name, "tasks": tasks, "cpu_ms_a_task": round(median(each[1:]), 1)}  # the first warms up


def _cpu_ms(spark: SparkSession, way: Callable[[Batches], Batches], tasks: int) -> float:
    nothing = spark.range(0, tasks, 1, tasks).mapInArrow(way, "id bigint")
    return 1000 * timed(nothing.collect)[1]["worker_cpu_s"] / tasks


def _as_it_is(batches: Batches) -> Batches:
    make_tasks_cheap()
    yield from batches


def _as_spark_does(batches: Batches) -> Batches:
    gc.unfreeze()
    gc.callbacks[:] = [each for each in gc.callbacks if each is not freeze_between_tasks]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if hook is not UnchangingArchive]
    for place, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, UnchangingArchive):
            sys.path_importer_cache[place] = zipimport.zipimporter(place)
    yield from batches
