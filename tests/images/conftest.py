"""Tiny models on disk, made once; loading them is what the tests are about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images import tiny


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """Torch on one thread: tiny models lose time on more."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A folder with one checkpoint of each kind, in the layouts that the published ones have."""
    folder = tmp_path_factory.mktemp("models")
    tiny.save_sdxl(folder / "sdxl")
    tiny.vae(seed=15).save_pretrained(folder / "vae")
    tiny.save_lightning(folder / "lightning")
    tiny.save_photomaker(folder / "photomaker")
    tiny.save_ip_adapter(folder / "ip_adapter")
    tiny.save_clip(folder / "clip")
    tiny.save_classifier(folder / "nsfw")
    tiny.save_detector(folder / "detector")
    return folder
