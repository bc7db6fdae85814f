"""What a chat model says the next image shows, and how it orders a short list: paid once, through the engine.

DribeR (Lee et al. 2024) asks a language model for a description of the image that fits a dialogue and searches with it;
the prompts here are the project's own. Answers are rows of the warehouse: the same dialogue is never paid for twice.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import stable_id
from stark_udfs.settings.run import RunSettings
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query
from stark_udfs.ultron.retrieval.systems import System, TextEncoder
from stark_udfs.ultron.retrieval.systems.dense import Described
from stark_udfs.ultron.retrieval.systems.rerank import DEPTH, ListOrder, Reranked, shortlist

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SYSTEM = "You foresee which picture comes next in a chat. You answer with what can be seen in it, and nothing else."
ORDER_SYSTEM = "You choose the picture that somebody shares next in a chat. You answer with numbers of captions alone."
LONGEST = 6000  # characters of a dialogue in a prompt; of longer ones the end is sent


class ImageDescription(BaseModel):
    """The image that comes next."""

    description: str = Field(max_length=400, description="one sentence: subject, what happens, place, as a caption")


class Order(BaseModel):
    """Candidates, best first."""

    numbers: list[int] = Field(description="numbers of the captions, the most fitting first; each once")


def dialogue(query: Query) -> str:
    """The context, a turn a line."""
    text = "\n".join(f"{turn.speaker}: {turn.text}" for turn in query.context)
    return text[-LONGEST:]


def describing_prompt(query: Query) -> str:
    """The question for a description."""
    who = query.speaker or "one of them"
    return (
        f"Here is a chat, oldest message first.\n\n{dialogue(query)}\n\n"
        f"Now {who} shares a picture. Describe what it most likely shows in one plain sentence of 8 to 20 words, "
        "as a caption for somebody who has not read the chat: no names, no feelings, no mention of the chat."
    )


def ordering_prompt(query: Query, captions: Sequence[str]) -> str:
    """The question for an order."""
    listed = "\n".join(f"{number}. {' '.join(caption.split())[:300]}" for number, caption in enumerate(captions, 1))
    return (
        f"Here is a chat, oldest message first.\n\n{dialogue(query)}\n\n"
        f"Now {query.speaker or 'one of them'} shares one of these pictures:\n\n{listed}\n\n"
        "Give the numbers of the ten that fit best, the best first."
    )


def descriptions(
    queries: Sequence[Query],
    spark: "SparkSession",
    settings: RunSettings,
    *,
    model: str = "default",
    name: str = "image_descriptions",
) -> list[str]:
    """One description per query; empty where the model gave none, which ranks the query's target last.

    Args:
        queries: with different ids.
        spark: a session.
        settings: models, limits and the warehouse that keeps the answers.
        model: a key of `settings.models`; the table is of that model alone.
        name: of the table.

    Raises:
        As `stark_udfs.ask`.
    """
    prompts = {query.query_id: describing_prompt(query) for query in queries}
    rows = _asked(prompts, spark, settings, reply=ImageDescription, model=model, name=name, system=SYSTEM)
    return [str(rows[query.query_id].get("description") or "") for query in queries]


def orders(
    lists: Sequence[tuple[Query, Sequence[Candidate]]], spark: "SparkSession", settings: RunSettings, *,
    model: str = "default", name: str = "image_orders",
) -> list[list[int]]:  # fmt: skip
    """For each query the positions in its short list, best first; numbers that are not in the list are left out."""
    prompts = {query.query_id: ordering_prompt(query, [one.caption for one in few]) for query, few in lists}
    rows = _asked(prompts, spark, settings, reply=Order, model=model, name=name, system=ORDER_SYSTEM)
    found = []
    for query, few in lists:
        numbers = rows[query.query_id].get("numbers")
        said = [int(number) - 1 for number in numbers] if isinstance(numbers, list) else []
        found.append([at for at in dict.fromkeys(said) if 0 <= at < len(few)])
    return found


def _asked(
    prompts: Mapping[str, str], spark: "SparkSession", settings: RunSettings, *, reply: type[BaseModel], **more: str
) -> dict[str, dict[str, object]]:
    """The rows of `ask`, by query; `more`: its `model`, `name` and `system`."""
    from stark_udfs.udfs.ask import ask

    if not prompts:
        raise InputError("there is no dialogue to ask about.")
    rows = spark.createDataFrame(sorted(prompts.items()), "query_id string, prompt string")
    asked = ask(
        rows,
        key="query_id",
        prompt="prompt",
        settings=settings,
        reply=reply,
        reply_tokens=512,
        model=more["model"],
        name=more["name"],
        system=more["system"],
    )
    return {row["query_id"]: row.asDict(recursive=True) for row in asked.collect()}


def described_by(
    benchmark: Benchmark, encoder: TextEncoder, spark: "SparkSession", settings: RunSettings, *, model: str = "default"
) -> Described:
    """The system that searches with a chat model's descriptions; all dialogues are asked about at once.

    Raises:
        As `descriptions`.
    """
    name = table_name("image_descriptions", benchmark, model)
    texts = descriptions(benchmark.queries, spark, settings, model=model, name=name)
    by_id = {query.query_id: text for query, text in zip(benchmark.queries, texts, strict=True)}
    return Described(settings.models[model].name, lambda queries: [by_id[query.query_id] for query in queries], encoder)


def reordered_by(
    benchmark: Benchmark, first: System, spark: "SparkSession", settings: RunSettings, *, model: str = "default",
    depth: int = DEPTH,
) -> Reranked:  # fmt: skip
    """The system whose first `depth` candidates a chat model puts in order.

    Raises:
        As `orders`.
    """
    scores = first.score(benchmark.queries, benchmark.candidates)
    lists = [
        (query, [benchmark.candidates[at] for at in shortlist(row, query, benchmark.candidates, depth)])
        for row, query in zip(scores, benchmark.queries, strict=True)
    ]
    found = orders(lists, spark, settings, model=model, name=table_name("image_orders", benchmark, model, first.name))
    by_id = {query.query_id: order for (query, _), order in zip(lists, found, strict=True)}
    return Reranked(first, ListOrder(settings.models[model].name, lambda query, _: by_id[query.query_id]), depth)


def table_name(kind: str, *parts: Benchmark | str) -> str:
    """The table of answers about a benchmark by a model: others have others, so that none is taken for changed."""
    return f"{kind}_{stable_id(*(part if isinstance(part, str) else part.title for part in parts))}"
