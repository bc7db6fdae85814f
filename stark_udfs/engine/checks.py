"""Expectations: measured after a stage has changed its table, kept in `checks`, never a reason to stop."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.context import Context
from stark_udfs.engine.stage import Check, Stage
from stark_udfs.engine.system_tables import CheckResult
from stark_udfs.tables.tables import one


def measure(context: Context, stage: Stage) -> list[CheckResult]:
    """One result per check of the stage that its table has rows enough for."""
    if not stage.checks or not context.tables.exists(stage.writes):
        return []
    frames = context.frames([*stage.reads, stage.writes])
    own = [check for check in stage.checks if check.over is None]
    found = _values(frames[stage.writes.name], own) if own else []
    for check in stage.checks:
        if check.over is not None:
            found += _values(check.over(frames), [check])
    return [_judged(context.run_id, stage.name, check, value) for check, rows, value in found if rows >= check.least]


def _values(rows: DataFrame, checks: Sequence[Check]) -> list[tuple[Check, int, float | None]]:
    """Each check with the number of rows that it looked at and what it found; one job."""
    count, *values = one(
        rows.agg(
            F.count(F.lit(1)),
            *(F.expr(check.expression).cast("double").alias(str(place)) for place, check in enumerate(checks)),
        )
    )
    return [(check, count, value) for check, value in zip(checks, values, strict=True)]


def _judged(run_id: str, stage: str, check: Check, value: float | None) -> CheckResult:
    return CheckResult(
        run_id=run_id,
        stage=stage,
        name=check.name,
        value=value,
        low=check.low,
        high=check.high,
        kind=check.kind,
        ok=value is not None
        and (check.low is None or value >= check.low)
        and (check.high is None or value <= check.high),
    )
