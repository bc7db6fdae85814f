"""What is expected of the chosen images: enough of them, the right faces, the right person, few twins."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.engine.checking.measures import Counted, Exact, Mean, Share
from stark_udfs.engine.stage import Check, Frames
from stark_udfs.images.requests import Module
from stark_udfs.settings.image_models import PicturesSettings

OTHERS = 8  # faces of the same gender and age band that a picture is compared with
BAND = 10  # years

CHOSEN = Check(
    "images with a chosen candidate",
    Counted("count(distinct CASE WHEN chosen THEN image_id END)", of="count(distinct image_id)"),
    low=0.9,
)
CANDIDATES = Check("candidates of an image", Exact("count(*) / nullif(count(distinct image_id), 0)"), low=1, high=20)
TWINS = Check(
    "chosen pictures that the episode has twice",
    Counted(
        "count_if(chosen) - count(distinct CASE WHEN chosen THEN struct(episode_id, coalesce(phash, image_id)) END)",
        of="count_if(chosen)",
    ),
    high=0.05,
    least=20,
)
FACES = Check(
    "pictures with as many faces as expected",
    Share("CASE WHEN chosen AND faces_expected IS NOT NULL THEN faces_found = faces_expected END"),
    low=0.8,
    least=20,
)


def checks(pictures: PicturesSettings) -> tuple[Check, ...]:
    """The checks of `images`, without those of scores that nobody gives."""
    drawn = pictures.provider == "offline"
    counted = () if drawn or pictures.detector is None else (FACES,)
    likened = () if not drawn and pictures.likeness is None else (LIKENESS,)
    return (CHOSEN, CANDIDATES, TWINS, *counted, *likened)


def margins(frames: Frames) -> DataFrame:
    """For each chosen picture of a user: likeness to their own face less the mean likeness to others' faces.

    The others are of the same gender and age band, the same few for everybody, so that the work grows with the pictures
    alone. Around 0 nobody is recognised.
    """
    band = F.concat_ws(" ", "gender", F.floor(F.col("age") / BAND))
    faces = frames["faces"].where("embedding IS NOT NULL")
    faces = faces.select("episode_id", band.alias("band"), F.col("embedding").alias("face"))
    place = F.row_number().over(Window.partitionBy("band").orderBy(F.xxhash64("episode_id")))
    others = (
        faces.withColumn("place", place)
        .where(F.col("place") <= OTHERS + 1)
        .select("band", F.col("episode_id").alias("other_id"), F.col("face").alias("other"))
    )
    return (
        frames["images"]
        .where(F.col("chosen") & (F.col("module") == Module.P_T2I.value) & F.col("embedding").isNotNull())
        .select("image_id", "episode_id", "embedding")
        .join(faces, "episode_id")
        .join(others, "band")
        .where("other_id != episode_id")
        .groupBy("image_id", "episode_id", "band")
        .agg(
            F.first(cosine("embedding", "face")).alias("own"),
            F.avg(cosine("embedding", "other")).alias("others"),
            F.count(F.lit(1)).alias("compared"),
        )
        .withColumn("margin", F.col("own") - F.col("others"))
    )


def cosine(left: str, right: str) -> Column:
    """Of two unit vectors."""
    products = F.zip_with(left, right, lambda a, b: a * b)
    return F.aggregate(products, F.lit(0.0), lambda total, product: total + product)


LIKENESS = Check(
    "likeness to the own face over others' faces", Mean("margin"), low=0.02, least=10, over=margins, unit="episode_id"
)
