"""The offline author: answers the requests of the chat stages without a model, the same way every time.

It reads no prose. A request carries a block (`ChatRequest.block`): stage, unit, round and the row; each stage has a
file with `write(block, rng)`, which gives the reply as a JSON object. A stage without one gets values that fit its
schema, so that a new stage runs before anybody has written for it.
"""

import json
import random
from collections.abc import Callable, Mapping
from functools import cache

from stark_udfs.calls.reply.json_schema import example_value
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.defects import Said, spoil
from stark_udfs.settings.chat_models import Defects

UNWRITTEN = "This was written offline."  # where no file writes for the stage and any text will do
Write = Callable[[Block, random.Random], Mapping[str, Json]]


@cache
def writers() -> dict[str, Write]:
    """Who writes for which stage; a new chat stage adds its line here."""
    from stark_udfs.demo.author.stages import (
        albums,
        commonsense,
        events,
        image_plans,
        judgements,
        narratives,
        personas,
        probe_phrasings,
        sessions,
        summaries,
    )

    return {
        "personas": personas.write,
        "commonsense": commonsense.write,
        "narratives": narratives.write,
        "events": events.write,
        "albums": albums.write,
        "sessions": sessions.write,
        "summaries": summaries.write,
        "image_plans": image_plans.write,
        "judgements": judgements.write,
        "probe_phrasings": probe_phrasings.write,
    }


def answer(block: Block, defects: Defects = Defects()) -> Said:  # noqa: B008  # frozen
    """The reply to a request, spoiled with the probabilities of `defects`."""
    write = writers().get("judgements" if block.stage.startswith("judgements_") else block.stage)
    if write is not None:
        text = json.dumps(write(block, rng_for(block)), ensure_ascii=False)
    else:
        text = json.dumps(example_value(block.schema)) if block.schema else UNWRITTEN
    return spoil(text, defects, rng_for(block, "defects"), block.unit_key)


def rng_for(block: Block, purpose: str = "words") -> random.Random:
    """The random generator of one attempt at one round of one unit."""
    return rng_of(purpose, block.draw, block.stage, block.unit_key, block.round, block.attempt)
