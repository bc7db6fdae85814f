"""Image seeds: every picture of an album, and every one that a turn shares for the first time, and the turns around."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.stages.text.sessions.turns import ASSISTANT

BEFORE, AFTER = 4, 2  # turns around an image that the planner sees


class ImageOrigin(StrEnum):
    """Where a picture stands."""

    ALBUM = "album"
    TURN = "turn"


class Sharer(StrEnum):
    """Who shares a picture."""

    USER = "user"
    ASSISTANT = "assistant"


class Utterance(Record):
    """What one speaker said."""

    speaker: str
    text: str


class ImageSeed(Record):
    """`each`: one picture of an album, or one that a turn shares for the first time."""

    image_id: str
    episode_id: str
    stands_in: ImageOrigin
    session_number: int | None
    turn: int | None
    shared_by: Sharer | None
    name: str
    age: int
    gender: str
    birthplace: str
    residence: str
    description: str
    category: str | None
    source: str | None
    rationale: str | None
    keywords: list[str]
    turns_before: list[Utterance] = Field(description="the last ones, the turn that shares the picture included")
    turns_after: list[Utterance]
    sensitive: bool


def said_around(lines: Sequence[Utterance], limit: int) -> str:
    """The end of what was said, as one text of at most `limit` characters, speakers left out."""
    text = " ".join(line.text for line in lines)
    return text if len(text) <= limit else text[-limit:].split(" ", 1)[-1]


def of_albums(table: DataFrame) -> DataFrame:
    """The pictures of the albums; the columns of `ImageSeed` that are not the person's."""
    nothing = F.lit(None).cast("string")
    nowhere = F.lit(None).cast("bigint")
    no_lines = F.slice(F.array(F.struct(F.lit("").alias("speaker"), F.lit("").alias("text"))), 1, 0)
    return table.select("episode_id", F.explode("images").alias("image")).select(
        "image.image_id",
        "episode_id",
        F.lit(ImageOrigin.ALBUM.value).alias("stands_in"),
        nowhere.alias("session_number"),
        nowhere.alias("turn"),
        nothing.alias("shared_by"),
        "image.description",
        "image.category",
        nothing.alias("source"),
        nothing.alias("rationale"),
        F.slice(F.array(F.lit("")), 1, 0).alias("keywords"),
        no_lines.alias("turns_before"),
        no_lines.alias("turns_after"),
    )


def of_turns(table: DataFrame) -> DataFrame:
    """The pictures that turns share for the first time; the same columns."""
    sharing = table.select("episode_id", "session_number", "turns", F.explode("turns").alias("said"))
    number = F.col("said.turn")

    def lines(first: Column, last: Column) -> Column:
        near = F.filter("turns", lambda turn: turn["turn"].between(first, last) & (turn["text"] != ""))
        return F.transform(near, lambda turn: F.struct(turn["speaker"].alias("speaker"), turn["text"].alias("text")))

    by_assistant = F.col("said.speaker") == ASSISTANT
    return (
        sharing.withColumn("turns_before", lines(number - (BEFORE - 1), number))
        .withColumn("turns_after", lines(number + 1, number + AFTER))
        .withColumn("image", F.explode("said.images"))
        .where("NOT image.reused")
        .select(
            "image.image_id",
            "episode_id",
            F.lit(ImageOrigin.TURN.value).alias("stands_in"),
            "session_number",
            number.alias("turn"),
            F.when(by_assistant, Sharer.ASSISTANT.value).otherwise(Sharer.USER.value).alias("shared_by"),
            "image.description",
            F.lit(None).cast("string").alias("category"),
            "image.source",
            "image.rationale",
            "image.keywords",
            "turns_before",
            "turns_after",
        )
    )
