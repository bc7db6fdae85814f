"""Open calls as a chat server takes them: whole request bodies, for those who ask by file."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyspark.sql import types as spark

from stark_udfs.calls.request import ChatRequest
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.engine.arrow import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.replay import UnitReplay, known_replies


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
