"""What Spark is told for the size of a stage's tables; a value that the user set stays, whatever it is.

Spark's defaults are made for large tables. A stage over some thousand rows spends most of its time on planning,
compiling and starting tasks for partitions that are empty: 200 of each shuffle, 50 of each Delta snapshot.
"""

import os
import sys
import zipfile
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

SMALL_ROWS = 200_000  # from here on, compiling and adapting plans pays
ROWS_A_TASK = 250  # a task of fewer rows takes longer to start than to work
MOST_ROWS_A_TASK = 10_000

DELTA_JARS = "io.delta_"  # has the package `delta`, which the driver has loaded and executors do not need

EVERYWHERE = {
    "spark.sql.session.timeZone": "UTC",  # the same rows wherever a run is made
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    # The side that is broadcast may be what Python still works on, as duplicates are: Spark gives it up after 300 s.
    "spark.sql.broadcastTimeout": "86400",
}
SMALL = {
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.autoCompact.enabled": "false",
    # Small tables: compiling and re-planning each query costs more than running it (a stage took 40 % less without).
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.autoBroadcastJoinThreshold": "32m",
}


def fitting(rows: int | None, cores: int) -> dict[str, str]:
    """The settings for a stage.

    Args:
        rows: of the largest table that it reads or writes; None: not known, as of a table that is new.
        cores: of all executors.

    Example:
        >>> fitting(500, 64)["spark.sql.shuffle.partitions"]
        '2'
        >>> fitting(50_000, 64)["spark.sql.shuffle.partitions"]
        '64'
    """
    tasks = cores if rows is None else max(1, min(cores, -(-rows // ROWS_A_TASK)), -(-rows // MOST_ROWS_A_TASK))
    large = rows is not None and rows > SMALL_ROWS
    return {**EVERYWHERE, **({} if large else SMALL), "spark.sql.shuffle.partitions": str(tasks)}


class Tuning:
    """Spark's settings as long as a run; as a context manager, so that the user's session is then as it was."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self._users = frozenset(spark.conf.getAll)
        self._ours: dict[str, str] = {}
        self._refused: set[str] = set()

    def __enter__(self) -> Self:
        leave_jars_to_java(self.spark)
        self.fit(None)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.spark.sparkContext._jsc is not None:  # the session may have ended before its run
            self._set({})

    def fit(self, rows: int | None) -> None:
        """Set what fits so many rows."""
        self._set(fitting(rows, cores(self.spark)))

    def _set(self, wanted: Mapping[str, str]) -> None:
        for key in [key for key in self._ours if key not in wanted]:
            self.spark.conf.unset(key)
            del self._ours[key]
        for key, value in wanted.items():
            if key in self._users or key in self._refused or self._ours.get(key) == value:
                continue
            try:
                self.spark.conf.set(key, value)
            except PySparkException:  # a shared cluster may not let its users change it
                self._refused.add(key)
            else:
                self._ours[key] = value


def cores(spark: SparkSession) -> int:
    """Tasks that run at once, as far as Spark knows yet: executors may still be coming."""
    return max(1, spark.sparkContext.defaultParallelism)


def leave_jars_to_java(spark: SparkSession) -> None:
    """Take jars without Python in them off Python's import path: a worker reads all of them anew for each task.

    `--packages io.delta:…` are 33 jars, 0.2 s of CPU a task.
    """
    context = spark.sparkContext
    places = {os.path.basename(place): place for place in sys.path if place.endswith(".jar")}
    idle = {name for name, place in places.items() if name.startswith(DELTA_JARS) or not has_python(place)}
    context._python_includes = [name for name in context._python_includes or () if name not in idle]
    sys.path[:] = [place for place in sys.path if os.path.basename(place) not in idle]


def has_python(jar: str) -> bool:
    """Whether an archive has modules; one that cannot be read may."""
    try:
        with zipfile.ZipFile(jar) as file:
            return any(name.endswith((".py", ".pyc")) for name in file.namelist())
    except (OSError, zipfile.BadZipFile):
        return True
