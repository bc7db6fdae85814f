from pathlib import Path

import numpy as np
import pytest

from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.scorers import ClipScoreSpec, PickScoreSpec
from stark_udfs.images.protocols import loaded
from tests.images import tiny

PICTURES = [tiny.picture(seed) for seed in range(6)]
TEXTS = ["a cat", "a dog", "a cat", "red house", "a cat", "sea"]


def describe_clip_score():
    def it_is_the_cosine_of_picture_and_text(models: Path):
        spec = ClipSpec(str(models / "clip"))
        scores = loaded(ClipScoreSpec(spec)).score(PICTURES, TEXTS)
        clip = loaded(spec)
        pairs = zip(clip.embed_pictures(PICTURES), clip.embed_texts(TEXTS), strict=True)
        assert np.allclose(scores, [picture @ text for picture, text in pairs], atol=1e-5)
        assert scores.dtype == np.float32
        assert ((scores >= ClipScoreSpec.low) & (scores <= ClipScoreSpec.high)).all()

    def it_embeds_a_picture_once_however_often_it_comes(models: Path):
        scorer = loaded(ClipScoreSpec(ClipSpec(str(models / "clip"))))
        twice = scorer.score([*PICTURES, *PICTURES], [*TEXTS, *TEXTS[::-1]])
        assert np.allclose(twice[:6], scorer.score(PICTURES, TEXTS), atol=1e-5)
        assert np.allclose(twice[6:], scorer.score(PICTURES, TEXTS[::-1]), atol=1e-5)
        assert scorer.score([], []).shape == (0,)

    def it_asks_for_one_text_each(models: Path):
        with pytest.raises(ValueError, match="6 pictures and 1 texts"):
            loaded(ClipScoreSpec(ClipSpec(str(models / "clip")))).score(PICTURES, ["a cat"])


def describe_pick_score():
    def it_is_the_cosine_times_what_the_model_learnt(models: Path):
        spec = ClipSpec(str(models / "clip"))
        cosines = loaded(ClipScoreSpec(spec)).score(PICTURES, TEXTS)
        scores = loaded(PickScoreSpec(spec)).score(PICTURES, TEXTS)
        assert np.allclose(scores, cosines * np.exp(4.0), atol=1e-3)

    def it_stays_in_its_range_whatever_the_model_learnt(tmp_path: Path, one_thread: None):
        folder = tiny.save_clip(tmp_path / "steep", scale=9.0)
        scores = PickScoreSpec(ClipSpec(str(folder))).load().score(PICTURES, TEXTS)
        assert np.abs(scores).max() <= PickScoreSpec.high

    def it_takes_tokenizer_and_processor_from_another_folder(models: Path, tmp_path: Path, one_thread: None):
        bare = tiny.save_clip(tmp_path / "bare")
        for file in bare.iterdir():
            if file.name not in ("config.json", "model.safetensors"):
                file.unlink()
        spec = ClipSpec(str(bare), processor=str(models / "clip"))
        assert len(PickScoreSpec(spec).load().score(PICTURES, TEXTS)) == len(PICTURES)
