"""Replaying units over stored replies: free, deterministic, and the only way in which rows are made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pyspark.sql import types as spark

from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.policy import CallPolicy, ChatPolicy
from stark_udfs.calls.providers.client import CallClient, connect
from stark_udfs.calls.request import Prompt, Reply
from stark_udfs.calls.sequence import CallSequence, ChatSequence, OpenCall, SequenceEnd, advance
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.settings.run import LimitsSettings
from stark_udfs.tables.schema import struct_type

UNIT_COLUMNS: tuple[tuple[str, spark.DataType], ...] = (
    ("unit_key", spark.StringType()),
    ("order", spark.LongType()),
    ("row", spark.StringType()),
    ("row_hash", spark.StringType()),
    ("redraw", spark.LongType()),
    ("cause", spark.StringType()),
    ("before_state", spark.StringType()),
    ("before_outputs", spark.LongType()),
)


UNITS_A_SLOT = 2


class ReplayCause(StrEnum):
    """Why a unit is looked at."""

    NEW = "new"
    ROW = "row"  # its input changed
    CODE = "code"  # the stage's code, settings or model changed
    OPEN = "open"  # the last run did not get to its end
    OUTPUTS = "outputs"  # rows of it are gone
    ASKED = "asked"  # the user wants it anew


OPEN_CALL = spark.StructType(
    [
        spark.StructField("key", spark.StringType()),
        spark.StructField("request", spark.StringType()),
        spark.StructField("round", spark.LongType()),
        spark.StructField("attempt", spark.LongType()),
        spark.StructField("tokens", spark.LongType()),
        spark.StructField("money", spark.DoubleType()),
    ]
)


class Replayed(Protocol):
    """What replaying needs of a stage whose rows come of replies; pickled by reference."""

    @property
    def stage(self) -> str:
        """The stage's name."""
        ...

    @property
    def out(self) -> type[Record]:
        """What its rows are."""
        ...

    def conversation(self, unit: Mapping[str, Any]) -> CallSequence:
        """The requests and replies of one unit row."""
        ...

    @property
    def parse(self) -> Callable[[Any, Sequence[Any]], Sequence[Record | Reject]]:
        """The stage's `parse`."""
        ...


class Limited(Protocol):
    """A stage whose calls the broker limits."""

    @property
    def stage(self) -> str:
        """The stage's name."""
        ...

    @property
    def pool(self) -> str:
        """Stages of one pool share its limits."""
        ...

    def limits(self, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> CallLimits:
        """What the stage's calls may use, over the whole cluster."""
        ...


class UnitReplay(Replayed, Limited, Protocol):
    """What an executor needs of a chat stage, beside replaying."""

    @property
    def gpus(self) -> float:
        """That a task asks Spark for; 0: none."""
        ...

    @property
    def workers(self) -> int:
        """Units that a task works on at once."""
        ...

    def client(self) -> CallClient[Any]:
        """Who answers, made on the loop of a task."""
        ...


@dataclass(frozen=True)
class ChatReplay:
    """The script of a chat stage."""

    stage: str
    each: type[Record]
    out: type[Record]
    ask: Callable[[Any, Sequence[Any]], Prompt | None]
    parse: Callable[[Any, Sequence[Any]], Sequence[Record | Reject]]
    chat: ChatPolicy
    gpus: float = 0.0

    @property
    def pool(self) -> str:
        """The model."""
        return self.chat.model.name

    @property
    def workers(self) -> int:
        """More than there are slots: while some wait to try again, others use theirs."""
        return UNITS_A_SLOT * self.chat.model.in_flight

    def limits(self, limits: LimitsSettings, *, run_spent: float, stage_spent: float) -> CallLimits:
        """The model's rates, and what the budgets have left."""
        return CallLimits.of(self.chat.model, limits, run_spent=run_spent, stage_spent=stage_spent)

    def client(self) -> CallClient[Any]:
        """The model's client."""
        return connect(self.chat.model)

    def conversation(self, unit: Mapping[str, Any]) -> ChatSequence:
        """The conversation of one unit row."""
        return ChatSequence(
            stage=self.stage,
            unit_key=unit["unit_key"],
            row=self.each.model_validate_json(unit["row"]),
            ask=self.ask,
            chat=self.chat,
            redraw=unit["redraw"],
        )


def unit_type() -> spark.StructType:
    """The columns by which a unit goes through replaying and asking."""
    return spark.StructType([spark.StructField(name, kind) for name, kind in UNIT_COLUMNS])


def played_type(out: type[Record]) -> spark.StructType:
    """`unit_type` and what came of the unit: its rows and rejects, or the call it waits for (`open`)."""
    return spark.StructType(
        [
            *unit_type().fields,
            spark.StructField("outs", spark.ArrayType(struct_type(out))),
            spark.StructField("rejects", spark.ArrayType(struct_type(Reject))),
            spark.StructField("open", OPEN_CALL),
            spark.StructField("money", spark.DoubleType()),
            spark.StructField("reply_key", spark.StringType()),
        ]
    )


def replayer(script: Replayed) -> Callable[[Batches], Batches]:
    """A mapInArrow function: unit columns and `known` (the unit's replies) in, `played_type` out."""
    schema = arrow_schema(played_type(script.out))

    def over(batches: Batches) -> Batches:
        return arrow((_play(script, unit) for unit in dicts(batches)), schema)

    return over


def known_replies(unit: Mapping[str, Any]) -> dict[str, Reply]:
    """The replies that came along with a unit, by key."""
    return {reply["key"]: Reply.model_construct(**reply) for reply in unit["known"] or ()}


def _play(script: Replayed, unit: Mapping[str, Any]) -> dict[str, Any]:
    known = known_replies(unit)
    played: dict[str, Any] = {name: unit[name] for name, _ in UNIT_COLUMNS}
    conversation = script.conversation(unit)
    end = advance(conversation, known)
    if isinstance(end, OpenCall):
        spent = sum(reply.money for reply in known.values())
        return {
            **played,
            "outs": [],
            "rejects": [],
            "open": _call(conversation.terms, end),
            "money": spent,
            "reply_key": None,
        }
    outs, rejects = _split(script, conversation.row, end)
    return {
        **played,
        "outs": outs,
        "rejects": rejects,
        "open": None,
        "money": sum(known[key].money for key in end.used if key in known),
        "reply_key": end.used[-1] if end.used else None,
    }


def _split(script: Replayed, row: Record, done: SequenceEnd) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    items = list(script.parse(row, done.accepted)) if done.accepted or done.reject is None else []
    if done.reject is not None:
        items.append(done.reject)
    outs = [item.model_dump() for item in items if not isinstance(item, Reject)]
    return outs, [item.model_dump(mode="json") for item in items if isinstance(item, Reject)]


def _call(terms: CallPolicy[Any], end: OpenCall) -> dict[str, Any]:
    bound = terms.bound(end.request)
    return {
        "key": end.request.key,
        "request": end.request.written,
        "round": end.round,
        "attempt": end.request.attempt,
        "tokens": bound.tokens,
        "money": bound.money,
    }
