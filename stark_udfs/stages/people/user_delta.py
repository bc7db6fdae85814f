"""The user's own table where it is a Delta table: its version, and the rows that came since an earlier one.

What came is told by files, not by Delta's change feed: every table has them, also where nobody switched a feed on, and
they are there as long as the log is, also after VACUUM. A row that is new is in a file that the version before did not
have. Other rows of such a file come along, as after an UPDATE, and all of them after a rewrite: slower, never wrong.
"""

import logging
import re
from dataclasses import dataclass

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.stages.people import user_file
from stark_udfs.stages.people.user_file import exists, located
from stark_udfs.tables.tables import last_commit

LOG = logging.getLogger(__name__)
ERROR_CLASS = re.compile(r"\[[A-Z_]+(?:\.[A-Z_]+)*\][^\n]*")
TABLE_NAME = re.compile(r"`?\w+`?(?:\.`?\w+`?){0,2}")
RESTORE = "RESTORE"  # can bring back rows in a file of before, by taking away what marks them as deleted


@dataclass(frozen=True)
class Version:
    """A commit of the table. `at` is its time in milliseconds: another table at the same place has another."""

    number: int
    at: int

    def __str__(self) -> str:
        """As `runs.source_read` keeps it."""
        return f"{self.number}@{self.at}"

    @classmethod
    def of(cls, text: str) -> "Version":
        """From what `str` gave."""
        number, _, at = text.partition("@")
        return cls(int(number), int(at))


def is_table_name(source: str) -> bool:
    """Whether it reads as a table's name: no slash, no known ending, and nothing on disk is called so."""
    endings = (*user_file.ENDINGS, ".parquet")
    return TABLE_NAME.fullmatch(source) is not None and not source.lower().endswith(endings) and not exists(source)


def is_delta(source: str) -> bool:
    """Whether it is a folder with a Delta log."""
    filesystem, path = located(source)
    return bool(filesystem.isdir(path)) and last_commit(source) is not None


def table_of(spark: SparkSession, source: str, version: int | None = None) -> DataFrame:
    """The rows of a table by name, or of a Delta folder, now or as of a version."""
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    if not is_table_name(source):
        return reader.load(source)
    return spark.table(source) if version is None else reader.table(source)


def version_of(spark: SparkSession, source: str) -> str | None:
    """Its newest version; None: it is not there, or a file that has none.

    Raises:
        InputError: it is a view or another table that has no versions.
    """
    if not (spark.catalog.tableExists(source) if is_table_name(source) else is_delta(source)):
        return None
    try:
        return str(_commits(spark, source, 1)[0][0])
    except (Py4JJavaError, PySparkException) as error:
        raise InputError(
            f"people.source: {source} is not a Delta table that can be read, so that no run could tell whether it has "
            f"changed. Save it as one, or as a file. ({one_line(error)})"
        ) from error


def came_since(spark: SparkSession, source: str, before: str) -> DataFrame | None:
    """The rows of the table that are in files which a version of before did not have; None: nothing tells them.

    Args:
        spark: the session.
        source: a table by name, or a Delta folder.
        before: from `version_of`.
    """
    then = Version.of(before)
    try:
        newest = _commits(spark, source, 1)[0][0].number
        commits = _commits(spark, source, max(newest - then.number, 0) + 1)
        if commits[-1][0] != then or any(operation == RESTORE for _, operation in commits[:-1]):
            LOG.warning("people.source: %s went back to an older version, or is another table: all is read", source)
            return None
        old = table_of(spark, source, then.number).inputFiles()
    except (Py4JJavaError, PySparkException) as error:
        LOG.warning("people.source: %s does not tell what is new, so all is read: %s", source, one_line(error))
        return None
    now = table_of(spark, source)
    names = spark.createDataFrame([(name,) for name in old], "_old_file string")
    had = _decoded(F.col("_metadata.file_path")) == _decoded(F.col("_old_file"))
    return now.join(F.broadcast(names), had, "left_anti")


def _decoded(path: Column) -> Column:
    """Spark writes a path now as a URI, now as it is."""
    return F.coalesce(F.try_url_decode(path), path)


def _commits(spark: SparkSession, source: str, most: int) -> list[tuple[Version, str]]:
    """The newest commits with their operations, newest first."""
    table = DeltaTable.forName(spark, source) if is_table_name(source) else DeltaTable.forPath(spark, source)
    rows = table.history(most).select("version", F.unix_millis("timestamp").alias("at"), "operation").collect()
    return [(Version(row["version"], row["at"]), str(row["operation"])) for row in rows]


def one_line(error: Exception) -> str:
    """What Spark says in one line, from its error class on where there is one."""
    text = str(error).strip()
    found = ERROR_CLASS.search(text)
    return found.group(0) if found else text.splitlines()[0]
