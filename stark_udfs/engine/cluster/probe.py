"""The facts of a cluster: what its driver has, and what each of its executors has."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import fsspec
from py4j.protocol import Py4JJavaError
from pyspark import cloudpickle
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.core import machine
from stark_udfs.core.errors import StorageError
from stark_udfs.core.machine import Questions
from stark_udfs.core.records import Record
from stark_udfs.engine.context import driver_address

FOLDER = ".stark-doctor"
TRIES = 3  # until every executor has had a task


class MachineFacts(Record):
    """What one executor, or the driver, has; `wrote` is why it could not write, empty if it could."""

    host: str
    executor: str
    python: str
    code: str | None
    packages: dict[str, str | None]
    variables: dict[str, bool]
    broker: bool
    wrote: str
    seen: bool
    gpus: int


@dataclass(frozen=True)
class ClusterFacts:
    """A cluster as it was found.

    Attributes:
        driver: itself.
        executors: each once.
        expected: how many executors Spark knows.
        cores: tasks at once.
        visible: names of executors whose file the driver saw.
        failed: what the tasks ended with; empty if they did not fail.
        gpu_conf: what Spark says an executor has of GPUs; None: nothing.
    """

    driver: MachineFacts
    executors: tuple[MachineFacts, ...]
    expected: int
    cores: int
    visible: frozenset[str]
    failed: str = ""
    gpu_conf: str | None = None


def probe(spark: SparkSession, files: str, packages: Sequence[str], variables: Sequence[str]) -> ClusterFacts:
    """Ask driver and executors.

    Args:
        spark: a session with a `sparkContext`.
        files: `storage.files`.
        packages: distributions that executors need.
        variables: environment variables that they need.

    Raises:
        StorageError: the driver itself cannot write to `files`.
    """
    context = spark.sparkContext
    with _folder(files) as folder, BrokerServer(Broker(), driver_address(spark)) as broker:
        asked = Questions(tuple(packages), tuple(variables), (broker.host, broker.port), folder)
        driver = MachineFacts.model_validate(machine.answers(asked))
        expected, cores = _executors(spark), context.defaultParallelism
        found: dict[str, MachineFacts] = {}
        failed = ""
        with _by_value(machine):
            for _ in range(TRIES):
                tasks = context.parallelize(range(2 * cores), 2 * cores)
                try:
                    told = tasks.mapPartitions(partial(machine.answers_of_a_task, asked)).collect()
                except (Py4JJavaError, PySparkException) as error:
                    failed = str(error)
                    break
                found |= {one.executor: one for one in map(MachineFacts.model_validate, told)}
                if len(found) >= expected:
                    break
        visible = _names(folder)
    return ClusterFacts(
        driver=driver,
        executors=tuple(found[name] for name in sorted(found)),
        expected=expected,
        cores=cores,
        visible=frozenset(visible),
        failed=failed,
        gpu_conf=context.getConf().get("spark.executor.resource.gpu.amount"),
    )


def _executors(spark: SparkSession) -> int:
    """How many executors there are now; 1 where the driver is its own."""
    java = spark.sparkContext._jsc
    infos = 1 if java is None else len(java.sc().statusTracker().getExecutorInfos())
    return max(1, infos - 1)


@contextmanager
def _by_value(module: ModuleType) -> Iterator[None]:
    """Pickle the functions of a module whole, not by name."""
    cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(module)  # type: ignore[no-untyped-call]


@contextmanager
def _folder(files: str) -> Iterator[str]:
    """A folder of the driver's own, with its file in it, that is gone afterwards."""
    place = f"{files.rstrip('/')}/{FOLDER}-{os.getpid()}"
    try:
        filesystem, folder = fsspec.core.url_to_fs(place)
        filesystem.makedirs(folder, exist_ok=True)
        filesystem.pipe_file(f"{folder}/driver", b"driver")
    except (OSError, ValueError, ImportError) as error:
        raise StorageError(f"storage.files: {files} cannot be written by the driver: {error}") from None
    try:
        yield filesystem.unstrip_protocol(folder)
    finally:
        filesystem.rm(folder, recursive=True)


def _names(folder: str) -> set[str]:
    filesystem, path = fsspec.core.url_to_fs(folder)
    filesystem.invalidate_cache()
    return {str(name).rsplit("/", 1)[-1] for name in filesystem.ls(path, detail=False)}
