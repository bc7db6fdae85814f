"""Running a table stage: rows by column expressions, written where they differ."""

from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.engine import diff
from stark_udfs.engine.commit import StageOutcome
from stark_udfs.engine.context import Context
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.stage import TableStage
from stark_udfs.tables.schema import struct_type


def run_table_stage(context: Context, stage: TableStage) -> StageOutcome:
    """Bring a table up to date: new and changed rows are written; rows that are not selected any more stay.

    Raises:
        InputError: `select` gives no row at all.
    """
    table, tables = stage.writes, context.tables
    key = F.col(table.key[0])
    rows = checkpointed(
        stage.select(context.frames(stage.reads)).select(
            *struct_type(table.record).names,
            key.alias("unit_key"),
            F.lit("none").alias("provider"),
            F.lit(context.run_id).alias("run_id"),
        )
    )
    total = rows.count()
    if not total:
        raise InputError(f"stage {stage.name}: there are no rows to write. Nothing was removed.")
    if not tables.exists(table):
        tables.append(table, rows)
        return StageOutcome(rows_in=total, looked_at=total, written=diff.RowChanges(insert=total))
    changed = checkpointed(diff.row_changes(table, rows, tables.read(table)).where("op <> 'delete'"))
    counts = diff.count(changed)
    diff.write(tables, table, changed, counts)
    return StageOutcome(rows_in=total, looked_at=total, written=counts)
