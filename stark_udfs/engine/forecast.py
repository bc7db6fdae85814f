"""What a run would ask and cost, told without a call and without a write.

Rows are counted from the tables where a stage's inputs are there, and follow from the settings where they are not.
Sizes of calls come from earlier replies of the same model, else from one rehearsed unit of usual size.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.ids import canonical
from stark_udfs.core.records import Record, Shape
from stark_udfs.core.settings import Settings
from stark_udfs.delta.tables import Tables
from stark_udfs.engine.chat_stage import look, play
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.guard import repaid
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.stage import AnyChatStage, ChatStage, Stage
from stark_udfs.engine.system import REPLIES, UNITS, State
from stark_udfs.llm.chat import MILLION

CHARACTERS_A_TOKEN = 4
FEWEST = 10  # finished units from which earlier replies say more than a rehearsal
LOW, HIGH = 0.6, 1.8  # of a rehearsal's money: a rule of thumb for other words, other tokenizers and re-asks
DEVIATIONS = 2.0


class Basis(StrEnum):
    """Where the sizes of a stage's calls come from."""

    REPLIES = "earlier replies"
    REHEARSAL = "rehearsed unit"
    NONE = "nothing to ask"


@dataclass(frozen=True)
class Rehearsal:
    """One unit of usual size with the replies of all its rounds, and how many units the settings lead to."""

    units: int
    row: Record
    replies: tuple[Shape, ...]


@dataclass(frozen=True)
class Sizes:
    """What one unit takes, on average; `deviation` of its money; `seen` units were measured."""

    calls: float
    tokens_in: float
    tokens_out: float
    money: float
    deviation: float = 0.0
    seen: int = 0


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
class StageForecast:
    """What a run would do in one stage; money with the bounds between which it is expected."""

    stage: str
    todo: Todo
    calls: int
    tokens_in: int
    tokens_out: int
    money: float
    money_low: float
    money_high: float
    currency: str
    basis: Basis


def forecast(
    stages: Sequence[Stage],
    settings: Settings,
    rehearsals: Mapping[str, Rehearsal],
    spark: SparkSession | None,
    wanted: Wanted | None = None,
) -> tuple[StageForecast, ...]:
    """One forecast per chat stage, in order.

    Args:
        stages: those that would run.
        settings: of the target.
        rehearsals: by stage.
        spark: None where the warehouse is not there yet: everything then follows from the settings.
        wanted: as for the run.
    """
    found: dict[str, StageForecast] = {}
    with ExitStack() as closing:
        context = None
        if spark is not None:
            context = Context(
                spark=spark,
                settings=settings,
                tables=Tables(spark, settings.storage),
                run_id="plan",
                wanted=wanted or Wanted(),
                progress=Quiet(),
                closing=closing,
            )
        for stage in stages:
            if isinstance(stage, ChatStage):
                moving = any(found[table.name].todo.units for table in stage.reads if table.name in found)
                found[stage.name] = _stage(context, stage, rehearsals[stage.name], moving=moving)
    return tuple(found.values())


def _stage(context: Context | None, stage: AnyChatStage, rehearsal: Rehearsal, *, moving: bool) -> StageForecast:
    todo = _todo(context, stage, rehearsal.units, moving=moving)
    sizes = _measured(context, stage) if context is not None and todo.units else None
    basis = Basis.REPLIES if sizes else Basis.REHEARSAL if todo.units else Basis.NONE
    sizes = sizes or rehearsed(stage, rehearsal)
    behind = min(todo.rounds / sizes.calls, float(todo.counted or 0)) if sizes.calls else 0.0
    units = todo.units - behind
    money = units * sizes.money
    low, high = LOW * money, HIGH * money
    if sizes.seen:
        slack = DEVIATIONS * sizes.deviation * (units + units**2 / sizes.seen) ** 0.5
        low, high = max(0.0, money - slack), money + slack
    return StageForecast(
        stage=stage.name,
        todo=todo,
        calls=max(round(units * sizes.calls), todo.units),
        tokens_in=round(units * sizes.tokens_in),
        tokens_out=round(units * sizes.tokens_out),
        money=money,
        money_low=low,
        money_high=high,
        currency=stage.chat.model.price.currency,
        basis=basis,
    )


def _todo(context: Context | None, stage: AnyChatStage, by_settings: int, *, moving: bool) -> Todo:
    if context is None or not all(context.tables.exists(table) for table in stage.reads):
        return Todo(counted=None, to_come=by_settings)
    looked = look(context, stage)
    rows = looked.count()
    again = repaid()
    found = (
        play(context, stage, looked.where("cause IS NOT NULL"))
        .where("open IS NOT NULL")
        .agg(
            F.count(F.when(~again, 1)).alias("units"),
            F.count(F.when(again, 1)).alias("again"),
            F.sum(F.when(~again, F.col("open.round"))).alias("rounds"),
        )
        .collect()[0]
    )
    return Todo(
        counted=found["units"],
        to_come=max(0, by_settings - rows) if moving else 0,
        again=found["again"],
        rounds=found["rounds"] or 0,
    )


def _measured(context: Context, stage: AnyChatStage) -> Sizes | None:
    """Sizes from the units that this model has finished; None where they are too few."""
    tables, model = context.tables, stage.chat.model
    if not tables.exists(REPLIES) or not tables.exists(UNITS):
        return None
    asked = (F.col("provider") == model.provider) & F.startswith("model_returned", F.lit(model.name))
    finished = (
        tables.read(UNITS)
        .where((F.col("stage") == stage.name) & (F.col("state") != State.OPEN.value))
        .select("unit_key", (F.col("redraw") + 1).alias("times"))
    )
    units = (
        tables.read(REPLIES)
        .where((F.col("stage") == stage.name) & asked)
        .groupBy("unit_key")
        .agg(F.count(F.lit(1)).alias("calls"), F.sum("tokens_in").alias("ins"), F.sum("tokens_out").alias("outs"))
        .join(finished, "unit_key")
        .select(*((F.col(name) / F.col("times")).alias(name) for name in ("calls", "ins", "outs")))
    )
    return _means(units, stage)


def _means(units: DataFrame, stage: AnyChatStage) -> Sizes | None:
    price = stage.chat.model.price
    money = (F.col("ins") * price.input + F.col("outs") * price.output) / MILLION
    found = units.agg(
        F.count(F.lit(1)).alias("seen"),
        *(F.avg(name).alias(name) for name in ("calls", "ins", "outs")),
        F.avg(money).alias("money"),
        F.stddev_samp(money).alias("deviation"),
    ).collect()[0]
    if found["seen"] < FEWEST:
        return None
    return Sizes(
        calls=found["calls"],
        tokens_in=found["ins"],
        tokens_out=found["outs"],
        money=found["money"],
        deviation=found["deviation"],
        seen=found["seen"],
    )


def rehearsed(stage: AnyChatStage, rehearsal: Rehearsal) -> Sizes:
    """The sizes of one rehearsed unit, at 4 characters a token."""
    characters_in = characters_out = calls = 0
    while (prompt := stage.ask(rehearsal.row, rehearsal.replies[:calls])) is not None:
        if calls >= len(rehearsal.replies):
            raise IndexError(f"stage {stage.name}: its rehearsal has {calls} replies and asks for one more.")
        request = stage.chat.request(prompt, unit_key="rehearsal", round=calls)
        characters_in += sum(len(message.content) for message in request.messages)
        characters_in += len(canonical(request.json_schema)) if request.send_schema else 0
        characters_out += len(rehearsal.replies[calls].model_dump_json())
        calls += 1
    tokens_in, tokens_out = characters_in / CHARACTERS_A_TOKEN, characters_out / CHARACTERS_A_TOKEN
    return Sizes(
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        money=stage.chat.cost(round(tokens_in), round(tokens_out)),
    )
