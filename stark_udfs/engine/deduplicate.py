"""From what units gave to what is written: duplicates and quotas are settled here, between parse and write."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.near_duplicates import Candidate, deduplicate
from stark_udfs.engine.stage import UnitStage
from stark_udfs.tables.schema import struct_type

ORDER, PLACE = "_order", "_place"  # of a row's unit, and of the row in it; records have no such columns
AFTER_PARSE = 1_000_000  # positions of rejects that settling adds, so that they never meet those of `parse`


@dataclass(frozen=True)
class Deduplicated:
    """The rows to write, and the rejects, of units that ended; `verdicts` on rows, where there is a rule."""

    rows: DataFrame
    dropped: DataFrame
    verdicts: DataFrame | None

    def capped(self) -> int:
        """Rows that were kept without being compared with all others, which are too many."""
        return 0 if self.verdicts is None else self.verdicts.where("capped").count()


def deduplicated(context: Context, stage: UnitStage, finished: DataFrame) -> Deduplicated:
    """Settle what units gave: duplicates and quotas."""
    record = struct_type(stage.writes.record)
    outs = finished.select("unit_key", F.col("order").alias(ORDER), F.posexplode("outs").alias(PLACE, "out"))
    rows = outs.select("unit_key", ORDER, PLACE, "out.*")
    dropped = finished.select("unit_key", "reply_key", F.posexplode("rejects").alias("position", "reject")).select(
        "unit_key", F.col("position").cast("bigint").alias("position"), "reject.*", "reply_key"
    )
    verdicts: DataFrame | None = None
    if stage.unique is not None or stage.take is not None:
        verdicts = checkpointed(_verdicts(context, stage, finished, rows))
        key = stage.writes.key[0]
        twins = verdicts.where("reason IS NOT NULL").join(finished.select("unit_key", "reply_key"), "unit_key")
        dropped = dropped.unionByName(twins.select(*dropped.columns))
        rows = rows.join(verdicts.where("kept").select(F.col("key").alias(key)), key, "left_semi")
    provenance = [
        F.lit(stage.provider).alias("provider"),
        F.lit(context.run_id).alias("run_id"),
    ]
    return Deduplicated(rows.select(*record.names, "unit_key", *provenance), dropped, verdicts)


def _verdicts(context: Context, stage: UnitStage, finished: DataFrame, rows: DataFrame) -> DataFrame:
    """One verdict per candidate row, by groups that do not touch each other."""
    key = stage.writes.key[0]
    unique = stage.unique
    within = F.col(unique.within) if unique is not None else F.col("unit_key")
    text = F.col(unique.on) if unique is not None else F.col(key)
    candidates = rows.select(
        F.col(key).alias("key"),
        "unit_key",
        F.col(ORDER).alias("order"),
        F.col(PLACE).alias("place"),
        within.alias("within"),
        text.alias("text"),
    )
    if context.tables.exists(stage.writes):
        table = context.tables.read(stage.writes)
        there = table.select(F.col(key).alias("key"), "unit_key", within.alias("within"), text.alias("text"))
        same = there.select("key", "text", F.lit(True).alias("in_table"))
        candidates = candidates.join(same, ["key", "text"], "left")
        others = there.join(finished.select("unit_key"), "unit_key", "left_anti")
        if unique is not None:
            others = others.join(candidates.select("within").distinct(), "within", "left_semi")
            candidates = candidates.unionByName(others.withColumn("in_table", F.lit(True)), allowMissingColumns=True)
    else:
        candidates = candidates.withColumn("in_table", F.lit(False))
    near = unique.near if unique is not None else None
    return candidates.groupBy("within").applyInPandas(deduplicator(near, stage.take, AFTER_PARSE), verdict_type())


def verdict_type() -> spark.StructType:
    """A verdict, shaped like a reject where it is one; `capped` as in `Verdict`."""
    return spark.StructType(
        [
            spark.StructField("key", spark.StringType()),
            spark.StructField("unit_key", spark.StringType()),
            spark.StructField("position", spark.LongType()),
            spark.StructField("kept", spark.BooleanType()),
            spark.StructField("reason", spark.StringType()),
            spark.StructField("detail", spark.StringType()),
            spark.StructField("capped", spark.BooleanType()),
        ]
    )


def deduplicator(near: float | None, take: int | None, first_position: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A function for applyInPandas over columns key, unit_key, order, place, text, in_table.

    Args:
        near: as for `settle`.
        take: as for `settle`.
        first_position: of the rejects that it makes.
    """

    def over(group: pd.DataFrame) -> pd.DataFrame:
        in_table = group["in_table"].eq(True)
        order = group["order"].fillna(-1).astype("int64")
        candidates = [
            Candidate(key, unit, int(rank), text, bool(there))
            for key, unit, rank, text, there in zip(
                group["key"], group["unit_key"], order, group["text"], in_table, strict=True
            )
        ]
        new = group["place"].notna()
        places = dict(zip(group["key"][new], group["place"][new].astype("int64"), strict=True))
        units = dict(zip(group["key"], group["unit_key"], strict=True))
        rows = [
            (
                verdict.key,
                units[verdict.key],
                first_position + int(places[verdict.key]),
                verdict.kept,
                None if verdict.reason is None else verdict.reason.value,
                f"{verdict.similarity:.2f} like {verdict.of}" if verdict.of else None,
                verdict.capped,
            )
            for verdict in deduplicate(candidates, near, take)
            if verdict.key in places
        ]
        return pd.DataFrame(rows, columns=verdict_type().names)

    return over
