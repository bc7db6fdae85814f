"""What an export holds: episodes and pictures of the tables, without what block list and licences keep back."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.release.export.block_list import BlockList
from stark_udfs.release.export.marks import DRAWING, GENERATED_MODULES, MODEL
from stark_udfs.release.export.writers import PIXELS, SPLIT
from stark_udfs.stages.dataset.licences import GENERATED

PAGE, HASH, BLOCKED = "page", "hash", "blocked"  # of a picture, beside PIXELS and what a file can be
NOT_RELEASED = (BLOCKED, "missing", "damaged", "foreign")
FACES, IMAGES = "faces", "images"


@dataclass(frozen=True)
class Selection:
    """The rows of an export.

    episodes: the columns of `episodes` and `_split`.
    pictures: one row per picture file of an episode: columns of `picture_rows`.
    """

    episodes: DataFrame
    pictures: DataFrame


def selected(episodes: DataFrame, blocked: BlockList, licences: Sequence[str]) -> Selection:
    """The episodes of the dataset and their pictures, each with how it is released."""
    kept = episodes.where("left_out IS NULL").withColumn(SPLIT, F.col("split"))
    if blocked.episodes:
        ids = kept.sparkSession.createDataFrame([(one,) for one in sorted(blocked.episodes)], "episode_id string")
        kept = kept.join(F.broadcast(ids), "episode_id", "left_anti")
    rows = _of_images(kept).unionByName(_of_faces(kept))
    return Selection(kept, rows.withColumn("state", _state(rows, blocked, licences)).withColumn("mark", _mark()))


def _of_images(episodes: DataFrame) -> DataFrame:
    album = F.transform("album", lambda a: F.struct(a["image_id"], a["description"], a["picture"]))
    turns = F.expr("flatten(transform(sessions, s -> flatten(transform(s.turns, t -> t.images))))")
    shared = F.transform(turns, lambda i: F.struct(i["image_id"], i["description"], i["picture"]))
    exploded = episodes.select(
        "episode_id", "public_index", SPLIT, F.explode(F.array_distinct(F.concat(album, shared))).alias("image")
    ).where("image.picture IS NOT NULL")
    return exploded.select(
        F.lit(IMAGES).alias("part"),
        *("episode_id", "public_index", SPLIT),
        F.col("image.image_id").alias("key"),
        "image.description",
        "image.picture.*",
    ).dropDuplicates(["key"])


def _of_faces(episodes: DataFrame) -> DataFrame:
    nothing = F.lit(None).cast("string")
    return episodes.where("face IS NOT NULL").select(
        F.lit(FACES).alias("part"),
        *("episode_id", "public_index", SPLIT),
        F.col("episode_id").alias("key"),
        "face.description",
        F.lit("face").alias("module"),
        *(f"face.{name}" for name in ("path", "sha256", "bytes", "width", "height", "source")),
        F.lit("").alias("page"),
        nothing.alias("licence"),
        F.lit(GENERATED).alias("licence_kind"),
        nothing.alias("licence_url"),
        nothing.alias("creator"),
        "face.provider",
    )


def _state(rows: DataFrame, blocked: BlockList, licences: Sequence[str]) -> Column:
    """How a picture is released, before anybody has looked for its file."""
    allowed = F.col("licence_kind").isin(GENERATED, *licences)
    state = F.when(allowed, PIXELS).when(F.col("page") != "", PAGE).otherwise(HASH)
    named = F.lit(False)
    if blocked.hashes:
        named = named | F.col("sha256").isin(sorted(blocked.hashes))
    if blocked.urls:
        urls = sorted(blocked.urls)
        named = named | F.col("page").isin(urls) | F.coalesce(F.col("licence_url"), F.lit("")).isin(urls)
    return F.when(named, BLOCKED).otherwise(state)


def _mark() -> Column:
    """As `marks.source_type`."""
    made = F.col("module").isin("face", *GENERATED_MODULES)
    return F.when(F.col("provider") == "offline", DRAWING).when(made, MODEL)


def about() -> Column:
    """What a shard says of a picture beside it, as JSON; the first three names are the public dataset's."""
    return F.to_json(
        F.struct(
            F.col("module").alias("image_source"),
            F.col("page").alias("image_url"),
            F.col("public_index").alias("index"),
            *("episode_id", "description", "source", "sha256", "width", "height"),
            *("licence", "licence_kind", "licence_url", "creator"),
            F.col("mark").alias("digital_source_type"),
        ),
        {"ignoreNullFields": "false"},
    )


def index_rows(pictures: DataFrame) -> DataFrame:
    """The rows of `image_index`: all pictures but blocked ones; with `shard` where there are pixels."""
    key = (
        F.when(F.col("part") == FACES, F.concat(F.lit("face:"), "key"))
        .when(F.col("state").isin(PAGE, HASH), F.concat(F.lit("url:"), "key"))
        .otherwise(F.col("key"))
    )
    return pictures.where(F.col("state") != BLOCKED).select(
        SPLIT,
        key.alias("key"),
        F.col("public_index").alias("index"),
        *("episode_id", "module", "state", "description", "sha256", "released_sha256", "shard", "bytes", "width"),
        *("height", "source", F.col("page").alias("image_url"), "licence", "licence_kind", "licence_url", "creator"),
        F.col("mark").alias("digital_source_type"),
    )


def with_withheld(selection: Selection, pictures: DataFrame) -> DataFrame:
    """The episodes with `withheld`, the ids of pictures that are not released, and `face_withheld`."""
    held = (
        pictures.where(F.col("state").isin(*NOT_RELEASED))
        .groupBy("episode_id")
        .agg(
            F.array_compact(F.collect_list(F.when(F.col("part") == IMAGES, F.col("key")))).alias("withheld"),
            F.bool_or(F.col("part") == FACES).alias("face_withheld"),
        )
    )
    return (
        selection.episodes.join(held, "episode_id", "left")
        .withColumn("withheld", F.coalesce("withheld", F.expr("cast(array() as array<string>)")))
        .withColumn("face_withheld", F.coalesce("face_withheld", F.lit(False)))
    )


def nested(episodes: DataFrame) -> DataFrame:
    """The typed form that is released: no picture that is withheld, no path into the warehouse."""

    def released(item: Column) -> Column:
        hidden = F.array_contains("withheld", item["image_id"]) | item["picture"].isNull()
        return item.withField("picture", F.when(~hidden, item["picture"].dropFields("path")))

    def turn(said: Column) -> Column:
        return said.withField("images", F.transform(said["images"], released))

    def session(held: Column) -> Column:
        return held.withField("turns", F.transform(held["turns"], turn))

    face = F.when(~F.col("face_withheld") & F.col("face").isNotNull(), F.col("face").dropFields("path"))
    return (
        episodes.withColumn("album", F.transform("album", released))
        .withColumn("sessions", F.transform("sessions", session))
        .withColumn("face", face)
        .drop("withheld", "face_withheld", "left_out", "left_out_detail", "unit_key", "provider", "run_id")
    )
