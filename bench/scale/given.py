"""Units of `personas` and their stored replies, as many as wanted, without asking anybody."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as spark_types

from bench.offline_episodes import block, profile
from stark_udfs.calls.request import ChatRequest, Reply
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.ids import Json, rng_of, stable_id
from stark_udfs.demo.author.stages import personas as author
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.replay import ChatReplay, unit_type
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables.schema import struct_type

SEED = 1
PROFILES = 500  # people and texts come again after so many; keys and ids do not
SENTENCES = 30
STAGE = "personas"


def settings_in(folder: str, *more: str) -> Settings:
    """The base settings with a warehouse of their own and a model that is not the offline author."""
    places = [f"storage.tables={folder}/tables", f"storage.files={folder}/files", f"spark.log={folder}/spark.log"]
    model = ["models.default.provider=openai", "models.default.name=bench"]
    return load_settings("base", overrides=[*places, *model, f"personas.sentences_each={SENTENCES}", *more])


def script(settings: Settings) -> ChatReplay:
    """What executors need of `personas`."""
    stage = personas.stage(settings)
    return ChatReplay(STAGE, stage.each, stage.writes.record, stage.ask, stage.parse, stage.chat)


def unit(number: int) -> dict[str, Json]:
    """The unit row of one call, in the columns of `unit_type`."""
    row = {**profile(SEED, number % PROFILES), "ordinal": number, "seed_id": stable_id(SEED, number, "seed")}
    return {
        "unit_key": row["seed_id"],
        "order": number,
        "row": json.dumps(row),
        "row_hash": "",
        "redraw": 0,
        "cause": "new",
        "before_state": None,
        "before_outputs": 0,
    }


@cache
def said(number: int) -> str:
    """Thirty sentences by the offline author, as JSON."""
    row = profile(SEED, number)
    reply = author.write(block(STAGE, row, {"sentences": SENTENCES}), rng_of(SEED, number))
    return json.dumps(reply, ensure_ascii=False)


def reply(stage: ChatReplay, number: int) -> Reply:
    """The stored reply of that unit."""
    row = unit(number)
    step = advance(stage.conversation(row), {})
    if not isinstance(step, OpenCall) or not isinstance(step.request, ChatRequest):
        raise SystemExit("a unit of personas asks for nothing")
    return Reply(
        stage=STAGE,
        unit_key=str(row["unit_key"]),
        round=0,
        attempt=0,
        key=step.request.key,
        request=step.request.written,
        reply=said(number % PROFILES),
        finish_reason="stop",
        model_returned="bench",
        provider="openai",
        tokens_in=900,
        tokens_out=1400,
        money=0.001,
        seconds=1.0,
        tries=1,
        run_id="bench",
        replied_at="2026-01-01T00:00:00+00:00",
    )


def units(spark: SparkSession, count: int, tasks: int) -> DataFrame:
    """The first `count` units."""
    return spark.range(0, count, 1, tasks).mapInArrow(_rows(unit, unit_type()), unit_type())


def replies(spark: SparkSession, stage: ChatReplay, count: int, tasks: int) -> DataFrame:
    """Their replies."""
    kind = struct_type(Reply)
    return spark.range(0, count, 1, tasks).mapInArrow(_rows(lambda n: reply(stage, n).model_dump(), kind), kind)


def _rows(make: Callable[[int], Mapping[str, Json]], kind: spark_types.StructType) -> Callable[[Batches], Batches]:
    schema = arrow_schema(kind)

    def over(batches: Batches) -> Iterator[object]:
        return arrow((dict(make(int(row["id"]))) for row in dicts(batches)), schema)

    return over
