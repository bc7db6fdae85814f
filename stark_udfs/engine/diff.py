"""By which rows two versions of a table differ, and writing just those."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables

NOT_CONTENT = ("run_id",)


@dataclass(frozen=True)
class RowChanges:
    """Rows that a write added, changed and removed."""

    insert: int = 0
    update: int = 0
    delete: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.insert or self.update or self.delete)

    @property
    def only_added(self) -> bool:
        """Whether rows were added and nothing else: an append will do."""
        return bool(self.insert) and not self.update and not self.delete


def row_changes(table: Table, new: DataFrame, old: DataFrame) -> DataFrame:
    """The rows by which `new` differs from `old`: the table's columns and `op`, one of insert, update, delete.

    Run ids do not count as content: a row that comes out as it was stays as it is, with the run that first wrote it.
    """
    columns = new.columns
    both = (
        new.withColumn("_new", _content(columns))
        .alias("n")
        .join(
            old.select(*columns).withColumn("_old", _content(columns)).alias("o"),
            [F.col(f"n.{key}").eqNullSafe(F.col(f"o.{key}")) for key in table.key],
            "full",
        )
    )
    op = (
        F.when(F.col("_old").isNull(), "insert")
        .when(F.col("_new").isNull(), "delete")
        .when(F.col("_new") != F.col("_old"), "update")
    )
    kept = [F.when(F.col("_new").isNull(), F.col(f"o.{c}")).otherwise(F.col(f"n.{c}")).alias(c) for c in columns]
    return both.withColumn("op", op).where("op IS NOT NULL").select(*kept, "op")


def count(changed: DataFrame) -> RowChanges:
    """How many rows of each kind; runs a job."""
    found = {row["op"]: row["count"] for row in changed.groupBy("op").count().collect()}
    return RowChanges(**found)


def write(tables: Tables, table: Table, changed: DataFrame, counts: RowChanges, partition: str | None = None) -> None:
    """Append if rows are only added, MERGE if some change or go, nothing if there are none.

    Args:
        tables: the warehouse.
        table: the target.
        changed: from `row_changes`.
        counts: from `count`.
        partition: an SQL predicate on `target`, as for `Tables.merge`.
    """
    if counts.only_added:
        again_on_conflict(lambda: tables.append(table, changed.drop("op")))
    elif counts.any:
        again_on_conflict(lambda: tables.merge(table, changed, partition))


def _content(columns: list[str]) -> Column:
    return F.sha2(F.to_json(F.struct(*(c for c in columns if c not in NOT_CONTENT))), 256)
