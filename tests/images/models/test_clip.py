import shutil
from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.protocols import loaded
from tests.images import tiny

PICTURES = [tiny.picture(seed) for seed in range(5)]


def spec_of(models: Path, batch: int = 64) -> ClipSpec:
    return ClipSpec(str(models / "clip"), batch=batch)


def describe_clip():
    def it_gives_unit_vectors_of_32_bits(models: Path):
        clip = loaded(spec_of(models))
        for vectors in (clip.embed_pictures(PICTURES), clip.embed_texts(["a cat", "a dog", ""])):
            assert vectors.dtype == np.float32
            assert vectors.shape[1] == clip.dims == 24
            assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)

    def it_tells_pictures_and_texts_apart(models: Path):
        clip = loaded(spec_of(models))
        for vectors in (clip.embed_pictures(PICTURES), clip.embed_texts(["a cat", "a dog", "a house at the sea"])):
            cosines = vectors @ vectors.T
            assert cosines[~np.eye(len(cosines), dtype=bool)].max() < 0.99

    def it_gives_equal_vectors_whatever_the_batch(models: Path):
        one, all_at_once = loaded(spec_of(models, batch=2)), loaded(spec_of(models))
        assert np.allclose(one.embed_pictures(PICTURES), all_at_once.embed_pictures(PICTURES), atol=1e-5)
        texts = ["a cat", "a red house at the sea", "dog"]
        assert np.allclose(one.embed_texts(texts), all_at_once.embed_texts(texts), atol=1e-5)

    def it_cuts_a_text_off_where_the_model_ends(models: Path):
        clip = loaded(spec_of(models))
        whole, longer = clip.embed_texts(["a " * 75, "a " * 75 + "dog"])
        assert np.allclose(whole, longer, atol=1e-6)

    def it_takes_nothing(models: Path):
        assert loaded(spec_of(models)).embed_pictures([]).shape == (0, 24)

    def it_takes_pictures_of_any_shape(models: Path):
        wide, tall = np.zeros((20, 90, 3), np.uint8), np.zeros((90, 20, 3), np.uint8)
        assert loaded(spec_of(models)).embed_pictures([wide, tall]).shape == (2, 24)

    def it_prepares_pictures_together_and_says_how_much_it_sees(models: Path):
        clip = loaded(spec_of(models))
        assert clip.pictures.preparation is not None
        assert clip.side == tiny.SIDE

    def it_refuses_a_checkpoint_that_lacks_weights(models: Path, tmp_path: Path):
        from safetensors.torch import load_file, save_file

        shutil.copytree(models / "clip", tmp_path / "clip")
        tensors = load_file(tmp_path / "clip" / "model.safetensors")
        del tensors["visual_projection.weight"]
        save_file(tensors, tmp_path / "clip" / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(SettingsError, match=r"visual_projection\.weight"):
            ClipSpec(str(tmp_path / "clip")).load()

    def it_needs_a_batch(models: Path):
        with pytest.raises(SettingsError, match="batch"):
            spec_of(models, batch=0)


def describe_name():
    def it_says_the_revision_where_one_is_given():
        assert ClipSpec("a/clip").name == "a/clip"
        assert ClipSpec("a/clip", "v1", batch=7).name == "a/clip@v1"
