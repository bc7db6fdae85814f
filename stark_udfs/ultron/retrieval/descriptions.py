"""What a chat model says the next image shows, and how it orders a short list: paid once, through the engine.

DribeR (Lee et al. 2024) asks a language model for a description of the image that fits a dialogue and searches with it;
the prompts here are the project's own. Answers are rows of the warehouse: the same dialogue is never paid for twice.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from stark_udfs.core.errors import InputError
from stark_udfs.settings.run import RunSettings
from stark_udfs.ultron.retrieval.benchmark import Candidate, Query

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
