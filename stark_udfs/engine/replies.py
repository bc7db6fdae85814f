"""Stored replies: found by stage and unit, and filled from the journals of this run and of killed ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from stark_udfs.calls.journal import FOLDER, read_segment, runs_with_segments, sized_segments
from stark_udfs.calls.request import Reply
from stark_udfs.core.ids import canonical, stable_id
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, checkpointed, dicts, unpersist
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables, Transaction, one

REPLIES_A_FILE = 100_000


@dataclass(frozen=True)
class Absorbed:
    """Replies moved from a journal into `replies`."""

    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    torn: int = 0

    def __add__(self, other: "Absorbed") -> "Absorbed":
        return Absorbed(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def with_known(tables: Tables, stage: str, units: DataFrame) -> DataFrame:
    """`units` with `known`: the unit's replies, as an array of `replies` rows; null if there are none."""
    reply = struct_type(Reply)
    if not tables.exists(REPLIES):
        return units.withColumn("known", F.lit(None).cast(f"array<{reply.simpleString()}>"))
    known = (
        tables.read(REPLIES)
        .where(F.col("stage") == stage)
        .groupBy("unit_key")
        .agg(F.collect_list(F.struct(*reply.names)).alias("known"))
    )
    return units.join(known, "unit_key", "left")


def absorb(tables: Tables, files: str, run_id: str, stage: str) -> Absorbed:
    """Move the journal of one stage of one run into `replies`, then delete it.

    Safe to repeat after a crash at any point: Delta knows the transaction, and a reply that is there is not added.
    """
    segments = sized_segments(_folder(files, run_id, stage))
    if not segments:
        return Absorbed()
    found = checkpointed(_not_there(tables, stage, _read(tables, segments)))
    sums = (F.coalesce(F.sum(f"reply.{c}"), F.lit(0)) for c in ("tokens_in", "tokens_out", "money"))
    count, tokens_in, tokens_out, money, torn = one(
        found.agg(F.count("reply"), *sums, F.coalesce(F.sum("torn"), F.lit(0)))
    )
    if count:
        once = Transaction(f"{run_id}/{stage}/{stable_id(canonical(segments))}", 1)
        rows = found.where("reply IS NOT NULL").select("reply.*").coalesce(count // REPLIES_A_FILE + 1)
        again_on_conflict(lambda: tables.append(REPLIES, rows, once=once))
    unpersist(_folder(files, run_id, stage))
    return Absorbed(count, tokens_in, tokens_out, float(money), torn)


def _read(tables: Tables, segments: Iterable[str]) -> DataFrame:
    """`segment_type`, of sorted segments; one task reads whole buckets."""
    buckets = [list(group) for _, group in groupby(segments, key=lambda path: path.rpartition("/")[0])]
    return tables.spark.range(len(buckets)).mapInArrow(segment_reader(buckets), segment_type())


def _not_there(tables: Tables, stage: str, found: DataFrame) -> DataFrame:
    if not tables.exists(REPLIES):
        return found
    there = tables.read(REPLIES).where(F.col("stage") == stage).select("key")
    return found.join(there, "key", "left_anti")


def recover(tables: Tables, files: str, run_id: str, stages: Sequence[str]) -> dict[str, Absorbed]:
    """Absorb what earlier runs left behind in these stages, which `run_id` has locked; by stage."""
    recovered: dict[str, Absorbed] = {}
    for old_run in runs_with_segments(files):
        for stage in stages if old_run != run_id else ():
            found = absorb(tables, files, old_run, stage)
            if found.replies or found.torn:
                recovered[stage] = recovered.get(stage, Absorbed()) + found
    return recovered


def _folder(files: str, run_id: str, stage: str) -> str:
    return f"{files.rstrip('/')}/{FOLDER}/{run_id}/{stage}"


def segment_type() -> spark.StructType:
    """One row per key with its reply, and one per segment that has torn lines: their number, and its path as `key`."""
    return spark.StructType(
        [
            spark.StructField("key", spark.StringType()),
            spark.StructField("reply", struct_type(Reply)),
            spark.StructField("torn", spark.LongType()),
        ]
    )


def segment_reader(buckets: Sequence[Sequence[str]]) -> Callable[[Batches], Batches]:
    """A mapInArrow function: `id`, an index into `buckets` (the segments of one bucket each), in; `segment_type` out.

    All replies to one key are in one bucket; of several, the first in the order of the segments holds.
    """
    schema = arrow_schema(segment_type())

    def over(batches: Batches) -> Batches:
        rows = (row for place in dicts(batches) for row in _rows(buckets[place["id"]]))
        return arrow(rows, schema)

    return over


def _rows(segments: Sequence[str]) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for path in segments:
        segment = read_segment(path)
        if segment.torn:
            yield {"key": path, "reply": None, "torn": segment.torn}
        for reply in segment.replies:
            if reply.key not in seen:
                seen.add(reply.key)
                yield {"key": reply.key, "reply": dict(reply), "torn": 0}
