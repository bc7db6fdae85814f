"""The user's own table of people: where it is, what is in it, whether it has changed."""

import re

import fsspec
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.tables.tables import last_commit

ERROR_CLASS = re.compile(r"\[[A-Z_]+(?:\.[A-Z_]+)*\][^\n]*")
TABLE_NAME = re.compile(r"`?\w+`?(?:\.`?\w+`?){0,2}")


def read(spark: SparkSession, source: str) -> DataFrame:
    """The table as it is; columns of a CSV are text.

    Raises:
        InputError: it is not there, is of another kind, or cannot be read.
    """
    if not _is_table_name(source) and not _exists(source):
        raise InputError(
            f"people.source: there is no {source}. Give a .csv, .parquet or Delta path, or a table's name."
        )
    try:
        if _is_table_name(source):
            return spark.table(source)
        if _commit_of(source) is not None:
            return spark.read.format("delta").load(source)
        if source.lower().endswith(".csv"):
            return spark.read.csv(source, header=True, escape='"', encoding="UTF-8")
        if source.rstrip("/").lower().endswith(".parquet"):
            return spark.read.parquet(source)
    except (Py4JJavaError, PySparkException) as error:
        raise InputError(f"people.source: cannot read {source}: {_said(error)}") from error
    raise InputError(f"people.source: {source} is neither .csv nor .parquet, a Delta folder or a table's name.")


def version(source: str) -> Json:
    """A value that changes whenever the source does; None: it is not there, or cannot be told before Spark runs.

    Raises:
        InputError: the source is a view or another table that has no versions.
    """
    if _is_table_name(source):
        spark = SparkSession.getActiveSession()
        return None if spark is None or not spark.catalog.tableExists(source) else _table_version(spark, source)
    if not _exists(source):
        return None
    commit = _commit_of(source)
    if commit is not None:
        return commit
    filesystem, path = _located(source)
    return stable_id(*(filesystem.checksum(file) for file in sorted(filesystem.find(path))))


def _table_version(spark: SparkSession, name: str) -> int:
    try:
        return int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").select("version").collect()[0][0])
    except PySparkException as error:
        raise InputError(
            f"people.source: {name} is not a Delta table, so that no run could tell whether it has changed. "
            f"Save it as one, or as a file. ({_said(error)})"
        ) from error


def _commit_of(source: str) -> int | None:
    """The newest version of a Delta folder; None: it is something else."""
    filesystem, path = _located(source)
    return last_commit(source) if filesystem.isdir(path) else None


def _is_table_name(source: str) -> bool:
    """Whether it reads as a table's name: no slash, no known ending, and nothing on disk is called so."""
    looks_so = TABLE_NAME.fullmatch(source) is not None and not source.lower().endswith((".csv", ".parquet"))
    return looks_so and not _exists(source)


def _exists(source: str) -> bool:
    filesystem, path = _located(source)
    return bool(filesystem.exists(path))


def _located(source: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError) as error:
        raise InputError(f"people.source: no file system for {source}: {error}") from error
    return filesystem, path


def _said(error: Exception) -> str:
    """What Spark says in one line, from its error class on where there is one."""
    text = str(error).strip()
    found = ERROR_CLASS.search(text)
    return found.group(0) if found else text.splitlines()[0]
