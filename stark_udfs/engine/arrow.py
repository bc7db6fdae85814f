"""Records ⇄ Arrow batches, for functions that Spark runs on executors with mapInArrow."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

Batches = Iterable[pa.RecordBatch]
BATCH_ROWS = 500


def dicts(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The rows of all batches, one at a time."""
    for batch in batches:
        yield from batch.to_pylist()


def arrow(rows: Iterable[dict[str, Any]], schema: pa.Schema, size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Batches of at most `size` rows."""
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) >= size:
            yield pa.RecordBatch.from_pylist(held, schema=schema)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema=schema)


def arrow_schema(struct: StructType) -> pa.Schema:
    """The Arrow form of a Spark struct."""
    schema: pa.Schema = to_arrow_schema(struct)
    return schema
