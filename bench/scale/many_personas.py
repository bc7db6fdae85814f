"""As many persona sentences as wanted, of which a fifth repeat an earlier one nearly, whatever their number.

The offline author's sentences come again after some thousand. Here each gets a few words more, drawn by Zipf's law (the
logarithm of a word's rank is uniform), as words of real text are: few are common and most are rare.
"""

import json
from collections.abc import Iterator
from functools import cache

from pyspark.sql import DataFrame, SparkSession

from bench.scale import given
from stark_udfs.calls.request import Reply
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.data.names import packaged_names
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.replay import ChatReplay
from stark_udfs.tables.schema import struct_type

WORDS_MORE = 4
REPEATED = given.SENTENCES // 5  # of a call: the last ones repeat the first ones of the call before about the same


def replies(spark: SparkSession, script: ChatReplay, calls: int, tasks: int) -> DataFrame:
    """The stored replies of the first `calls` units of `given.units`."""
    kind = struct_type(Reply)
    schema = arrow_schema(kind)

    def over(batches: Batches) -> Iterator[object]:
        return arrow((_reply(script, int(row["id"])).model_dump() for row in dicts(batches)), schema)

    return spark.range(0, calls, 1, tasks).mapInArrow(over, kind)


def _reply(script: ChatReplay, number: int) -> Reply:
    return given.reply(script, number).model_copy(update={"reply": said(number)})


def said(number: int) -> str:
    """The reply of call `number`, as JSON."""
    places = range(given.SENTENCES)
    items = [_new(number, place) for place in places[:-REPEATED]]
    before = max(number - given.PROFILES, number % given.PROFILES)  # the first call of a profile repeats its own
    items += [_again(_new(before, place)) for place in places[:REPEATED]]
    return json.dumps({"personas": items}, ensure_ascii=False)


def _new(number: int, place: int) -> dict[str, Json]:
    item = _author(number % given.PROFILES)[place]
    rng = rng_of(given.SEED, "words more", number, place)
    words = _words()
    more = (words[int(len(words) ** rng.random()) - 1] for _ in range(WORDS_MORE))
    return {**item, "sentence": f"{str(item['sentence']).rstrip('.')}, {' '.join(more)}."}


def _again(item: dict[str, Json]) -> dict[str, Json]:
    """Nearly the same: with one word more."""
    return {**item, "sentence": f"Indeed {item['sentence']}"}


@cache
def _author(number: int) -> tuple[dict[str, Json], ...]:
    return tuple(json.loads(given.said(number))["personas"])


@cache
def _words() -> tuple[str, ...]:
    """Words that no sentence of the author's has, in an order that says nothing."""
    words = {name.name for name in packaged_names() if name.name.isalpha()}
    return tuple(sorted(words, key=lambda word: rng_of(given.SEED, word).random()))
