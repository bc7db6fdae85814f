"""Asking the open calls of units, on executors: one loop thread, client, limiter and journal per task.

`stark_udfs.udfs.chat` asks the same `Partition`; why this is a pandas function and replaying is not: docs/adr/0008.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

import pandas as pd
from pyspark import TaskContext
from pyspark.sql import types as spark

from stark_udfs.calls.errors import BrokerLost
from stark_udfs.calls.journal import JournalPlace, by_unit, open_journal, read_buckets
from stark_udfs.calls.limits.server import BrokerAddress
from stark_udfs.calls.partition import Partition, Resources
from stark_udfs.calls.request import Reply
from stark_udfs.calls.unit import CallUnit, UnitEnd
from stark_udfs.core.errors import RunStopped
from stark_udfs.engine.replay import UnitReplay

Frames = Iterable[pd.DataFrame]

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


def ask_worker(asking: AskTask) -> Callable[[Frames], Frames]:
    """A mapInPandas function: unit columns, `known` and `bucket`, sorted by bucket, in; `end_type` out.

    Raises:
        BrokerLost, StorageError: what was in flight is finished and kept first.
    """
    names = end_type().names
    values = attrgetter(*names)

    def over(frames: Frames) -> Frames:
        ends = _ends(asking, frames)
        while some := [values(end) for end in islice(ends, ENDS_A_BATCH)]:
            yield pd.DataFrame.from_records(some, columns=names)

    return over


def _ends(asking: AskTask, frames: Frames) -> Iterator[UnitEnd]:
    task = TaskContext.get()
    attempt = "0-0" if task is None else f"{task.partitionId()}-{task.taskAttemptId()}"
    means = Resources(
        run_id=asking.journal.run_id,
        client=asking.script.client,
        limiter=lambda: asking.broker.limiter(worker=attempt, stage=asking.script.stage, tasks=asking.tasks),
        journal=lambda: open_journal(asking.journal, attempt),
        workers=asking.script.workers,
    )
    with Partition(means) as partition:
        yield from partition.ask(_units(asking, partition, frames))


def _units(asking: AskTask, partition: Partition, frames: Frames) -> Iterator[CallUnit]:
    """The task's units; of each bucket, what an earlier attempt at it has in the journal is known from the start."""
    rows: Iterator[dict[str, Any]] = (row for frame in frames for row in _dicts(frame))
    for bucket, units in groupby(rows, key=lambda row: int(row["bucket"])):
        try:
            partition.claim(bucket)
        except BrokerLost:
            raise
        except RunStopped:
            return
        before = by_unit(read_buckets(asking.journal, [bucket]).replies)
        for unit in units:
            known = {**before.get(unit["unit_key"], {}), **_known(unit)}
            yield CallUnit(asking.script.conversation(unit), bucket, known)


def _dicts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return frame.to_dict("records")  # type: ignore[return-value]  # columns of Spark have names


def _known(unit: Mapping[Any, Any]) -> dict[str, Reply]:
    """The replies that came along with a unit: an array, or whatever pandas has for null."""
    came = unit["known"]
    return {reply["key"]: Reply.model_construct(**reply) for reply in came} if hasattr(came, "__len__") else {}
