"""Training samples: one target turn with all that comes before it, written once by Spark, read by training without it.

A row holds what happened, not how a model is told: which targets count, and whether earlier images are pixels or text,
is decided by whoever reads it (`ultron.samples`), so that another way of telling needs no new table.
"""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.core.image_words import CLOSE, OPEN, RETRIEVE
from stark_udfs.core.records import Record
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.settings.splits import SplitSettings
from stark_udfs.stages import splits
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.text import narratives, summaries
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import ASSISTANT
from stark_udfs.tables import columns
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class ContextImage(Record):
    """An image shared before the target."""

    image_id: str
    description: str
    path: str | None = Field(description="of the chosen picture, under storage.files; null: there is none")


class ContextTurn(Record):
    """A turn before the target."""

    speaker: str
    text: str
    images: list[ContextImage]


class TrainingSample(Record):
    """One row of `training_samples`."""

    sample_id: str = Field(description="stable_id(episode_id, session_number, turn)")
    episode_id: str = Field(description="references narratives.episode_id")
    session_number: int
    turn: int = Field(description="of the target, in sessions.turns")
    split: str = Field(description="train | validation | test, by a hash of the person")
    role: str = Field(description="who says the target: user | assistant")
    kind: str = Field(description="image where the target shares one, else text")
    name: str = Field(description="of the person")
    session_date: date
    interval: str | None = Field(description="since the session before; null for the first")
    memory: str | None = Field(description="summary of the sessions before; null for the first")
    face: str | None = Field(description="path of the person's face, under storage.files; null: nobody is shown")
    context: list[ContextTurn] = Field(description="the turns of this session before the target")
    speaker: str = Field(description="of the target")
    target: str = Field(description="the turn; each image as <RET> <h> description </h>")
    image_ids: list[str] = Field(description="of the images that the target shares; references images.image_id")
    characters: int = Field(description="of memory, context and target: about 4 to a token")


TABLE = Table(
    "training_samples",
    TrainingSample,
    key=("sample_id",),
    parents=(("episode_id", "narratives"),),
)
READS = (
    sessions.TABLE,
    summaries.TABLE,
    faces.TABLE,
    images.TABLE,
    *splits.READS,
)


def select(shares: SplitSettings, seed: int, frames: Frames) -> DataFrame:
    """Every turn of every session; the columns of `TrainingSample`."""
    which = splits.episode_splits(frames, shares, seed=seed).select("episode_id", "split")
    told = _told(frames).join(which, "episode_id").select("*", F.posexplode("turns").alias("place", "spoken"))
    shared = F.col("spoken.images")
    parts = F.concat(
        F.when(F.col("spoken.text") != "", F.array("spoken.text")).otherwise(F.array().cast("array<string>")),
        F.transform(shared, _words),
    )
    target = F.array_join(parts, " ")
    context = F.slice("known", F.lit(1), F.col("place"))
    return told.select(
        columns.stable_id(F.col("episode_id"), F.col("session_number"), F.col("spoken.turn")).alias("sample_id"),
        "episode_id",
        "session_number",
        F.col("spoken.turn").alias("turn"),
        "split",
        F.when(F.col("spoken.speaker") == ASSISTANT, "assistant").otherwise("user").alias("role"),
        F.when(F.size(shared) > 0, "image").otherwise("text").alias("kind"),
        "name",
        "session_date",
        "interval",
        "memory",
        "face",
        context.alias("context"),
        F.col("spoken.speaker").alias("speaker"),
        target.alias("target"),
        F.transform(shared, lambda image: image["image_id"]).alias("image_ids"),
        (F.length(F.coalesce("memory", F.lit(""))) + _length(context) + F.length(target))
        .cast("bigint")
        .alias("characters"),
    ).where("target <> ''")


def _told(frames: Frames) -> DataFrame:
    """Sessions with memory, face and, as `known`, their turns with the pictures that were found."""
    summary = frames[summaries.TABLE.name].select("episode_id", "session_number", "summary")
    before = Window.partitionBy("episode_id").orderBy("session_number").rowsBetween(Window.unboundedPreceding, -1)
    face = frames[faces.TABLE.name].select("episode_id", F.col("path").alias("face"))
    return (
        frames[sessions.TABLE.name]
        .join(frames[narratives.TABLE.name].select("episode_id", "name"), "episode_id")
        .join(summary, ["episode_id", "session_number"], "left")
        .withColumn("memory", F.last("summary", ignorenulls=True).over(before))
        .join(face, "episode_id", "left")
        .join(_pictures(frames), "episode_id", "left")
        .withColumn("known", F.transform("turns", _known))
    )


def _pictures(frames: Frames) -> DataFrame:
    """By episode, the path of the chosen picture of each image."""
    return (
        frames[images.TABLE.name]
        .where("chosen AND path IS NOT NULL")
        .groupBy("episode_id")
        .agg(F.map_from_entries(F.collect_set(F.struct("image_id", "path"))).alias("paths"))
    )


def _known(turn: Column) -> Column:
    image = F.transform(
        turn["images"],
        lambda shared: F.struct(
            shared["image_id"].alias("image_id"),
            shared["description"].alias("description"),
            F.element_at("paths", shared["image_id"]).alias("path"),
        ),
    )
    return F.struct(turn["speaker"].alias("speaker"), turn["text"].alias("text"), image.alias("images"))


def _words(image: Column) -> Column:
    return F.concat(F.lit(f"{RETRIEVE} {OPEN} "), image["description"], F.lit(f" {CLOSE}"))


def _length(context: Column) -> Column:
    """Characters of turns, with speakers and descriptions."""

    def of_turn(total: Column, turn: Column) -> Column:
        described = F.aggregate(turn["images"], F.lit(0), lambda sum, image: sum + F.length(image["description"]) + 16)
        return total + F.length(turn["speaker"]) + F.length(turn["text"]) + 3 + described

    return F.aggregate(context, F.lit(0), of_turn)


CHECKS = (
    Check("image targets", Share("kind = 'image'"), low=0.02, high=0.5),
    Check("characters", Mean("characters"), high=20_000),
)


def stage(settings: "Settings") -> TableStage:
    """The stage with these settings."""
    seed = settings.pipeline.seed
    return TableStage(
        name="training_samples",
        reads=READS,
        select=partial(select, settings.splits, seed),
        writes=TABLE,
        settings={"seed": seed, "splits": settings.splits.model_dump(mode="json")},
        checks=CHECKS,
    )
