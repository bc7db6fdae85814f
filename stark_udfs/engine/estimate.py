"""How large a stage's calls are, and what some units of it are therefore expected to take.

Sizes come from earlier replies of the same model, else from the stage's example.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.ids import canonical
from stark_udfs.engine import fingerprint
from stark_udfs.engine.stage import AnyChatStage, AnyImageStage, ChatStage, ExampleUnit, ImageStage, Stage, UnitStage
from stark_udfs.engine.system_tables import REPLIES, UNITS, UnitState
from stark_udfs.images.requests import Module
from stark_udfs.settings.chat_models import MILLION
from stark_udfs.tables.tables import Tables, one

CHARACTERS_A_TOKEN = 4
FEWEST = 10  # finished units from which earlier replies say more than an example
LOW, HIGH = 0.6, 1.8  # of an example's money: a rule of thumb for other words, other tokenizers and re-asks
DEVIATIONS = 2.0


class EstimateSource(StrEnum):
    """Where the sizes of a stage's calls come from."""

    REPLIES = "earlier replies"
    EXAMPLE = "example"
    NONE = "nothing to ask"
    UNKNOWN = "no example"
    PICTURES = "pictures: no chat model"
    QUESTIONS = "at most one paid question each"
    PAINTED = "price of a picture"


@dataclass(frozen=True)
class Sizes:
    """What one unit takes, on average; `deviation` of its money; `seen` units were measured, 0: it is the example's."""

    calls: float
    tokens_in: float
    tokens_out: float
    money: float
    deviation: float = 0.0
    seen: int = 0


@dataclass(frozen=True)
class CostEstimate:
    """What some units are expected to take, and the bounds between which their money is expected."""

    calls: int
    tokens_in: int
    tokens_out: int
    money: float
    money_low: float
    money_high: float
    basis: EstimateSource

    def at(self, share: float) -> "CostEstimate":
        """The same at a share of the price."""
        return replace(
            self, money=self.money * share, money_low=self.money_low * share, money_high=self.money_high * share
        )


class CostEstimator:
    """What the stages of one run or plan will take. Earlier replies are measured once, when first asked about."""

    def __init__(self, tables: Tables | None, stages: Sequence[Stage]) -> None:
        self.tables, self.stages = tables, stages
        self._measured: Mapping[str, Sizes] | None = None

    def of(self, stage: UnitStage, units: int, rounds: int = 0) -> CostEstimate | None:
        """For `units` units with `rounds` rounds behind them; None: never asked, and it has no example."""
        if isinstance(stage, ImageStage):
            if stage.picture_price:
                return self._painted(stage, units)
            return self._questions(stage, units) if stage.price else None
        sizes = self._sizes(stage)
        return None if sizes is None else expected(sizes, units, rounds)

    def _questions(self, stage: AnyImageStage, units: int) -> CostEstimate:
        """What questions to a paid search provider come to; all else about pictures is free."""
        asked = finished = 0
        if self.tables is not None and self.tables.exists(REPLIES) and self.tables.exists(UNITS):
            of_stage = F.col("stage") == stage.name
            asked = self.tables.read(REPLIES).where(of_stage & (F.col("model_returned") == Module.WEB.value)).count()
            finished = self.tables.read(UNITS).where(of_stage & (F.col("state") != UnitState.OPEN.value)).count()
        return expected_questions(units, stage.price, asked=asked, finished=finished)

    def _painted(self, stage: AnyImageStage, units: int) -> CostEstimate:
        """What the pictures of an image server come to, and with them the questions to a paid search provider."""
        asked, money, finished = 0, 0.0, 0
        if self.tables is not None and self.tables.exists(REPLIES) and self.tables.exists(UNITS):
            paid = self.tables.read(REPLIES).where((F.col("stage") == stage.name) & (F.col("money") > 0))
            asked, money = one(paid.agg(F.count(F.lit(1)), F.coalesce(F.sum("money"), F.lit(0.0))))
            done = (F.col("stage") == stage.name) & (F.col("state") != UnitState.OPEN.value)
            finished = self.tables.read(UNITS).where(done).count()
        return expected_pictures(
            units, stage.picture_price, each=stage.paintings, asked=asked, money=money, finished=finished
        )

    def _sizes(self, stage: AnyChatStage) -> Sizes | None:
        if self._measured is None:
            self._measured = {} if self.tables is None else measured(self.tables, self.stages)
        if stage.name in self._measured:
            return self._measured[stage.name]
        return None if stage.example is None else of_example(stage, stage.example)


def expected(sizes: Sizes, units: int, rounds: int) -> CostEstimate:
    """What `units` units take that have `rounds` rounds behind them already."""
    behind = min(rounds / sizes.calls, float(units)) if sizes.calls else 0.0
    left = units - behind
    money = left * sizes.money
    low, high = LOW * money, HIGH * money
    if sizes.seen:
        slack = DEVIATIONS * sizes.deviation * (left + left**2 / sizes.seen) ** 0.5
        low, high = max(0.0, money - slack), money + slack
    return CostEstimate(
        calls=max(round(left * sizes.calls), units),
        tokens_in=round(left * sizes.tokens_in),
        tokens_out=round(left * sizes.tokens_out),
        money=money,
        money_low=low,
        money_high=high,
        basis=EstimateSource.NONE if not units else EstimateSource.REPLIES if sizes.seen else EstimateSource.EXAMPLE,
    )


def expected_questions(units: int, price: float, *, asked: int, finished: int) -> CostEstimate:
    """What the questions of `units` units cost, where `finished` units have led to `asked` answers from the web.

    Without enough of those, it is told as if each unit led to one, and the least is nothing.
    """
    known = finished >= FEWEST
    calls = units * asked / finished if known else float(units)
    money = calls * price
    slack = DEVIATIONS * calls**0.5 * price
    return CostEstimate(
        calls=round(calls),
        tokens_in=0,
        tokens_out=0,
        money=money,
        money_low=max(0.0, money - slack) if known else 0.0,
        money_high=money + slack if known else money,
        basis=EstimateSource.NONE if not units else EstimateSource.REPLIES if known else EstimateSource.QUESTIONS,
    )


def expected_pictures(units: int, price: float, *, each: int, asked: int, money: float, finished: int) -> CostEstimate:
    """What the pictures of `units` units cost, where `finished` units have led to `asked` paid ones.

    Without enough of those it is told as if each unit led to `each` pictures at the price of the dearest; the least is
    a half of that, the most twice as much, for units that are tried again.
    """
    known = finished >= FEWEST and asked > 0
    calls = units * asked / finished if known else float(units * each)
    expected_money = units * money / finished if known else calls * price
    slack = DEVIATIONS * calls**0.5 * price
    low, high = (
        (max(0.0, expected_money - slack), expected_money + slack)
        if known
        else (
            expected_money / 2,
            expected_money * 2,
        )
    )
    return CostEstimate(
        calls=round(calls),
        tokens_in=0,
        tokens_out=0,
        money=expected_money,
        money_low=low,
        money_high=high,
        basis=EstimateSource.NONE if not units else EstimateSource.REPLIES if known else EstimateSource.PAINTED,
    )


def measured(tables: Tables, stages: Sequence[Stage]) -> dict[str, Sizes]:
    """Sizes from the units that each stage's model has finished, in one pass; without stages that have too few.

    Some servers return another name than the one they were asked by: then units of the same code and settings count.
    """
    chats = [stage for stage in stages if isinstance(stage, ChatStage)]
    if not chats or not tables.exists(REPLIES) or not tables.exists(UNITS):
        return {}
    name = _of_stage(chats, lambda stage: F.lit(stage.chat.model.name))
    provider = _of_stage(chats, lambda stage: F.lit(stage.chat.model.provider))
    finished = tables.read(UNITS).where(F.col("state") != UnitState.OPEN.value)
    same_code = F.col("code_hash") == _of_stage(chats, lambda stage: F.lit(fingerprint.unit_hash(stage)))
    units = (
        tables.read(REPLIES)
        .where(F.col("provider") == provider)
        .groupBy("stage", "unit_key")
        .agg(
            F.count(F.lit(1)).alias("calls"),
            F.sum("tokens_in").alias("ins"),
            F.sum("tokens_out").alias("outs"),
            F.every(F.startswith("model_returned", name)).alias("same_name"),
        )
        .join(
            finished.select("stage", "unit_key", (F.col("redraw") + 1).alias("times"), same_code.alias("same_code")),
            ["stage", "unit_key"],
        )
        .where("same_name OR same_code")
        .select("stage", *((F.col(total) / F.col("times")).alias(total) for total in ("calls", "ins", "outs")))
    )
    return _means(units, chats)


def _means(units: DataFrame, chats: Sequence[AnyChatStage]) -> dict[str, Sizes]:
    price_in = _of_stage(chats, lambda stage: F.lit(stage.chat.model.price.input))
    price_out = _of_stage(chats, lambda stage: F.lit(stage.chat.model.price.output))
    money = (F.col("ins") * price_in + F.col("outs") * price_out) / MILLION
    found = units.groupBy("stage").agg(
        F.count(F.lit(1)).alias("seen"),
        *(F.avg(name).alias(name) for name in ("calls", "ins", "outs")),
        F.avg(money).alias("money"),
        F.stddev_samp(money).alias("deviation"),
    )
    return {
        row["stage"]: Sizes(
            calls=row["calls"],
            tokens_in=row["ins"],
            tokens_out=row["outs"],
            money=row["money"],
            deviation=row["deviation"],
            seen=row["seen"],
        )
        for row in found.where(F.col("seen") >= FEWEST).collect()
    }


def _of_stage(chats: Sequence[AnyChatStage], value: Callable[[AnyChatStage], Column]) -> Column:
    """The value for the row's stage; null where that is none of them."""
    first, *others = chats
    found = F.when(F.col("stage") == first.name, value(first))
    for stage in others:
        found = found.when(F.col("stage") == stage.name, value(stage))
    return found


def of_example(stage: AnyChatStage, example: ExampleUnit) -> Sizes:
    """The sizes of one unit, at 4 characters a token.

    Raises:
        IndexError: the example has fewer replies than the stage has rounds.
    """
    characters_in = characters_out = calls = 0
    while (prompt := stage.ask(example.row, example.replies[:calls])) is not None:
        if calls >= len(example.replies):
            raise IndexError(f"stage {stage.name}: its example has {calls} replies and asks for one more.")
        request = stage.chat.request(prompt, unit_key="example", round=calls)
        characters_in += sum(len(message.content) for message in request.messages)
        characters_in += CHARACTERS_A_TOKEN * request.image_tokens
        characters_in += len(canonical(request.json_schema)) if request.send_schema else 0
        characters_out += len(example.replies[calls].model_dump_json())
        calls += 1
    tokens_in, tokens_out = characters_in / CHARACTERS_A_TOKEN, characters_out / CHARACTERS_A_TOKEN
    return Sizes(
        calls=calls,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        money=stage.chat.cost(round(tokens_in), round(tokens_out)),
    )
