"""Expectations: measured after a stage has changed its table, kept in `checks`, never a reason to stop."""

from collections.abc import Sequence

from pyspark.sql import functions as F

from stark_udfs.delta.tables import one
from stark_udfs.engine.context import Context
from stark_udfs.engine.stage import Check, Stage
from stark_udfs.engine.system import CheckResult


def measure(context: Context, stage: Stage) -> list[CheckResult]:
    """One result per check of the stage; none where its table has no rows to measure."""
    if not stage.checks or not context.tables.exists(stage.writes):
        return []
    found = context.tables.read(stage.writes).agg(
        *(F.expr(check.expression).cast("double").alias(str(place)) for place, check in enumerate(stage.checks))
    )
    return _judge(context.run_id, stage.name, stage.checks, list(one(found)))


def _judge(run_id: str, stage: str, checks: Sequence[Check], values: Sequence[float | None]) -> list[CheckResult]:
    return [
        CheckResult(
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
        for check, value in zip(checks, values, strict=True)
    ]
