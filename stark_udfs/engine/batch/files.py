"""Answers from elsewhere, as from a batch API: a stage's open calls go out as rows, and their answers come in as rows.

A unit's next call is open once the one before it is answered, so a stage of several rounds takes as many trips. The
next run makes rows of what came in, and asks only what is still open.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as spark

from stark_udfs.calls.request import ChatRequest, Reply
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.errors import InputError
from stark_udfs.core.records import Record
from stark_udfs.engine import guard, replies
from stark_udfs.engine.batch.status import none_under_way
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, checkpointed, dicts
from stark_udfs.engine.guard import open_calls
from stark_udfs.engine.lock import again_on_conflict
from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.replay import UnitReplay, known_replies
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.engine.try_stage import at_stage
from stark_udfs.engine.unit_stage import find_work, replay_units
from stark_udfs.settings.chat_models import MILLION
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import one


class BatchAnswer(Record):
    """One answer to an open call. What else `replies` holds of it, the engine knows."""

    key: str
    reply: str
    finish_reason: str
    model_returned: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class BatchResult:
    """Answers that went into `replies`, and their money; `left_out` did not.

    Those have a null, repeat a key, or answer no call that is open now: one of another prompt, or answered already.
    """

    replies: int
    money: float
    left_out: int


def unanswered(
    stage: AnyChatStage, settings: RunSettings, spark: SparkSession, wanted: Wanted | None = None
) -> DataFrame:
    """A stage's open calls as the next run would make them, `call_type`. No budget is asked: see what `money` sums to.

    Raises:
        GuardStopped: units that have a verdict would be paid for again, and `wanted` does not say so; or a batch that
            was sent is not taken in yet.
        Locked: a run works on the stage.
        StorageError: a table that the stage reads is not there.
    """
    with at_stage(stage, settings, spark, wanted or Wanted(), Quiet()) as context:
        none_under_way(context, stage)
        calls = _open(context, stage)
        allowed = guard.allowed(context, stage, calls)
        wanted_calls = calls.where("NOT again") if allowed.stale else calls
        with_replies = replies.with_known(context.tables, stage.name, wanted_calls)
        return checkpointed(with_replies.mapInArrow(request_bodies(stage.script()), call_type()))


def take_in(
    stage: AnyChatStage, settings: RunSettings, spark: SparkSession, answers: DataFrame, wanted: Wanted | None = None
) -> BatchResult:
    """Put answers to open calls into `replies`; of two with one key, one. Safe to repeat.

    Args:
        stage: as it was when `unanswered` told its calls: a changed prompt has other keys.
        settings: of the target.
        spark: the session.
        answers: `BatchAnswer`; tokens as the server counted them.
        wanted: as for `unanswered`.

    Raises:
        InputError: a column is missing.
        Locked: a run works on the stage.
        StorageError: a table that the stage reads is not there.
    """
    columns = struct_type(BatchAnswer)
    if missing := [name for name in columns.names if name not in answers.columns]:
        needed = ", ".join(columns.names)
        raise InputError(f"stage {stage.name}: answers need the columns {needed}; there is no {', '.join(missing)}.")
    with at_stage(stage, settings, spark, wanted or Wanted(), Quiet()) as context:
        given = checkpointed(answers.select(*(F.col(field.name).cast(field.dataType) for field in columns)))
        calls = _open(context, stage).select("unit_key", "round", "attempt", "key", "request")
        rows = checkpointed(_replies(context, stage, given.dropna().dropDuplicates(["key"]).join(calls, "key")))
        count, money = one(rows.agg(F.count(F.lit(1)), F.coalesce(F.sum("money"), F.lit(0.0))))
        if count:
            again_on_conflict(lambda: context.tables.append(REPLIES, rows.coalesce(1)))
        return BatchResult(replies=count, money=money, left_out=given.count() - count)


def _open(context: Context, stage: AnyChatStage) -> DataFrame:
    looked = find_work(context, stage).where("cause IS NOT NULL")
    return checkpointed(open_calls(replay_units(context, stage, looked)))


def _replies(context: Context, stage: AnyChatStage, answered: DataFrame) -> DataFrame:
    """Rows of `replies`, of answers with their calls."""
    price, share = stage.chat.model.price, stage.chat.model.batch.price_share
    fresh = {
        "stage": F.lit(stage.name),
        "reply": F.translate("reply", "\0", "\ufffd"),
        "provider": F.lit(stage.chat.model.provider),
        "money": (F.col("tokens_in") * price.input + F.col("tokens_out") * price.output) * share / MILLION,
        "seconds": F.lit(0.0),
        "tries": F.lit(1).cast("bigint"),
        "run_id": F.lit(context.run_id),
        "replied_at": F.lit(datetime.now(UTC).isoformat(timespec="milliseconds")),
    }
    return answered.withColumns(fresh).select(*struct_type(Reply).names)


def call_type() -> spark.StructType:
    """One open call; `body` is JSON as it goes on the wire, `tokens` and `money` are the most that it can take."""
    return spark.StructType(
        [
            spark.StructField("unit_key", spark.StringType()),
            spark.StructField("round", spark.LongType()),
            spark.StructField("attempt", spark.LongType()),
            spark.StructField("key", spark.StringType()),
            spark.StructField("body", spark.StringType()),
            spark.StructField("tokens", spark.LongType()),
            spark.StructField("money", spark.DoubleType()),
        ]
    )


def request_bodies(script: UnitReplay) -> Callable[[Batches], Batches]:
    """A mapInArrow function: open calls of a chat stage with `known` (their units' replies) in, `call_type` out."""
    schema = arrow_schema(call_type())

    def over(batches: Batches) -> Batches:
        return arrow(_calls(script, dicts(batches)), schema)

    return over


def _calls(script: UnitReplay, rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {**{name: row[name] for name in call_type().names if name != "body"}, "body": _body(script, row)}


def _body(script: UnitReplay, row: Mapping[str, Any]) -> str:
    end = advance(script.conversation(row), known_replies(row))
    if not isinstance(end, OpenCall) or not isinstance(end.request, ChatRequest) or end.request.key != row["key"]:
        raise ValueError(f"unit {row['unit_key']}: {row['key']} is not its open chat call")
    return json.dumps(end.request.body, ensure_ascii=False)
