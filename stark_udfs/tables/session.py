"""The Spark session: the cluster's own, or one that is started here, with Delta."""

import locale
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import fsspec
from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException, PySparkRuntimeError
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.core.turns import in_turn
from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.address import in_catalog
from stark_udfs.tables.tuning import EVERYWHERE, SMALL, cores, leave_jars_to_java

DELTA = "io.delta:delta-spark_4.1_2.13"
DELTA_JAR = ".ivy2*/jars/io.delta_delta-spark_4.1_2.13-{}.jar"  # where Spark keeps it, below the home folder
OLDEST_SPARK = (4, 0)
UTF8_LOCALE = "C.UTF-8"
SUBMITTED = "PYSPARK_GATEWAY_PORT"  # spark-submit sets it: the JVM is there already
CONNECT = "sc://"  # a master that is reached by Spark Connect: for reading, report and export
NO_MASTER = "local[*]"  # what spark-submit says where it was given none

STARTED = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.speculation": "false",
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
}
DELTA_SQL = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

ON_A_CLUSTER = {
    **DELTA_SQL,
    "spark.locality.wait": "0s",  # rows of a small stage are sooner read from afar than waited for
}


def spark_session(settings: SparkSettings, app: str = "stark") -> SparkSession:
    """The active session, or one by these settings. Under spark-submit its master holds, if it was given one.

    Raises:
        StorageError: Spark is too old, or Delta is not in the session.
    """
    if settings.master is not None and settings.master.startswith(CONNECT):
        return _connected(settings.master, settings, app)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    active = SparkSession.getActiveSession()
    spark = active if active is not None else _start(settings, app)
    _refuse_old(spark)
    return spark


def _refuse_old(spark: SparkSession) -> None:
    found = tuple(int(part) for part in spark.version.split(".")[:2])
    if found < OLDEST_SPARK:
        raise StorageError(f"Spark {spark.version} is too old: 4.0 or newer is needed.")


def _connected(address: str, settings: SparkSettings, app: str) -> SparkSession:
    """A session on a server of Spark Connect, whose Delta and Python packages are its own.

    Raises:
        StorageError: it cannot be reached, or what pyspark needs for it is not installed.
    """
    logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)  # what fails is raised as well
    try:
        builder = SparkSession.builder.remote(address).appName(app)
        for key, value in settings.options.items():
            builder = builder.config(key, value)
        spark: SparkSession = builder.getOrCreate()
        _refuse_old(spark)
    except ImportError as error:
        raise StorageError(
            f"spark.master: {address} needs packages that are not here ({error}): pip install 'stark-mcu[connect]'."
        ) from error
    except (PySparkException, ValueError) as error:
        raise StorageError(
            f"spark.master: no server of Spark Connect at {address}: {str(error).strip().splitlines()[0][:300]}"
        ) from error
    return spark


def _start(settings: SparkSettings, app: str) -> SparkSession:
    builder = SparkSession.builder.appName(app)
    given = _given()
    submitted = given is not None
    master = settings.master if given is None or given.get("spark.master") == NO_MASTER else None
    if master is not None:
        builder = builder.master(master)
    for key, value in _options(settings, master, given).items():
        builder = builder.config(key, value)
    home = os.path.expanduser("~")
    jars_here = submitted or any(Path(home).glob(DELTA_JAR.format(version("delta-spark"))))
    with ExitStack() as starting:
        if not jars_here:  # two first starts at once would spoil each other's
            starting.enter_context(in_turn(home))
        starting.enter_context(_stderr_into(settings.log))
        starting.enter_context(_utf8_paths())
        try:
            spark: SparkSession = builder.getOrCreate()
        except PySparkRuntimeError as error:
            raise StorageError(
                f"Spark did not start: {str(error).rstrip('.')}. "
                "Java 17 or newer is needed, and the first start fetches Delta's jars"
                + (f"; see {settings.log}." if settings.log else ".")
            ) from error
    if submitted:
        _refuse_without_delta(spark)
    if master is not None:
        spark.sparkContext.setLogLevel("ERROR")
        leave_jars_to_java(spark)
        if _is_local(master) and "spark.sql.shuffle.partitions" not in settings.options:
            spark.conf.set("spark.sql.shuffle.partitions", str(cores(spark)))
        if settings.log is not None:
            _keep_accumulator_errors(spark, Path(settings.log).absolute())
    return spark


def _given() -> SparkConf | None:
    """What spark-submit was given; None: it did not start this process."""
    if SUBMITTED not in os.environ:
        return None
    SparkContext._ensure_initialized()  # before that, a SparkConf knows of nothing
    return SparkConf()


def _options(settings: SparkSettings, master: str | None, given: SparkConf | None) -> dict[str, str]:
    """What the session starts with; what fits a stage's size is set when it runs (`tuning`), but on this machine."""
    if given is not None:
        return {key: text for key, text in {**ON_A_CLUSTER, **settings.options}.items() if not given.contains(key)}
    if master is None:
        return dict(settings.options)
    here = {**EVERYWHERE, **SMALL} if _is_local(master) else {}
    if _is_local(master) and settings.partitions is not None:
        here["spark.default.parallelism"] = str(settings.partitions)
    return {
        **STARTED,
        **here,
        **ON_A_CLUSTER,
        "spark.jars.packages": f"{DELTA}:{version('delta-spark')}",
        "spark.driver.memory": settings.driver_memory,
        **settings.options,
    }


def _is_local(master: str) -> bool:
    """Whether all tasks run in the driver's own JVM: not on `local-cluster`."""
    return master == "local" or master.startswith("local[")


def _refuse_without_delta(spark: SparkSession) -> None:
    """Delta's jars can only come with spark-submit: it is too late for them.

    Raises:
        StorageError: they did not.
    """
    loader = getattr(spark, "_jvm").java.lang.Thread.currentThread().getContextClassLoader()  # noqa: B009
    try:
        loader.loadClass(DELTA_SQL["spark.sql.extensions"])
    except Py4JJavaError:
        raise StorageError(
            f"Delta is not among Spark's jars: spark-submit --packages {DELTA}:{version('delta-spark')} …"
        ) from None


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
