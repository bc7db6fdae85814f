"""The bench's stage: one short prompt a unit, one word in reply. A module of its own, so that executors import it.

The same question as a column, too, for `chat_udf`.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.engine.replay import ChatReplay, unit_type
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.udfs.chat import chat_udf


class Word(Record):
    """One unit of the bench."""

    word_id: str


class Said(ReplySchema):
    """Its reply."""

    text: str = ""


def ask_word(row: Word, replies: Sequence[Said]) -> Prompt | None:
    """One short prompt."""
    return None if replies else Prompt("You answer in one word.", f"Say the word {row.word_id}.", Said)


def no_rows(row: Word, replies: Sequence[Said]) -> list[Word]:
    """Asking is what is measured."""
    return []


def script(name: str, chat: ChatPolicy) -> ChatReplay:
    """The stage under a name of its own: no call of it has been paid before."""
    return ChatReplay(name, Word, Word, ask_word, no_rows, chat)


def units(spark: SparkSession, name: str, calls: int) -> DataFrame:
    """As many new units of that stage."""
    key = F.format_string(f"{name}-%d", "id")
    columns = {
        "unit_key": key,
        "order": F.col("id"),
        "row": F.to_json(F.struct(key.alias("word_id"))),
        "row_hash": F.lit(""),
        "redraw": F.lit(0),
        "cause": F.lit("new"),
        "before_state": F.lit(None),
        "before_outputs": F.lit(0),
    }
    kinds = {field.name: field.dataType for field in unit_type()}
    return spark.range(calls).select(
        [column.cast(kinds[column_name]).alias(column_name) for column_name, column in columns.items()]
    )


def column(
    spark: SparkSession, name: str, *, calls: int, tasks: int, settings: RunSettings, model: ModelSettings
) -> DataFrame:
    """As many new prompts in `tasks` partitions, with the column `said`: not asked before it is evaluated."""
    settings = settings.model_copy(update={"models": {"default": model}})
    chat = chat_udf(settings, shape=Said, system="You answer in one word.", reply_tokens=50, reasks=0, spark=spark)
    prompts = spark.range(0, calls, 1, tasks).select(F.format_string(f"Say the word {name}-%d.", "id").alias("prompt"))
    return prompts.select(chat("prompt").alias("said"))
