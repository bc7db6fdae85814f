"""`unique.settle` for Spark: one group of candidates in, one verdict per new candidate out."""

from collections.abc import Callable

import pandas as pd
from pyspark.sql import types as spark

from stark_udfs.engine.near_duplicates import Candidate, deduplicate


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
