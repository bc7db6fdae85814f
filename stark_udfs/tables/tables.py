"""Tables by name: the only place that turns a table into a path or a catalog name, and that writes."""

import json
import re
from dataclasses import dataclass

import fsspec
from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.run import StorageSettings
from stark_udfs.tables import older
from stark_udfs.tables.address import address, in_catalog
from stark_udfs.tables.schema import comments, struct_type
from stark_udfs.tables.session import refuse_unreadable
from stark_udfs.tables.table import Table
from stark_udfs.tables.warehouse_format import refuse_newer

COMMIT = re.compile(r"(\d{20})\.json")
UPKEEP = frozenset(  # operations that leave the rows as they are: what was made from them is still made from them
    ("OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "CLUSTER BY", "UPGRADE PROTOCOL", "REORG")
)
MOST_UPKEEP = 100  # commits that are looked through
HEAD_BYTES = 65_536  # of a commit


@dataclass(frozen=True)
class Transaction:
    """Names a write, so that writing it a second time does nothing (Delta's txnAppId and txnVersion)."""

    app: str
    version: int


class Tables:
    """The tables of one warehouse.

    `storage.tables` is a folder or URI, whose tables are its sub-folders, or `catalog.schema`.
    """

    def __init__(self, spark: SparkSession, storage: StorageSettings) -> None:
        refuse_unreadable(spark, storage.tables, storage.files)
        refuse_newer(storage.tables, spark)
        self.spark = spark
        self.root = storage.tables.rstrip("/")
        self.in_catalog = in_catalog(self.root)

    def address(self, table: Table) -> str:
        """Catalog name or path of a table."""
        return address(self.root, table.name)

    def version(self, table: Table) -> int | None:
        """The last commit of a table that changed its rows, or might have; None: it does not exist."""
        if self.in_catalog:
            if not self.exists(table):
                return None
            newest = self._history(table, 1)[0]
            rows = [newest] if newest["operation"] not in UPKEEP else self._history(table, MOST_UPKEEP)
            changes = [int(row["version"]) for row in rows if row["operation"] not in UPKEEP]
            return max(changes, default=min(int(row["version"]) for row in rows))
        return last_change(self.address(table))

    def _history(self, table: Table, most: int) -> list[Row]:
        """The newest commits of a table in a catalog, newest first."""
        return self.spark.sql(f"DESCRIBE HISTORY {self.address(table)} LIMIT {most}").collect()

    def exists(self, table: Table) -> bool:
        """Whether the table has been written: asked at every read, so no commit is opened for it."""
        if self.in_catalog:
            return bool(self.spark.catalog.tableExists(self.address(table)))
        return last_commit(self.address(table)) is not None

    def read(self, table: Table) -> DataFrame:
        """The rows of a table, under the column names of today.

        Raises:
            StorageError: it does not exist.
        """
        if not self.exists(table):
            raise StorageError(f"there is no table {table.name} in {self.root}: run its stage first.")
        if self.in_catalog:
            return older.today(table.name, self.spark.table(self.address(table)))
        return older.today(table.name, self.spark.read.format("delta").load(self.address(table)))

    def read_or_empty(self, table: Table) -> DataFrame:
        """The rows of a table, or none with its record's columns."""
        if self.exists(table):
            return self.read(table)
        return self.spark.createDataFrame([], struct_type(table.record))

    def create(self, table: Table) -> None:
        """Make a table with no rows, unless it is there."""
        if not self.exists(table):
            self.append(table, self.spark.createDataFrame([], struct_type(table.record)))

    def append(self, table: Table, rows: DataFrame, once: Transaction | None = None) -> None:
        """Add rows; the table is made, with its column comments, if it is not there."""
        if not self.exists(table):
            for name, comment in comments(table.record).items():
                if name in rows.columns:
                    rows = rows.withMetadata(name, {"comment": comment})
        writer = rows.write.format("delta").mode("append")
        if older.grown(table.name):
            writer = writer.option("mergeSchema", "true")
        if table.partition_by:
            writer = writer.partitionBy(*table.partition_by)
        if once is not None:
            writer = writer.option("txnAppId", once.app).option("txnVersion", once.version)
        try:
            writer.saveAsTable(self.address(table)) if self.in_catalog else writer.save(self.address(table))
        except AnalysisException as error:
            raise StorageError(f"table {table.name} does not fit the rows for it: {error}") from error

    def target(self, table: Table) -> DeltaTable:
        """The table as something to merge into or delete from."""
        if self.in_catalog:
            return DeltaTable.forName(self.spark, self.address(table))
        return DeltaTable.forPath(self.spark, self.address(table))

    def merge(self, table: Table, changes: DataFrame, partition: str | None = None) -> None:
        """Apply `changes`: the table's columns and `op`, one of insert, update, delete.

        Args:
            table: the target; its key finds the rows.
            changes: at most one row per key.
            partition: an SQL predicate on `target` that names the partition, so that writers of others do not collide.
        """
        on = " AND ".join(f"target.{column} <=> source.{column}" for column in table.key)
        values: dict[str, str | Column] = {
            column: F.col(f"source.{column}") for column in changes.columns if column != "op"
        }
        merge = (
            self.target(table)
            .alias("target")
            .merge(changes.alias("source"), F.expr(on if partition is None else f"{partition} AND {on}"))
        )
        (
            (merge.withSchemaEvolution() if older.grown(table.name) else merge)
            .whenMatchedDelete("source.op = 'delete'")
            .whenMatchedUpdate("source.op = 'update'", set=values)
            .whenNotMatchedInsert("source.op = 'insert'", values=values)
            .execute()
        )


def last_commit(path: str) -> int | None:
    """The newest version in a Delta log, read from its file names; None: there is no log."""
    filesystem, log = fsspec.core.url_to_fs(f"{path}/_delta_log")
    try:
        names = filesystem.ls(log, detail=False)
    except FileNotFoundError:
        return None
    versions = [int(match.group(1)) for name in names if (match := COMMIT.fullmatch(name.rsplit("/", 1)[-1]))]
    return max(versions, default=None)


def last_change(path: str) -> int | None:
    """The newest version that is more than upkeep: compaction, say, leaves the rows as they are."""
    newest = last_commit(path)
    if newest is None:
        return None
    filesystem, log = fsspec.core.url_to_fs(f"{path}/_delta_log")
    oldest = max(newest - MOST_UPKEEP, 0)
    for version in range(newest, oldest, -1):
        try:
            commit = filesystem.cat_file(f"{log}/{version:020}.json", start=0, end=HEAD_BYTES)
        except FileNotFoundError:  # a checkpoint took its place
            return version
        if not _is_upkeep(commit):
            return version
    return oldest


def _is_upkeep(commit: bytes) -> bool:
    """Whether a commit says of itself, as Spark's do in their first line, that it was one of `UPKEEP`."""
    for line in commit.splitlines():
        if line.startswith(b'{"commitInfo"'):
            try:
                return json.loads(line)["commitInfo"].get("operation") in UPKEEP
            except ValueError:
                return False  # longer than what was read
    return False


def one(frame: DataFrame) -> Row:
    """The only row of a frame that has one for certain, such as an aggregate."""
    row = frame.first()
    if row is None:
        raise StorageError(f"a frame of one row has none: {frame.columns}")
    return row
