"""Expectations: measured after a stage has changed its table, kept in `checks`, never a reason to stop."""

from pyspark.sql import functions as F

from stark_udfs.delta.tables import one
from stark_udfs.engine.context import Context
from stark_udfs.engine.stage import Check, Stage
from stark_udfs.engine.system import CheckResult


def measure(context: Context, stage: Stage) -> list[CheckResult]:
    """One result per check of the stage that its table has rows enough for."""
    if not stage.checks or not context.tables.exists(stage.writes):
        return []
    rows, *values = one(
        context.tables.read(stage.writes).agg(
            F.count(F.lit(1)),
            *(F.expr(check.expression).cast("double").alias(str(place)) for place, check in enumerate(stage.checks)),
        )
    )
    return [
        _judged(context.run_id, stage.name, check, value)
        for check, value in zip(stage.checks, values, strict=True)
        if rows >= check.least
    ]


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
