"""What is measured over `faces` and `images`, and the rows that the image stages start from."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.engine.checking.checks import measured
from stark_udfs.engine.stage import Check
from stark_udfs.images.requests import Candidates, ImageScore, Scores
from stark_udfs.settings.image_models import PicturesSettings
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.images import checks
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.images.attempts import AttemptRules, PlannedImage
from stark_udfs.stages.images.images.selection import SelectionRules
from stark_udfs.stages.text import narratives
from stark_udfs.tables.schema import struct_type
from tests.stages.given import settings_with
from tests.stages.picture_rows import FACE_PATH, PLAN, SELFIE, SOUP, pictures, ratings

SETTINGS = settings_with()
TASTE = SelectionRules(min_score=0.5)
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def frame(spark: SparkSession, record: type[Record], rows: Sequence[Record]) -> DataFrame:
    return spark.createDataFrame([row.model_dump() for row in rows], struct_type(record))


def face(episode: str, embedding: list[float] | None, *, age: int = 34) -> faces.FaceImage:
    seed = faces.FaceSeed(episode_id=episode, age=age, gender="female", birthplace="Japan")
    rated = Scores(ratings=[ImageScore(faces=1, embedding=embedding)])
    [made] = faces.parse(SETTINGS, seed, [pictures(episode), rated])
    assert isinstance(made, faces.FaceImage)
    return made


def candidates(row: PlannedImage, found: Candidates, rated: Scores) -> list[images.Image]:
    made = images.parse(AttemptRules.of(SETTINGS), TASTE, row, [found, rated])
    return [item for item in made if isinstance(item, images.Image)]


def selfie(image: str, episode: str, embedding: list[float] | None) -> list[images.Image]:
    row = SELFIE.model_copy(update={"image_id": image, "episode_id": episode})
    return candidates(row, pictures(image), ratings(0.9, embedding=embedding, phash="0" * 16, faces=1))


@pytest.fixture(scope="module")
def frames(spark: SparkSession) -> dict[str, DataFrame]:
    people = [
        face("ana", EAST),
        face("eva", NORTH, age=39),
        face("ida", [-1.0, 0.0], age=30),
        face("old", EAST, age=71),  # nobody of her age: not compared
        face("nix", None),
    ]
    made = [
        *selfie("ana-1", "ana", EAST),
        *selfie("ana-2", "ana", NORTH),
        *selfie("eva-1", "eva", [0.6, 0.8]),
        *selfie("old-1", "old", EAST),
        *selfie("nix-1", "nix", None),
        *candidates(SOUP, pictures("soup", "stew"), ratings(0.6, 0.2)),
    ]
    return {"faces": frame(spark, faces.FaceImage, people), "images": frame(spark, images.Image, made).cache()}


def describe_margins():
    def they_are_likeness_to_the_own_face_less_that_to_others_of_the_group(frames):
        found = {row["image_id"]: row for row in checks.margins(frames).collect()}
        assert set(found) == {"ana-1", "ana-2", "eva-1"}
        assert found["ana-1"]["own"] == pytest.approx(1.0)
        assert found["ana-1"]["others"] == pytest.approx(-0.5)
        assert found["ana-2"]["margin"] == pytest.approx(0.0 - 0.5)
        assert found["eva-1"]["margin"] == pytest.approx(0.8 - (0.6 - 0.6) / 2)
        assert {row["compared"] for row in found.values()} == {2}

    def another_face_is_noticed(spark, frames):
        def mean(people: DataFrame) -> float:
            pictures = frames["images"].where("image_id != 'ana-2'")
            value = checks.margins({"faces": people, "images": pictures}).agg(F.avg("margin")).first()
            assert value is not None
            return float(value[0])

        own = frames["faces"].where("episode_id IN ('ana', 'eva')")
        other = F.when(F.col("episode_id") == "ana", F.lit("eva")).otherwise("ana").alias("episode_id")
        swapped = own.select(other, "age", "gender", "embedding")
        assert mean(own) == pytest.approx((1.0 + 0.2) / 2)
        assert mean(swapped) == pytest.approx((-1.0 - 0.2) / 2)


def value(frames, own: str, check: Check) -> float | None:
    """What the check measures, however few rows there are."""
    units = {name: rows.withColumn("unit_key", F.monotonically_increasing_id()) for name, rows in frames.items()}
    [found] = measured(units, own, [replace(check, least=0)])
    return found.value


def describe_checks():
    def all_can_be_measured(frames):
        settings = PicturesSettings(provider="models", detector={"model": "faces"})
        for check in checks.checks(settings):
            assert value(frames, "images", check) is not None, check.name

    def they_say_what_is_there(frames):
        assert value(frames, "images", checks.CHOSEN) == 1.0
        assert value(frames, "images", checks.CANDIDATES) == pytest.approx(7 / 6)
        assert value(frames, "images", checks.TWINS) == pytest.approx(1 / 6)  # ana's two are one picture by their hash

    def nobody_is_asked_for_scores_that_nobody_gives():
        def names(**settings: object) -> set[str]:
            return {check.name for check in checks.checks(PicturesSettings(**settings))}

        assert checks.FACES.name not in names()
        assert checks.LIKENESS.name in names()
        assert checks.LIKENESS.name not in names(provider="models", likeness=None)

    def those_of_faces_can_be_measured(frames):
        for check in faces.CHECKS:
            assert value(frames, "faces", check) is not None, check.name


def describe_select():
    def images_come_with_the_face_of_their_person(spark):
        plans = [PLAN, PLAN.model_copy(update={"image_id": "i-9", "episode_id": "nobody"})]
        person = face("e-1", None).model_copy(update={"path": FACE_PATH})
        found = images.select(
            {
                "image_plans": frame(spark, image_plans.ImagePlan, plans),
                "faces": frame(spark, faces.FaceImage, [person]),
            }
        )
        rows = {row["image_id"]: PlannedImage.model_validate(row.asDict(recursive=True)) for row in found.collect()}
        assert (rows["i-1"].face, rows["i-1"].traits) == (FACE_PATH, person.traits)
        assert (rows["i-9"].face, rows["i-9"].traits) == (None, None)

    def faces_are_those_of_all_narratives(spark):
        person = narratives.Narrative(
            episode_id="e-1",
            commonsense_id="c-1",
            name="Hana Mori",
            age=12,
            gender="female",
            birthplace="Japan",
            residence="Japan",
            sentence_form="I am.",
            narrative="I am.",
            sensitive=False,
        )
        [row] = faces.select({"narratives": frame(spark, narratives.Narrative, [person])}).collect()
        assert faces.FaceSeed.model_validate(row.asDict()).age == 12
