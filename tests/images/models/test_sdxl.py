import dataclasses
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.compiled import blocks_of
from stark_udfs.images.models.latents import TextCache
from stark_udfs.images.models.sdxl import SdxlBase, SdxlSettings, SdxlSpec
from stark_udfs.images.protocols import Painting, Unpaintable, loaded
from stark_udfs.settings.image_models import WeightFileSettings

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers itself

TEXTS = ("a photo of a woman", "a cat in the garden", "red house at the sea", "a dog")
ROWS = [Painting(str(at), text, at, 64, 64) for at, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def spec(models: Path) -> SdxlSpec:
    return SdxlSpec(SdxlBase(str(models / "sdxl")), steps=3)


def difference(one: np.ndarray, other: np.ndarray) -> list[float]:
    return [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, other, strict=True)]


def describe_sdxl():
    def it_draws_bytes_of_the_size_asked_for(spec: SdxlSpec):
        pictures = loaded(spec).paint([Painting("wide", "a dog", 1, 80, 48)])
        assert pictures.shape == (1, 48, 80, 3)
        assert pictures.dtype == np.uint8
        assert pictures.std() > 10

    def it_draws_equal_pixels_from_equal_seeds(spec: SdxlSpec):
        assert (loaded(spec).paint(ROWS) == loaded(spec).paint(ROWS)).all()

    def it_draws_a_row_alike_whatever_its_neighbours_are(spec: SdxlSpec):
        others = [*ROWS[:2], Painting("other", "blue beach", 99, 64, 64), ROWS[3]]
        assert [d > 1 for d in difference(loaded(spec).paint(ROWS), loaded(spec).paint(others))] == [
            False,
            False,
            True,
            False,
        ]
        assert difference(loaded(spec).paint(ROWS), loaded(spec).paint(others))[0] == 0

    @pytest.mark.parametrize("change", [{"prompt": "a cat"}, {"seed": 5}, {"negative": "ugly text"}])
    def it_follows_prompt_seed_and_negative(spec: SdxlSpec, change: dict[str, object]):
        plain = {"key": "", "prompt": "a woman", "seed": 1, "width": 64, "height": 64}
        one, other = (loaded(spec).paint([Painting(**row)]) for row in (plain, plain | change))
        assert difference(one, other)[0] > 0.5

    def it_reads_no_negative_without_guidance(models: Path):
        painter = loaded(SdxlSpec(SdxlBase(str(models / "sdxl")), steps=2, guidance=0))
        rows = [[Painting("", "a woman", 1, 64, 64, negative=text)] for text in ("", "ugly text")]
        assert (painter.paint(rows[0]) == painter.paint(rows[1])).all()

    def it_refuses_sides_that_no_latent_covers(spec: SdxlSpec):
        with pytest.raises(Unpaintable, match="65 × 64"):
            loaded(spec).paint([Painting("", "a dog", 1, 65, 64)])

    def it_takes_one_size_at_a_time(spec: SdxlSpec):
        with pytest.raises(ValueError, match="one size"):
            loaded(spec).paint([ROWS[0], Painting("", "a dog", 1, 128, 64)])

    def it_travels_and_loads_once(spec: SdxlSpec):
        assert loaded(pickle.loads(pickle.dumps(spec))) is loaded(spec)

    def it_needs_a_step(models: Path):
        with pytest.raises(SettingsError, match="steps"):
            SdxlSpec(SdxlBase(str(models / "sdxl")), steps=0)


def lightning(models: Path, repository: str, name: str = "sdxl_lightning_8step_unet.safetensors") -> SdxlSpec:
    unet = WeightFileSettings(repository=repository, name=name)
    return SdxlSettings(model=str(models / "sdxl"), variant=None, unet=unet).spec()


def describe_lightning():
    @pytest.fixture(scope="module")
    def fast(models: Path) -> SdxlSpec:
        return lightning(models, str(models / "lightning"))

    def it_draws_with_the_other_unet(fast: SdxlSpec, models: Path):
        plain = SdxlSpec(SdxlBase(str(models / "sdxl"), trailing=True), steps=8, guidance=0)
        assert min(difference(loaded(fast).paint(ROWS), loaded(plain).paint(ROWS))) > 1

    def it_has_eight_trailing_steps_and_no_guidance(fast: SdxlSpec):
        scheduler = loaded(fast).pipeline.scheduler
        assert (fast.steps, fast.guidance) == (8, 0)
        assert type(scheduler).__name__ == "EulerDiscreteScheduler"
        scheduler.set_timesteps(8)
        assert scheduler.timesteps.int().tolist() == [999, 874, 749, 624, 499, 374, 249, 124]

    def it_says_which_file_is_missing(models: Path):
        with pytest.raises(SettingsError, match=r"no file nothing\.safetensors"):
            lightning(models, str(models), "nothing.safetensors").load()


def describe_another_vae():
    def it_takes_the_place_of_the_models_own(models: Path, spec: SdxlSpec):
        other = SdxlSpec(SdxlBase(str(models / "sdxl"), vae=str(models / "vae")), steps=3)
        assert min(difference(loaded(spec).paint(ROWS), loaded(other).paint(ROWS))) > 1


def describe_texts():
    def a_prompt_is_read_once_for_all_its_draws(models: Path):
        painter = SdxlSpec(SdxlBase(str(models / "sdxl")), steps=1).load()
        read: list[str] = []
        encode = painter.texts.encode
        painter = dataclasses.replace(painter, texts=TextCache(lambda text: read.append(text) or encode(text)))
        for _ in range(2):
            painter.paint([Painting(str(at), "a dog", at, 64, 64) for at in range(3)])
        assert read == ["a dog", ""]


def describe_compiling():
    def nothing_is_compiled_without_a_gpu(spec: SdxlSpec):
        assert loaded(spec).drawing.compiled.parts == ()

    def the_blocks_of_the_unet_are_what_is_worth_it(spec: SdxlSpec):
        blocks = blocks_of(loaded(spec).pipeline.unet)
        of_them = sum(parameter.numel() for block in blocks for parameter in block.parameters())
        assert of_them > 0.7 * sum(parameter.numel() for parameter in loaded(spec).pipeline.unet.parameters())


def describe_bad_models():
    def one_that_is_not_there_is_a_setting(tmp_path: Path):
        with pytest.raises(SettingsError, match="cannot be loaded"):
            SdxlBase(str(tmp_path / "nothing")).load()

    def one_without_safetensors_is_a_setting(models: Path, tmp_path: Path):
        shutil.copytree(models / "sdxl", tmp_path / "sdxl")
        for file in (tmp_path / "sdxl").rglob("*.safetensors"):
            file.rename(file.with_suffix(".bin"))
        with pytest.raises(SettingsError, match="no safetensors"):
            SdxlBase(str(tmp_path / "sdxl")).load()

    def one_that_was_cut_off_is_damaged(models: Path, tmp_path: Path):
        shutil.copytree(models / "sdxl", tmp_path / "sdxl")
        file = tmp_path / "sdxl/unet/diffusion_pytorch_model.safetensors"
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with pytest.raises(SettingsError, match="is damaged"):
            SdxlBase(str(tmp_path / "sdxl")).load()
