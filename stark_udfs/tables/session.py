"""The Spark session: the cluster's own, or a local one with Delta."""

import locale
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import fsspec
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.address import in_catalog

DELTA = "io.delta:delta-spark_4.1_2.13"
OLDEST_SPARK = (4, 0)
UTF8_LOCALE = "C.UTF-8"

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
    with _stderr_into(settings.log), _utf8_paths():
        try:
            spark: SparkSession = builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise StorageError(
                f"Spark did not start: {str(error).rstrip('.')}. "
                "Java 17 or newer is needed, and the first start fetches Delta's jars"
                + (f"; see {settings.log}." if settings.log else ".")
            ) from error
    if settings.master is not None:
        spark.sparkContext.setLogLevel("ERROR")
        _leave_jars_to_java(spark)
        if settings.log is not None:
            _keep_accumulator_errors(spark, Path(settings.log).absolute())
    return spark


def _leave_jars_to_java(spark: SparkSession) -> None:
    """Take Delta's jars off the import path of Python: each task of a worker read all of them anew (0.2 s of CPU)."""
    context = spark.sparkContext
    context._python_includes = [name for name in context._python_includes or () if not name.endswith(".jar")]
    sys.path[:] = [place for place in sys.path if not place.endswith(".jar")]


def _keep_accumulator_errors(spark: SparkSession, log: Path) -> None:
    """PySpark's accumulator server prints a traceback on the terminal when the JVM dies: it belongs to the log."""

    def keep(_request: object, _address: object) -> None:
        with suppress(OSError), log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(traceback.format_exc())

    server = getattr(spark.sparkContext, "_accumulatorServer", None)
    if server is not None:
        server.handle_error = keep


@contextmanager
def _utf8_paths() -> Iterator[None]:
    """Let the JVM name files in UTF-8 where Python does although the locale is another, such as LC_ALL=C."""
    python, ours = sys.getfilesystemencoding().lower(), locale.getencoding().lower().replace("-", "")
    if python != "utf-8" or ours == "utf8":
        yield
        return
    before = os.environ.get("LC_ALL")
    os.environ["LC_ALL"] = UTF8_LOCALE
    try:
        yield
    finally:
        if before is None:
            del os.environ["LC_ALL"]
        else:
            os.environ["LC_ALL"] = before


def refuse_unreadable(spark: SparkSession, *roots: str) -> None:
    """Refuse local folders whose names the JVM cannot spell.

    Raises:
        StorageError: it runs in an encoding that lacks some of the letters.
    """
    for root in roots:
        if in_catalog(root) or fsspec.core.split_protocol(root)[0] not in (None, "file", "local"):
            continue
        path = os.path.abspath(fsspec.core.strip_protocol(root))
        jvm = None if path.isascii() else getattr(spark, "_jvm", None)
        encoding = "utf-8" if jvm is None else str(jvm.java.lang.System.getProperty("sun.jnu.encoding"))
        if not _spells(path, encoding):
            raise StorageError(
                f"{path}: Java names files in {encoding} here and cannot open this one. "
                f"Set LC_ALL={UTF8_LOCALE} and start again, or choose a path in ASCII."
            )


def _spells(path: str, encoding: str) -> bool:
    try:
        path.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@contextmanager
def _stderr_into(path: str | None) -> Iterator[None]:
    """Let the JVM, and the Python workers it starts, keep a file as their standard error."""
    if path is None:
        yield
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise StorageError(
            f"spark.log: {path} cannot be written ({error.strerror}). Give another place, or null for the terminal."
        ) from error
    sys.stderr.flush()
    ours = os.dup(2)
    try:
        os.dup2(log, 2)
        os.close(log)
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
