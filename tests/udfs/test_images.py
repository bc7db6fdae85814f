"""`paint_udf` and `embed_udf` on real Spark, with drawings and with tiny real models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import Painting, Pixels
from stark_udfs.settings.run import RunSettings
from stark_udfs.udfs.images import PaintTask, embed_udf, paint, paint_udf
from tests.images import tiny


def settings_in(folder: Path, **pictures: object) -> RunSettings:
    return RunSettings.model_validate(
        {"models": {}, "storage": {"files": str(folder)}, "pictures": {"batch_size": 2, **pictures}}
    )


LOADS: list[str] = []


@dataclass(frozen=True)
class CountedSpec:
    """A painter of plain pictures that notes its loading."""

    kind: ClassVar[str] = "CountedSpec"

    def load(self) -> "CountedSpec":
        LOADS.append("loaded")
        return self

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        return np.stack([np.full((64, 64, 3), painting.seed, dtype=np.uint8) for painting in paintings])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny.save_sdxl(folder / "sdxl")
    tiny.save_clip(folder / "clip")
    return folder


def describe_paint_udf():
    def it_keeps_a_picture_for_each_prompt_and_says_what_is_wrong_with_the_others(spark: SparkSession, tmp_path: Path):
        prompts = [("a red boat on a lake", 1), (None, 1), ("", 1), ("a cat", -4), ("a red boat on a lake", 1)]
        rows_in = [(number, *pair) for number, pair in enumerate(prompts)]
        frame = spark.createDataFrame(rows_in, "id int, prompt string, seed long").repartition(1)
        painted = frame.withColumn("card", paint_udf(settings_in(tmp_path))("prompt", "seed"))
        rows = sorted(painted.select("id", "card.*").collect())
        assert [row["error"] for row in rows] == [
            None,
            "prompt is null",
            "prompt is empty or no text",
            "seed is not between 0 and 2^63: -4",
            None,
        ]
        assert rows[0]["path"] == rows[4]["path"] == f"images/{rows[0]['sha256'][:2]}/{rows[0]['sha256']}.png"
        assert (rows[0]["width"], rows[0]["height"]) == (640, 480)
        assert isinstance(ImageFiles(str(tmp_path)).sound(rows[0]["path"]), bytes)

    def it_finds_again_what_was_painted_and_paints_what_was_lost(spark: SparkSession, tmp_path: Path):
        frame = spark.createDataFrame([("a dog",)], "prompt string")
        painted = frame.withColumn("card", paint_udf(settings_in(tmp_path))("prompt")).select("card.*")
        (first,) = painted.collect()
        (note,) = tmp_path.glob("udf/paint/*/*.json")
        when = note.stat().st_mtime_ns
        assert painted.collect() == [first]
        assert note.stat().st_mtime_ns == when
        (tmp_path / first["path"]).unlink()
        assert painted.collect() == [first]
        assert (tmp_path / first["path"]).exists()

    def it_paints_with_a_model(spark: SparkSession, tmp_path: Path, models: Path):
        painter = {"model": str(models / "sdxl"), "variant": None, "unet": None, "steps": 1}
        settings = settings_in(tmp_path, provider="models", image_size=64, painter=painter)
        frame = spark.createDataFrame([(n, "a red house") for n in range(3)], "seed int, prompt string").repartition(1)
        rows = frame.withColumn("card", paint_udf(settings)("prompt", "seed")).select("seed", "card.*").collect()
        assert [(row["error"], row["width"], row["height"]) for row in rows] == [(None, 64, 64)] * 3
        assert len({row["sha256"] for row in rows}) == 3

    def it_loads_a_model_once_in_a_worker(tmp_path: Path):
        for seed in range(3):
            (row,) = paint(PaintTask(str(tmp_path), CountedSpec(), 2, 64), [("a house", seed)], seeded=True)
            assert row["error"] is None
        assert LOADS == ["loaded"]


def describe_embed_udf():
    def it_gives_unit_vectors_and_an_error_for_what_is_not_there(spark: SparkSession, tmp_path: Path):
        frame = spark.createDataFrame([("a dog",), (None,), ("A dog!",)], "text string").repartition(1)
        embed = embed_udf(settings_in(tmp_path))
        rows = frame.withColumn("v", embed("text")).select("text", "v.*").collect()
        found = {row["text"]: row for row in rows}
        assert found[None]["error"] == "text is null"
        assert found["a dog"]["vector"] == found["A dog!"]["vector"]
        assert np.linalg.norm(found["a dog"]["vector"]) == pytest.approx(1.0)

    def it_reads_pictures_of_paint_udf_and_of_ones_own(spark: SparkSession, tmp_path: Path):
        settings = settings_in(tmp_path)
        prompts = spark.createDataFrame([("a dog",)], "prompt string")
        paths = prompts.select(paint_udf(settings)("prompt").path.alias("p"))
        others = spark.createDataFrame([(f"{tmp_path}/none.png",), ("http://127.0.0.1/x.png",)], "p string")
        seen = paths.unionByName(others).withColumn("v", embed_udf(settings, "picture")("p"))
        rows = seen.select("p", "v.*").collect()
        by_path = {row["p"].rpartition("/")[2][-8:]: row for row in rows}
        assert by_path["none.png"]["error"].startswith("status: no file")
        assert by_path["x.png"]["error"].startswith("scheme: ")
        (drawn,) = [row for row in rows if row["error"] is None]
        assert np.linalg.norm(drawn["vector"]) == pytest.approx(1.0)

    def it_embeds_with_a_model(spark: SparkSession, tmp_path: Path, models: Path):
        settings = settings_in(tmp_path, provider="models", clip={"model": str(models / "clip")})
        frame = spark.createDataFrame([("a red house",)], "text string")
        (row,) = frame.withColumn("v", embed_udf(settings)(F.col("text"))).select("v.*").collect()
        assert row["error"] is None
        assert np.linalg.norm(row["vector"]) == pytest.approx(1.0, abs=1e-5)
