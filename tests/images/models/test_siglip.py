from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.siglip import Siglip, SiglipSpec
from tests.images import tiny

TEXTS = ["a cat", "a red house", "a cat"]
PICTURES = [tiny.picture(seed) for seed in range(3)]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Siglip:
    return SiglipSpec(str(tiny.save_siglip(tmp_path_factory.mktemp("siglip"))), batch=2).load()


def describe_siglip():
    def it_gives_a_probability_of_each_pair_whatever_the_others_are(scorer: Siglip):
        scores = scorer.score(PICTURES, TEXTS)
        assert scores.dtype == np.float32
        assert ((scores > 0) & (scores < 1)).all()
        alone = [scorer.score([picture], [text])[0] for picture, text in zip(PICTURES, TEXTS, strict=True)]
        assert np.allclose(scores, alone, atol=1e-5)
        assert len(set(scores.round(4))) == 3

    def it_is_what_the_model_itself_says(scorer: Siglip):
        import torch

        tokens = scorer.tokenizer(["a cat"], padding="max_length", max_length=16, return_tensors="pt")
        pixels = scorer.pictures.values(PICTURES[:1], "cpu")
        with torch.inference_mode():
            logits = scorer.model(input_ids=tokens.input_ids, pixel_values=pixels).logits_per_image
        assert scorer.score(PICTURES[:1], ["a cat"])[0] == pytest.approx(float(logits.sigmoid()), abs=1e-5)

    def it_sees_so_much_of_a_picture(scorer: Siglip):
        assert scorer.side == tiny.SIDE

    def a_model_of_another_form_is_refused(models: Path):
        with pytest.raises(SettingsError, match="none of SigLIP's form"):
            SiglipSpec(str(models / "clip")).load()
