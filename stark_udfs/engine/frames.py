"""Between Spark and Python: records as Arrow batches, rows that are fixed once, rows that outlive an executor."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pyarrow as pa
from pyspark.sql import DataFrame
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


def checkpointed(frame: DataFrame) -> DataFrame:
    """The frame with its rows fixed when they are first computed; gone if the executor that holds them is lost."""
    return frame.localCheckpoint(eager=False)


@contextmanager
def stored(frame: DataFrame, path: str) -> Iterator[DataFrame]:
    """The frame with its rows in files until the block ends: they outlive any executor."""
    frame.write.mode("overwrite").parquet(path)
    try:
        yield frame.sparkSession.read.schema(frame.schema).parquet(path)
    finally:
        unpersist(path)


def unpersist(path: str) -> None:
    """Remove a folder and what is in it, and the folder of its run if that is then empty."""
    filesystem, folder = fsspec.core.url_to_fs(path)
    if filesystem.exists(folder):
        filesystem.rm(folder, recursive=True)
    parent = filesystem._parent(folder)
    if filesystem.isdir(parent) and not filesystem.ls(parent, detail=False):
        filesystem.rmdir(parent)
