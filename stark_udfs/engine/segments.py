"""Reading journal segments on executors."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyspark.sql import types as spark

from stark_udfs.calls.journal import read_segment
from stark_udfs.calls.request import Reply
from stark_udfs.engine.arrow import Batches, arrow, arrow_schema, dicts
from stark_udfs.tables.schema import struct_type


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
