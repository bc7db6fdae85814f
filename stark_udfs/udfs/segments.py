"""Reading journal segments on executors."""

from collections.abc import Iterator
from typing import Any

from pyspark.sql import types as spark

from stark_udfs.delta.schema import struct_type
from stark_udfs.llm.journal import read_segment
from stark_udfs.llm.prompts import Reply
from stark_udfs.udfs.records import Batches, arrow, arrow_schema, dicts


def segment_type() -> spark.StructType:
    """One row per line, and one per segment with its number of torn lines."""
    return spark.StructType(
        [spark.StructField("reply", struct_type(Reply)), spark.StructField("torn", spark.LongType())]
    )


def segment_reader(batches: Batches) -> Batches:
    """A mapInArrow function: `path` in, `segment_type` out."""

    def lines() -> Iterator[dict[str, Any]]:
        for row in dicts(batches):
            segment = read_segment(str(row["path"]))
            yield {"reply": None, "torn": segment.torn}
            for reply in segment.replies:
                yield {"reply": reply.model_dump(), "torn": 0}

    return arrow(lines(), arrow_schema(segment_type()))
