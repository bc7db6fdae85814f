"""A painter and a scorer that nothing else in the project knows of: read from settings, run on Spark, then free."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs import load_settings, run
from stark_udfs.core.errors import SettingsError
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images.selection import SelectionRules
from stark_udfs.stages.people import demographics
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.preflight import packages_of
from stark_udfs.tables.tables import Tables
from tests.example_image_model.stripes import BrightnessSpec, StripesSpec

FILE = "tests.example_image_model.stripes"
MODELS = (
    "pictures.provider=models",
    f"pictures.painter={{kind: '{FILE}:StripesSettings', width: 4}}",
    f"pictures.scorer.kind={FILE}:BrightnessSettings",
    "pictures.image_size=64",
    "pictures.nsfw=null",
    "pictures.likeness=null",
)


def settings_in(folder: Path, *overrides: str) -> Settings:
    places = (f"storage.tables={folder}/tables", f"storage.files={folder}/files", "people.count=12")
    return load_settings("base", overrides=[*places, *MODELS, *overrides])


def describe_an_image_model_in_one_file():
    def it_paints_faces_once_and_is_then_free(spark: SparkSession, tmp_path: Path):
        settings = settings_in(tmp_path)
        people = demographics.stage(settings)
        portraits = replace(
            faces.stage(settings),
            reads=(demographics.TABLE,),
            select=lambda frames: (
                frames["demographics"]
                .where("age >= 18")
                .selectExpr("demographic_id AS episode_id", "age", "gender", "birthplace")
            ),
            checks=(),
        )
        _, first = run([people, portraits], settings, spark).stages
        rows = Tables(spark, settings.storage).read(faces.TABLE).collect()
        assert len(rows) == first.rows_out == first.calls / 2 > 0  # each was painted, and scored
        assert {row["source"] for row in rows} == {"stripes"}
        assert {(row["width"], row["height"]) for row in rows} == {(64, 64)}
        assert run([people, portraits], settings, spark).stages[-1].calls == 0

    def it_scores_with_a_range_and_a_threshold_of_its_own(tmp_path: Path):
        settings = settings_in(tmp_path)
        backend = faces.stage(settings).backend
        assert isinstance(backend, ModelBackendSpec)
        assert (backend.painter.spec, backend.scorer) == (StripesSpec(4), BrightnessSpec())
        task = ScoreRequest(paths=("images/none.png",), captions=("a dog",), description="a dog", of_person=False)
        (scores,) = backend.load().work([task])
        assert isinstance(scores, Scores)
        assert [type(rating) for rating in scores.ratings] == [ImageScore]
        assert SelectionRules.of(settings).min_score == 0.0
        own = settings_in(tmp_path, f"choosing.min_score={{'{FILE}:BrightnessSettings': 0.4}}")
        assert SelectionRules.of(own).min_score == 0.4

    def it_needs_its_own_packages_alone(tmp_path: Path):
        settings = settings_in(tmp_path)
        assert packages_of(settings.pictures) == ("torch", "diffusers", "transformers")  # of `personal`
        alone = settings.pictures.model_copy(update={"personal": settings.pictures.painter})
        assert packages_of(alone) == ()

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ("pictures.painter.width=0", r"pictures\.painter\.width: input should be greater than or equal to 1"),
            ("pictures.painter.widht=3", r"pictures\.painter\.widht: no such setting\. Did you mean .*painter\.width"),
            (
                "pictures.painter.kind=stripes",
                r"pictures\.painter: kind stripes: there is none of that name\. Known: sdxl",
            ),
        ],
    )
    def its_settings_are_checked_as_all_others(tmp_path: Path, wrong: str, says: str):
        with pytest.raises(SettingsError, match=says):
            settings_in(tmp_path, wrong)
