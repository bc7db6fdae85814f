"""Stored replies: found by stage and unit, and filled from the journals of this run and of killed ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.delta.schema import struct_type
from stark_udfs.delta.tables import Tables, Transaction, one
from stark_udfs.engine.frames import fixed, forget
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.system import REPLIES
from stark_udfs.llm.journal import FOLDER, list_segments, runs_with_segments
from stark_udfs.llm.prompts import Reply
from stark_udfs.udfs.segments import segment_reader, segment_type

FILES_A_TASK = 8


@dataclass(frozen=True)
class Absorbed:
    """Replies moved from a journal into `replies`."""

    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    torn: int = 0


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
    segments = list_segments(_folder(files, run_id, stage))
    if not segments:
        return Absorbed()
    paths = tables.spark.createDataFrame([(path,) for path in segments], "path string")
    tasks = max(1, len(segments) // FILES_A_TASK)
    lines = fixed(paths.repartition(tasks).mapInArrow(segment_reader, segment_type()))
    found = lines.where("reply IS NOT NULL").select("reply.*").dropDuplicates(["key"])
    if tables.exists(REPLIES):
        there = tables.read(REPLIES).where(F.col("stage") == stage).select("key")
        found = found.join(there, "key", "left_anti").select(*struct_type(Reply).names)
    found = fixed(found)
    count, tokens_in, tokens_out, money = one(
        found.agg(F.count(F.lit(1)), *(F.coalesce(F.sum(c), F.lit(0)) for c in ("tokens_in", "tokens_out", "money")))
    )
    (torn,) = one(lines.agg(F.coalesce(F.sum("torn"), F.lit(0))))
    if count:
        once = Transaction(f"{run_id}/{stage}/{segments[-1]}", 1)
        again_on_conflict(lambda: tables.append(REPLIES, found.repartition(1), once=once))
    forget(_folder(files, run_id, stage))
    return Absorbed(count, tokens_in, tokens_out, float(money), torn)


def recover(tables: Tables, files: str, run_id: str, stages: Sequence[str]) -> dict[str, Absorbed]:
    """Absorb what earlier runs left behind in these stages, which `run_id` has locked; by stage."""
    recovered: dict[str, Absorbed] = {}
    for old_run in runs_with_segments(files):
        for stage in stages if old_run != run_id else ():
            found = absorb(tables, files, old_run, stage)
            if found.replies or found.torn:
                recovered[stage] = found
    return recovered


def _folder(files: str, run_id: str, stage: str) -> str:
    return f"{files.rstrip('/')}/{FOLDER}/{run_id}/{stage}"
