"""Asking the open calls of units, on executors: one loop thread, client, gate and journal per task."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from pyspark import TaskContext
from pyspark.sql import types as spark

from stark_udfs.calls.errors import BrokerLost
from stark_udfs.calls.journal import JournalPlace, by_unit, open_journal, read_buckets
from stark_udfs.calls.limits.server import BrokerAddress, can_reach
from stark_udfs.calls.partition import CallUnit, Partition, Resources
from stark_udfs.core.errors import RunStopped
from stark_udfs.engine.arrow import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.replay import UnitReplay, known_replies

BUCKETS = 64
ENDS_A_BATCH = 100


@dataclass(frozen=True)
class AskTask:
    """What the tasks of one stage share."""

    script: UnitReplay
    journal: JournalPlace
    broker: BrokerAddress
    tasks: int


def end_type() -> spark.StructType:
    """One row per unit that came to an end, open or not."""
    text = ("unit_key", "state", "reason", "detail")
    numbers = ("bucket", "asked", "reused", "tokens_in", "tokens_out")
    return spark.StructType(
        [
            *(spark.StructField(name, spark.StringType()) for name in text),
            *(spark.StructField(name, spark.LongType()) for name in numbers),
            spark.StructField("money", spark.DoubleType()),
        ]
    )


def ask_worker(asking: AskTask) -> Callable[[Batches], Batches]:
    """A mapInArrow function: unit columns, `known` and `bucket`, sorted by bucket, in; `end_type` out.

    Raises:
        BrokerLost, StorageError: what was in flight is finished and kept first.
    """
    schema = arrow_schema(end_type())

    def over(batches: Batches) -> Batches:
        return arrow(_ends(asking, batches), schema, size=ENDS_A_BATCH)

    return over


def _ends(asking: AskTask, batches: Batches) -> Iterator[dict[str, Any]]:
    task = TaskContext.get()
    attempt = "0-0" if task is None else f"{task.partitionId()}-{task.taskAttemptId()}"
    means = Resources(
        run_id=asking.journal.run_id,
        client=asking.script.client,
        gate=lambda: asking.broker.gate(asker=attempt, stage=asking.script.stage, tasks=asking.tasks),
        journal=lambda: open_journal(asking.journal, attempt),
        workers=asking.script.workers,
    )
    with Partition(means) as partition:
        for end in partition.ask(_units(asking, partition, dicts(batches))):
            yield asdict(end)


def _units(asking: AskTask, partition: Partition, rows: Iterator[dict[str, Any]]) -> Iterator[CallUnit]:
    """The task's units; of each bucket, what an earlier attempt at it has in the journal is known from the start."""
    for bucket, units in groupby(rows, key=lambda row: int(row["bucket"])):
        try:
            partition.claim(bucket)
        except BrokerLost:
            raise
        except RunStopped:
            return
        before = by_unit(read_buckets(asking.journal, [bucket]).replies)
        for unit in units:
            known = {**before.get(unit["unit_key"], {}), **known_replies(unit)}
            yield CallUnit(asking.script.conversation(unit), bucket, known)


def broker_probe(place: BrokerAddress) -> Callable[[Batches], Batches]:
    """A mapInArrow function: any rows in, one row `reached` per task out."""
    schema = arrow_schema(reached_type())

    def over(batches: Batches) -> Batches:
        for _ in batches:
            pass
        return arrow([{"reached": can_reach(place)}], schema)

    return over


def reached_type() -> spark.StructType:
    """Whether a task can reach the broker."""
    return spark.StructType([spark.StructField("reached", spark.BooleanType())])
