"""Rows whose parent is gone go with it: after a stage has removed rows, those below it are cleared."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine import diff, guard
from stark_udfs.engine.checkpoint import checkpointed
from stark_udfs.engine.context import Context
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.stage import Stage
from stark_udfs.engine.system_tables import UNITS
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table


def clear(context: Context, stage: Stage) -> int:
    """Remove a stage's rows, and their units, whose parent rows this run removed; how many.

    Raises:
        GuardStopped: more rows would go than the settings allow.
    """
    tables, table = context.tables, stage.writes
    lost = [(column, parent) for column, parent in table.parents if parent in context.shrunk]
    if not lost or not tables.exists(table):
        return 0
    gone = checkpointed(_without_parent(context, table, {t.name: t for t in stage.reads}, lost))
    counts = diff.RowChanges(delete=gone.count())
    if not counts.any:
        return 0
    guard.check_removal(context, table.name, stage.name, counts, tables.read(table).count())
    tables.merge(table, gone.withColumn("op", F.lit("delete")))
    units = checkpointed(gone.select("unit_key").distinct())
    again_on_conflict(
        lambda: tables.merge(
            UNITS,
            tables.read(UNITS)
            .where(F.col("stage") == stage.name)
            .join(units, "unit_key", "left_semi")
            .select(*struct_type(UNITS.record).names)
            .withColumn("op", F.lit("delete")),
            partition=f"target.stage = '{stage.name}'",
        )
    )
    context.shrunk.add(table.name)
    return counts.delete


def _without_parent(context: Context, table: Table, reads: dict[str, Table], lost: list[tuple[str, str]]) -> DataFrame:
    rows = context.tables.read(table)
    gone = rows.limit(0)
    for column, parent in lost:
        there = context.tables.read(reads[parent]).select(column)
        gone = gone.unionByName(rows.join(there, column, "left_anti").select(*rows.columns))
    return gone.dropDuplicates(list(table.key))
