"""Ultron as a system of retrieval: what it says comes next is embedded and ranked.

A model is brought to the turn that shares the image, its own words so far and `<RET> <h>` before it: what is measured
is what it would show, not whether it would show something now (`stark evaluate turns` measures that).
"""

from typing import TYPE_CHECKING

from stark_udfs.core.image_words import ASSISTANT, OPEN, RETRIEVE, read_turn
from stark_udfs.ultron.answers import Answerer, answers
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Query
from stark_udfs.ultron.retrieval.describe_udf import description_of
from stark_udfs.ultron.retrieval.systems import TextEncoder
from stark_udfs.ultron.retrieval.systems.dense import Described
from stark_udfs.ultron.samples import Sample, of_dialogue

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stark_udfs.stages.pipeline import Settings

BEGUN = f"{RETRIEVE} {OPEN}"


def sample_of(query: Query) -> Sample:
    """A query as a model is told it in training: the turns before, and the begun turn of who shares the image."""
    turns = list(query.context)
    sharer = query.speaker or (turns[-1].speaker if turns else "")
    own = turns.pop().text if turns and turns[-1].speaker == sharer else ""
    name = next((turn.speaker for turn in query.context if turn.speaker != ASSISTANT), sharer)
    row = {
        "sample_id": query.query_id,
        "name": name,
        "session_date": query.on,
        "memory": query.memory,
        "context": [{"speaker": turn.speaker, "text": turn.text, "images": []} for turn in turns],
        "speaker": sharer or name,
    }
    told = of_dialogue(row)
    return Sample(told.sample_id, told.head, None, told.lines, told.tail, begun=f"{own} {BEGUN}".strip())


def description_in(said: str) -> str:
    """The description in what a model said after `<RET> <h>`: up to `</h>`, or all of its first line."""
    asked = read_turn(said)[1] if OPEN in said else read_turn(f"{BEGUN} {said}")[1]
    return description_of(asked[0]) if asked else ""


def described_by_ultron(
    benchmark: Benchmark, who: Answerer, encoder: TextEncoder, spark: "SparkSession", settings: "Settings"
) -> Described:
    """The system; all dialogues are described at once, and kept.

    Raises:
        As `answers`.
    """
    samples = {query.query_id: sample_of(query) for query in benchmark.queries}
    said = answers(who, samples, spark, settings)
    described = {key: description_in(text) for key, text in said.items()}
    return Described(who.label, lambda queries: [described[query.query_id] for query in queries], encoder)
