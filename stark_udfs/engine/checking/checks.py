"""Expectations: measured after a stage has changed its table, kept in `checks`, never a reason to stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.checking import interval as chance
from stark_udfs.engine.checking.interval import Interval, Sums
from stark_udfs.engine.checking.measures import Counted, Exact, Mean, Share
from stark_udfs.engine.context import Context
from stark_udfs.engine.stage import Check, Frames, Stage, TableStage
from stark_udfs.engine.system_tables import CheckResult, Outcome
from stark_udfs.tables.tables import one

EXAMPLES = 5  # ids kept with a result
COLUMNS = ("units", "rows", "a", "b", "aa", "ab", "bb")


@dataclass(frozen=True)
class Measured:
    """What a check found, among how many, and where the true value lies; `rows` is what it looked at."""

    check: Check
    rows: int
    value: float | None
    n: int
    interval: Interval | None = None
    examples: str | None = None


def measure(context: Context, stage: Stage) -> list[CheckResult]:
    """One result per check of the stage that its table has rows enough for."""
    if not stage.checks or not context.tables.exists(stage.writes):
        return []
    frames = context.frames_of(stage) if isinstance(stage, TableStage) else context.frames(stage.reads)
    found = measured(frames | context.frames([stage.writes]), stage.writes.name, stage.checks)
    return [_judged(context.run_id, stage.name, one_found) for one_found in found]


def measured(frames: Frames, own: str, checks: Sequence[Check]) -> list[Measured]:
    """What each check finds in `own`, or in the rows that it makes; without those that have too few rows."""
    found: dict[str, Measured] = {}
    for over, unit in dict.fromkeys((check.over, check.unit) for check in checks):
        rows = frames[own] if over is None else over(frames)
        same = [check for check in checks if (check.over, check.unit) == (over, unit)]
        whole = [check for check in same if isinstance(check.measure, Exact | Counted)]
        sampled = [check for check in same if isinstance(check.measure, Share | Mean)]
        both = (_whole(rows, whole) if whole else []) + (_sampled(rows, unit, sampled) if sampled else [])
        found.update({one_found.check.name: one_found for one_found in both})
    return [found[check.name] for check in checks if found[check.name].rows >= check.least]


def outcome(check: Check, value: float | None, interval: Interval | None) -> Outcome:
    """An invariant fails where its value is not within the bounds; a sample only where a bound is out of its reach."""
    exact = isinstance(check.measure, Exact)
    if value is None:
        return Outcome.FAILED if exact else Outcome.CHANCE
    under, over = check.low is not None and value < check.low, check.high is not None and value > check.high
    if not under and not over:
        return Outcome.PASSED
    if exact:
        return Outcome.FAILED
    if interval is None:
        return Outcome.CHANCE
    beyond = (under and check.low is not None and interval.high < check.low) or (
        over and check.high is not None and interval.low > check.high
    )
    return Outcome.FAILED if beyond else Outcome.CHANCE


def _whole(rows: DataFrame, checks: Sequence[Check]) -> list[Measured]:
    """Invariants and shares of counts: aggregates over all rows, in one job."""
    count, *values = one(
        rows.agg(
            F.count(F.lit(1)),
            *(_number(sql).alias(str(place)) for place, sql in enumerate(s for c in checks for s in _aggregates(c))),
        )
    )
    found, left = [], iter(values)
    for check in checks:
        if isinstance(check.measure, Counted):
            hits, of = float(next(left) or 0), float(next(left) or 0)
            found.append(Measured(check, count, hits / of if of else None, round(of), chance.of_share(hits, of)))
        else:
            found.append(Measured(check, count, next(left), count))
    return found


def _aggregates(check: Check) -> tuple[str, ...]:
    if isinstance(check.measure, Exact):
        return (check.measure.value,)
    return (check.measure.hits, check.measure.of) if isinstance(check.measure, Counted) else ()


def _sampled(rows: DataFrame, unit: str, checks: Sequence[Check]) -> list[Measured]:
    """Shares and means: sums by unit, then over units, in one job."""
    sums = [F.count(F.lit(1)).alias("rows")]
    for place, check in enumerate(checks):
        part, of = _parts(check)
        there = part.isNotNull() & of.isNotNull()
        sums += [F.sum(F.when(there, part)).alias(f"a{place}"), F.sum(F.when(there, of)).alias(f"b{place}")]
        sums.append(F.count(F.when(there, 1)).alias(f"n{place}"))
        sums.append(F.min(F.expr(check.example or "CAST(NULL AS string)")).alias(f"e{place}"))
    row = one(
        rows.groupBy(unit)
        .agg(*sums)
        .agg(F.sum("rows"), *(column for place in range(len(checks)) for column in _totals(place)))
    )
    found, left = [], iter(row[1:])
    for check in checks:
        counted, units, *totals, examples = (next(left) for _ in range(8))
        one_found = _ratio(check, row[0] or 0, counted or 0, Sums(units, *(float(total or 0) for total in totals)))
        found.append(replace(one_found, examples=examples or None))
    return found


def _totals(place: int) -> tuple[Column, ...]:
    a, b = F.col(f"a{place}"), F.col(f"b{place}")
    units = F.count(F.when(b != 0, 1))
    return (F.sum(f"n{place}"), units, F.sum(a), F.sum(b), F.sum(a * a), F.sum(a * b), F.sum(b * b), _examples(place))


def _examples(place: int) -> Column:
    """The first few of the units' examples, as one text."""
    return F.concat_ws(", ", F.slice(F.sort_array(F.collect_list(f"e{place}")), 1, EXAMPLES))


def _ratio(check: Check, rows: int, counted: int, sums: Sums) -> Measured:
    if isinstance(check.measure, Mean):
        return Measured(check, rows, sums.ratio, counted, chance.of_mean(sums))
    return Measured(check, rows, sums.ratio, round(sums.b), chance.of_clustered_share(sums))


def _parts(check: Check) -> tuple[Column, Column]:
    if isinstance(check.measure, Share):
        return _number(check.measure.part), _number(check.measure.of)
    return _number(check.measure.each if isinstance(check.measure, Mean) else "NULL"), F.lit(1.0)


def _number(sql: str) -> Column:
    return F.expr(sql).cast("double")


def _judged(run_id: str, stage: str, found: Measured) -> CheckResult:
    check, interval = found.check, found.interval
    state = outcome(check, found.value, interval)
    return CheckResult(
        run_id=run_id,
        stage=stage,
        name=check.name,
        value=found.value,
        low=check.low,
        high=check.high,
        kind=check.kind,
        ok=state is not Outcome.FAILED,
        state=state.value,
        n=found.n,
        interval_low=None if interval is None else interval.low,
        interval_high=None if interval is None else interval.high,
        examples=found.examples,
    )
