"""What a run would ask and cost, found without a call and without a write.

Rows are counted from the tables where a stage's inputs are there, and follow from the settings where they are not.
Sizes of calls come from earlier replies of the same model, else from the stage's example.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from math import ceil

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.engine.batch.status import has_batches
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.estimate import CostEstimate, CostEstimator, EstimateSource
from stark_udfs.engine.guard import open_calls
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.stage import AnyChatStage, ChatStage, Stage, TableStage, UnitStage
from stark_udfs.engine.unit_stage import find_work, replay_units
from stark_udfs.settings.chat_models import BatchSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.tables import Tables, one


@dataclass(frozen=True)
class Todo:
    """The units of a stage that have open calls.

    counted: their number, from the tables; None where an input of the stage is not there.
    to_come: units that stages before it are expected to add.
    again: units that would be paid for a second time; they wait for --remake.
    rounds: rounds that the counted units have behind them.
    """

    counted: int | None
    to_come: int = 0
    again: int = 0
    rounds: int = 0

    @property
    def units(self) -> int:
        """All units that a run would ask."""
        return (self.counted or 0) + self.to_come


@dataclass(frozen=True)
class StageForecast(CostEstimate):
    """What a run would do in one stage.

    batch: the tariff of its model's batch API; None: it has none.
    """

    stage: str
    todo: Todo
    currency: str
    batch: BatchSettings | None = None

    @property
    def money_by_batch(self) -> float:
        """What it costs where all that can goes through a batch API."""
        return self.money if self.batch is None else self.money * self.batch.price_share


def forecast(
    stages: Sequence[Stage],
    settings: RunSettings,
    spark: SparkSession | None,
    wanted: Wanted | None = None,
) -> tuple[StageForecast, ...]:
    """One forecast per stage of units, in order; of one that makes pictures the units alone.

    Args:
        stages: those that would run.
        settings: of the target.
        spark: None where the warehouse is not there yet: everything then follows from the settings.
        wanted: as for the run.
    """
    tables = None if spark is None else Tables(spark, settings.storage)
    foresight = CostEstimator(tables, stages)
    with ExitStack() as closing:
        context = None
        if spark is not None and tables is not None:
            context = Context(
                spark=spark,
                settings=settings,
                tables=tables,
                run_id="plan",
                wanted=wanted or Wanted(),
                progress=Quiet(),
                closing=closing,
            )
        return _by_stage(stages, foresight, context)


def whole_forecast(
    stages: Sequence[Stage], settings: RunSettings, spark: SparkSession | None
) -> tuple[StageForecast, ...]:
    """As `forecast`, as if nothing were done yet: what `pipeline.episodes` episodes take from the first stage on."""
    tables = None if spark is None else Tables(spark, settings.storage)
    return _by_stage(stages, CostEstimator(tables, stages), None)


def _by_stage(stages: Sequence[Stage], foresight: CostEstimator, context: Context | None) -> tuple[StageForecast, ...]:
    found: dict[str, StageForecast] = {}
    expected = {stage.writes.name: _expected_units(stage) for stage in stages if isinstance(stage, ChatStage)}
    for stage in stages:
        if isinstance(stage, TableStage):
            continue
        moving = any(found[table.name].todo.units for table in stage.reads if table.name in found)
        if isinstance(stage, ChatStage):
            todo = _bounded(_todo(context, stage, _expected_units(stage), moving=moving), stage, expected, found)
            found[stage.name] = _forecast(stage, todo, foresight)
        else:
            todo = _todo(context, stage, expected.get(stage.reads[0].name, 0), moving=moving)  # an image per row
            found[stage.name] = _pictures(stage, todo, foresight)
    return tuple(found.values())


def _bounded(todo: Todo, stage: AnyChatStage, expected: Mapping[str, int], found: Mapping[str, StageForecast]) -> Todo:
    """No more to come than the units of the stages before lead to, by the proportions of the settings."""
    mine, befores = expected[stage.writes.name], [table.name for table in stage.reads if table.name in found]
    bounds = [ceil(found[name].todo.units * mine / expected[name]) for name in befores if expected.get(name)]
    return replace(todo, to_come=min(todo.to_come, max(bounds))) if bounds and todo.counted is not None else todo


def _expected_units(stage: AnyChatStage) -> int:
    return 0 if stage.example is None else stage.example.units or 0


def _pictures(stage: UnitStage, todo: Todo, foresight: CostEstimator) -> StageForecast:
    """Pictures cost time, and no money but for questions to a paid search provider."""
    takes = foresight.of(stage, todo.units)
    if takes is not None:
        return StageForecast(stage=stage.name, todo=todo, currency=stage.currency, **asdict(takes))
    return StageForecast(
        stage=stage.name,
        todo=todo,
        currency=stage.currency,
        calls=0,
        tokens_in=0,
        tokens_out=0,
        money=0.0,
        money_low=0.0,
        money_high=0.0,
        basis=EstimateSource.PICTURES,
    )


def _forecast(stage: AnyChatStage, todo: Todo, foresight: CostEstimator) -> StageForecast:
    takes = foresight.of(stage, todo.units, todo.rounds)
    if takes is None:
        takes = CostEstimate(
            calls=todo.units,
            tokens_in=0,
            tokens_out=0,
            money=0.0,
            money_low=0.0,
            money_high=0.0,
            basis=EstimateSource.UNKNOWN if todo.units else EstimateSource.NONE,
        )
    model = stage.chat.model
    batch = model.batch if has_batches(stage.chat) else None
    return StageForecast(stage=stage.name, todo=todo, currency=model.price.currency, batch=batch, **asdict(takes))


def _todo(context: Context | None, stage: UnitStage, by_settings: int, *, moving: bool) -> Todo:
    if context is None or not all(context.tables.exists(table) for table in stage.reads):
        return Todo(counted=None, to_come=by_settings)
    looked = find_work(context, stage)
    rows = looked.count()
    units, again, rounds = one(
        open_calls(replay_units(context, stage, looked.where("cause IS NOT NULL"))).agg(
            F.count_if(~F.col("again")), F.count_if("again"), F.sum(F.when(~F.col("again"), F.col("round")))
        )
    )
    return Todo(
        counted=units,
        to_come=max(0, by_settings - rows) if moving else 0,
        again=again,
        rounds=rounds or 0,
    )
