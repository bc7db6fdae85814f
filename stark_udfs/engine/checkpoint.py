"""Frames that are read more than once.

`persist` will not do: Delta drops cached plans that read a table which was just written, and Spark then computes them
anew from the new rows. A unit that was open before asking would not be open any more.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
from pyspark.sql import DataFrame


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
