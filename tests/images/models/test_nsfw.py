from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.nsfw import NsfwSpec
from stark_udfs.images.protocols import loaded
from tests.images import tiny

PICTURES = [tiny.picture(seed) for seed in range(6)]


def describe_nsfw():
    def it_gives_the_probability_of_its_class(models: Path):
        folder = str(models / "nsfw")
        bad, good = (loaded(NsfwSpec(folder, label=label)).score(PICTURES, [""] * 6) for label in ("nsfw", "normal"))
        assert np.allclose(bad + good, 1, atol=1e-6)
        assert ((bad >= NsfwSpec.low) & (bad <= NsfwSpec.high)).all()
        assert bad.std() > 0.01

    def it_finds_the_class_by_name_wherever_it_stands(models: Path, tmp_path: Path, one_thread: None):
        turned = tiny.save_classifier(tmp_path / "turned", labels=("NSFW", "normal"))
        scores = NsfwSpec(str(turned)).load().score(PICTURES, [""] * 6)
        other = loaded(NsfwSpec(str(models / "nsfw"))).score(PICTURES, [""] * 6)
        assert np.allclose(scores + other, 1, atol=1e-6)

    def it_gives_equal_scores_whatever_the_batch(models: Path):
        folder = str(models / "nsfw")
        one, other = (loaded(NsfwSpec(folder, batch=batch)).score(PICTURES, [""] * 6) for batch in (4, 64))
        assert np.allclose(one, other, atol=1e-5)

    def it_refuses_a_classifier_without_the_class(models: Path):
        with pytest.raises(SettingsError, match=r"no class 'porn'\. It has: normal, nsfw\."):
            NsfwSpec(str(models / "nsfw"), label="porn").load()
