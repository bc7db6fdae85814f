"""What the hosts of a cluster can reach, found out by one small job before anything is written or paid for there.

A promise that cannot hold on this cluster is refused here, with the setting that breaks it.
"""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import fsspec
from py4j.protocol import Py4JJavaError
from pyspark import TaskContext
from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession

from stark_udfs.calls.limits.server import BrokerAddress, can_reach
from stark_udfs.core.errors import SettingsError, StorageError
from stark_udfs.core.records import Record
from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import Batches, arrow, arrow_schema
from stark_udfs.tables.address import in_catalog
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tuning import cores

MARK = ".stark-seen-by-executors"
TASKS_A_CORE = 2  # so that every executor gets one, whatever the order in which they come
UNUSABLE = {
    "Cannot run program": "Name their Python by PYSPARK_PYTHON or spark.pyspark.python, or give one: `stark pack`.",
    "ModuleNotFoundError": "Give it along: --py-files for this package, spark.archives for all others (`stark pack`).",
    "PYTHON_VERSION_MISMATCH": "Driver and executors need one Python: name it by PYSPARK_PYTHON, or use `stark pack`.",
}


@dataclass(frozen=True)
class ExecutorProbe:
    """What a task looks for: the broker, and in each place of storage the run's mark; by the setting's name."""

    broker: BrokerAddress
    places: Mapping[str, str]
    run_id: str


class Found(Record):
    """What one task found; `fault` is why the first place cannot be used that cannot, empty if all can."""

    host: str
    reached: bool
    setting: str = ""
    fault: str = ""


def look(probe: ExecutorProbe) -> Callable[[Batches], Batches]:
    """A mapInArrow function: any rows in, one `Found` per task out."""
    schema = arrow_schema(struct_type(Found))

    def over(batches: Batches) -> Batches:
        for _ in batches:
            pass
        setting, fault = _fault(probe)
        found = Found(host=socket.gethostname(), reached=can_reach(probe.broker), setting=setting, fault=fault)
        return arrow([found.model_dump()], schema)

    return over


def broker_reached(context: Context) -> bool:
    """Whether all executors reach the run's broker; asked again only where executors have come since.

    Raises:
        StorageError: a host does not see the storage of this run, or cannot write there.
        SettingsError: a host cannot run this package at all; or speculation is on, and without the broker nothing keeps
            a copy of a task from paying again.
    """
    if context.near():
        return True
    there = _executors(context.spark)
    if context.probed is None or not there <= context.probed[0]:
        context.probed = (there, _probe(context))
    return context.probed[1]


def _probe(context: Context) -> bool:
    storage, place = context.settings.storage, context.broker().place
    places = {"storage.files": storage.files}
    if not in_catalog(storage.tables):
        places["storage.tables"] = storage.tables
    for at in places.values():
        _write(f"{at}/{MARK}-{context.run_id}", context.run_id)
    try:
        found = _asked(context.spark, ExecutorProbe(place, places, context.run_id))
    finally:
        for at in places.values():
            _remove(f"{at}/{MARK}-{context.run_id}")
    speculates = (context.spark.conf.get("spark.speculation", "false") or "").lower() == "true"
    reached = verdict([Found(**row.asDict()) for row in found], place, speculates=speculates)
    if not reached:
        context.progress.said(
            f"executors cannot reach the broker at {place.host}:{place.port}: rate, slots and money left are divided "
            "by the tasks of a stage. Open that way, or set spark.driver.host."
        )
    return reached


def verdict(found: Sequence[Found], broker: BrokerAddress, *, speculates: bool) -> bool:
    """Whether all reach the broker; `speculates`: Spark starts copies of slow tasks.

    Raises:
        StorageError, SettingsError: as `broker_reached`.
    """
    for one in found:
        if one.fault:
            raise StorageError(
                f"{one.setting}: host {one.host} {one.fault}. What executors write there would be lost. "
                "Give a place that all hosts share."
            )
    if all(one.reached for one in found):
        return True
    if speculates:
        raise SettingsError(
            f"spark.speculation is on, and executors cannot reach the broker at {broker.host}:{broker.port}: nothing "
            "would keep a copy of a task from paying a second time. Set spark.speculation=false, or open that way."
        )
    return False


def _asked(session: SparkSession, probe: ExecutorProbe) -> list[Row]:
    tasks = TASKS_A_CORE * cores(session)
    try:
        return session.range(0, tasks, 1, tasks).mapInArrow(look(probe), struct_type(Found)).collect()
    except (PySparkException, Py4JJavaError) as error:
        said = str(error)
        for sign, way_out in UNUSABLE.items():
            if sign in said:
                line = next(line.strip() for line in said.splitlines() if sign in line)
                raise SettingsError(f"executors cannot run this package: {line[:300]}. {way_out}") from error
        raise


def _executors(session: SparkSession) -> frozenset[str]:
    """Host and port of each executor that Spark knows."""
    found = getattr(session.sparkContext, "_jsc").sc().statusTracker().getExecutorInfos()  # noqa: B009
    return frozenset(f"{one.host()}:{one.port()}" for one in found)


def _fault(probe: ExecutorProbe) -> tuple[str, str]:
    """The first place of storage that cannot be used from here, and why."""
    task = TaskContext.get()
    mine = f"{os.getpid()}-{0 if task is None else task.taskAttemptId()}"
    for setting, place in probe.places.items():
        try:
            with fsspec.open(f"{place}/{MARK}-{probe.run_id}", "rb") as file:
                seen = file.read() == probe.run_id.encode()
        except FileNotFoundError:
            seen = False
        except (OSError, ValueError, ImportError) as error:
            return setting, f"cannot read {place}: {error}"
        if not seen:
            return setting, f"does not see what the driver wrote into {place}"
        try:
            _write(f"{place}/{MARK}-{mine}", probe.run_id)
            _remove(f"{place}/{MARK}-{mine}")
        except (OSError, ValueError) as error:
            return setting, f"cannot write into {place}: {error}"
    return "", ""


def _write(path: str, text: str) -> None:
    filesystem, place = fsspec.core.url_to_fs(path)
    filesystem.makedirs(filesystem._parent(place), exist_ok=True)
    filesystem.pipe_file(place, text.encode())


def _remove(path: str) -> None:
    filesystem, place = fsspec.core.url_to_fs(path)
    filesystem.rm_file(place)
