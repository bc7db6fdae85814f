"""Units as lines for a batch API: of each its open call, ready for a file, or how it ended."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pyspark.sql import types as spark

from stark_udfs.calls.errors import CallFailed
from stark_udfs.calls.request import ChatRequest
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.replay import UnitReplay, known_replies


def request_type() -> spark.StructType:
    """What becomes of a unit: its open call, ready for a file, or, with `key` null, its end.

    body: null where a file that goes along cannot be used; `reason` then says why, else why a unit is rejected.
    """
    texts, numbers = ("unit_key", "key", "request", "body", "reason"), ("order", "round", "attempt", "tokens")
    return spark.StructType(
        [
            *(spark.StructField(name, spark.StringType()) for name in texts),
            *(spark.StructField(name, spark.LongType()) for name in numbers),
            spark.StructField("money", spark.DoubleType()),
        ]
    )


def open_requests(script: UnitReplay) -> Callable[[Batches], Batches]:
    """A mapInArrow function: units of a chat stage with `known` (their replies) in, `request_type` out."""
    schema = arrow_schema(request_type())

    def over(batches: Batches) -> Batches:
        return arrow((_request(script, unit) for unit in dicts(batches)), schema)

    return over


def _request(script: UnitReplay, unit: Mapping[str, Any]) -> dict[str, Any]:
    conversation = script.conversation(unit)
    end = advance(conversation, known_replies(unit))
    found: dict[str, Any] = {**dict.fromkeys(request_type().names), "unit_key": unit["unit_key"]}
    if not isinstance(end, OpenCall):
        return {**found, "reason": None if end.reject is None else end.reject.reason.value}
    if not isinstance(end.request, ChatRequest) or end.request.path != ChatRequest.path:
        raise TypeError(f"unit {unit['unit_key']}: its open call is none of a chat")
    bound = conversation.terms.bound(end.request)
    try:
        found["body"] = json.dumps(end.request.body, ensure_ascii=False)
    except CallFailed as error:
        found["reason"] = str(error)
    return {
        **found,
        "key": end.request.key,
        "request": end.request.written,
        "order": unit["order"],
        "round": end.round,
        "attempt": end.request.attempt,
        "tokens": bound.tokens,
        "money": bound.money,
    }
