"""The Spark session: the cluster's own, or a local one with Delta."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.run import SparkSettings

DELTA = "io.delta:delta-spark_4.1_2.13"
OLDEST_SPARK = (4, 0)

LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.databricks.delta.autoCompact.enabled": "false",
    # Small tables: compiling and re-planning each query costs more than running it (a stage took 40 % less without).
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "1000",
    "spark.sql.autoBroadcastJoinThreshold": "32m",
    "spark.speculation": "false",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}


def spark_session(settings: SparkSettings, app: str = "stark") -> SparkSession:
    """The active session, or one by these settings.

    Raises:
        StorageError: Spark is too old, or Delta is not in the session.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    active = SparkSession.getActiveSession()
    spark = active if active is not None else _start(settings, app)
    version = tuple(int(part) for part in spark.version.split(".")[:2])
    if version < OLDEST_SPARK:
        raise StorageError(f"Spark {spark.version} is too old: 4.0 or newer is needed.")
    return spark


def _start(settings: SparkSettings, app: str) -> SparkSession:
    builder = SparkSession.builder.appName(app)
    if settings.master is not None:
        builder = builder.master(settings.master)
        options = {
            **LOCAL,
            **_delta(),
            "spark.driver.memory": settings.driver_memory,
            "spark.sql.shuffle.partitions": str(settings.partitions),
            "spark.default.parallelism": str(settings.partitions),
            **settings.options,
        }
    else:
        options = dict(settings.options)
    for key, value in options.items():
        builder = builder.config(key, value)
    with _stderr_into(settings.log):
        try:
            spark: SparkSession = builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise StorageError(
                f"Spark did not start: {error}. Java 17 or newer is needed, and the first start fetches Delta's jars"
                + (f"; see {settings.log}." if settings.log else ".")
            ) from error
    if settings.master is not None:
        spark.sparkContext.setLogLevel("ERROR")
        _leave_jars_to_java(spark)
    return spark


def _leave_jars_to_java(spark: SparkSession) -> None:
    """Take Delta's jars off the import path of Python: each task of a worker read all of them anew (0.2 s of CPU)."""
    context = spark.sparkContext
    context._python_includes = [name for name in context._python_includes or () if not name.endswith(".jar")]
    sys.path[:] = [place for place in sys.path if not place.endswith(".jar")]


@contextmanager
def _stderr_into(path: str | None) -> Iterator[None]:
    """Let the JVM, and the Python workers it starts, keep a file as their standard error."""
    if path is None:
        yield
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    ours = os.dup(2)
    try:
        with Path(path).open("ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)


def _delta() -> dict[str, str]:
    from importlib.metadata import version

    return {
        "spark.jars.packages": f"{DELTA}:{version('delta-spark')}",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    }
