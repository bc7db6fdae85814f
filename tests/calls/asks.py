"""A tiny stage for the tests of this folder: rows, shapes, questions, and a server's answers without a server."""

import json
from collections.abc import Sequence

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import ChatRequest, Prompt, Reply
from stark_udfs.calls.sequence import ChatSequence
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.settings.chat_models import ModelSettings


class Baker(Record):
    """A row."""

    name: str
    rounds: int = 1


class Loaf(ReplySchema):
    """One item."""

    flour: str
    grams: int


class Basket(ReplySchema):
    """A reply."""

    loaves: list[Loaf]


GOOD = json.dumps({"loaves": [{"flour": "rye", "grams": 500}, {"flour": "spelt", "grams": 750}]})


def ask(baker: Baker, baskets: Sequence[Basket]) -> Prompt | None:
    if len(baskets) == baker.rounds:
        return None
    return Prompt(
        system="You bake.",
        user=f"What does {baker.name} bake on day {len(baskets) + 1}?",
        shape=Basket,
        facts={"day": len(baskets) + 1},
    )


def model(**changes) -> ModelSettings:
    return ModelSettings(**{"provider": "offline", "name": "baker-1", **changes})


def chat(**changes) -> ChatPolicy:
    given = {"model": model(), "parameters": {"temperature": 0.9}, "reply_tokens": 100, "reasks": 2, "seed": 42}
    return ChatPolicy(**{**given, **changes})


def conversation(name: str = "Ana", rounds: int = 1, **changes) -> ChatSequence:
    given = {"stage": "loaves", "unit_key": f"unit-{name}", "ask": ask, "chat": chat()}
    return ChatSequence(**{**given, "row": Baker(name=name, rounds=rounds), **changes})


def reply(request: ChatRequest, text: str = GOOD, finish_reason: str = "stop", **changes) -> Reply:
    given = {
        "stage": "loaves",
        "unit_key": "unit-Ana",
        "round": 0,
        "attempt": request.attempt,
        "key": request.key,
        "request": request.written,
        "reply": text,
        "finish_reason": finish_reason,
        "model_returned": request.model,
        "provider": request.provider,
        "tokens_in": 10,
        "tokens_out": 20,
        "money": 0.0,
        "seconds": 0.1,
        "tries": 1,
        "run_id": "run-1",
        "replied_at": "2026-01-01T00:00:00.000+00:00",
    }
    return Reply(**{**given, **changes})
