import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.any_pipeline import AnyPainter, DiffusersSettings, Editor, EditSpec, PipelineSpec, takes
from stark_udfs.images.protocols import Painting, Unpaintable, loaded
from tests.images import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers itself

FACES = [tiny.picture(seed, side=64) for seed in range(3)]
ROWS = [Painting(str(at), text, at, 64, 64) for at, text in enumerate(("a woman", "a cat", "red house"))]
STEPS = (("guidance_scale", 0.0), ("num_inference_steps", 2))


def moved(one: np.ndarray, other: np.ndarray) -> list[float]:
    return [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, other, strict=True)]


def describe_a_text_to_image_pipeline_by_id():
    def it_draws_each_row_from_its_words_and_seed_alone(models: Path):
        painter = loaded(PipelineSpec(str(models / "sdxl"), STEPS))
        before = painter.paint(ROWS)
        after = painter.paint([ROWS[0], dataclasses.replace(ROWS[1], prompt="blue beach", seed=9), ROWS[2]])
        assert before.shape == (3, 64, 64, 3)
        assert [difference > 1 for difference in moved(before, after)] == [False, True, False]
        assert moved(before, after)[0] == moved(before, after)[2] == 0

    def a_parameter_that_it_does_not_take_is_named(models: Path):
        with pytest.raises(SettingsError, match=r"takes no parameter stepz\. It takes: .*num_inference_steps"):
            PipelineSpec(str(models / "sdxl"), (("stepz", 3),)).load()

    def a_parameter_of_the_picture_itself_is_refused():
        with pytest.raises(SettingsError, match="width"):
            DiffusersSettings(model="a/b", parameters={"width": 3}).spec()

    def a_model_that_is_not_there_is_a_setting(tmp_path: Path):
        with pytest.raises(SettingsError, match="cannot be loaded"):
            PipelineSpec(str(tmp_path / "none")).load()

    def a_model_of_another_kind_is_a_setting(models: Path):
        with pytest.raises(SettingsError, match="text-to-image"):
            PipelineSpec(str(models / "clip")).load()

    def weights_without_safetensors_are_not_read(models: Path, tmp_path: Path):
        shutil.copytree(models / "sdxl", tmp_path / "sdxl")
        for file in (tmp_path / "sdxl").rglob("*.safetensors"):
            file.rename(file.with_suffix(".bin"))
        with pytest.raises(SettingsError, match="no safetensors"):
            PipelineSpec(str(tmp_path / "sdxl")).load()


def describe_an_editing_pipeline_by_id():
    @pytest.fixture(scope="module")
    def editor(models: Path) -> Editor:
        """SDXL's own pipeline from picture to picture, which takes what editing pipelines take."""
        from diffusers import StableDiffusionXLImg2ImgPipeline

        pipeline: Any = StableDiffusionXLImg2ImgPipeline.from_pretrained(models / "sdxl", use_safetensors=True)
        pipeline.set_progress_bar_config(disable=True)
        return Editor(pipeline, {"num_inference_steps": 3, "strength": 0.7, "guidance_scale": 0.0}, takes(pipeline))

    def a_face_reaches_its_own_row_and_no_other(editor: Editor):
        rows = [dataclasses.replace(row, faces=(face,)) for row, face in zip(ROWS, FACES, strict=True)]
        before = editor.paint(rows)
        after = editor.paint([rows[0], dataclasses.replace(rows[1], faces=(tiny.picture(7, side=64),)), rows[2]])
        changes = moved(before, after)
        assert changes[1] > 1
        assert (changes[0], changes[2]) == (0, 0)

    def a_row_without_a_face_is_not_painted(editor: Editor):
        with pytest.raises(Unpaintable, match="no face"):
            editor.paint(ROWS)

    def a_pipeline_that_takes_no_picture_edits_none(models: Path):
        with pytest.raises(SettingsError, match="edits no picture"):
            EditSpec(str(models / "sdxl"), STEPS).load()

    def it_is_no_painter_from_words(editor: Editor):
        assert isinstance(editor, AnyPainter)
        assert editor.sentence.startswith("A new photo of the very person")
