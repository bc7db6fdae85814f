from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from stark_udfs.images.models.latents import LatentDecoder, TextCache, to_bytes
from stark_udfs.images.protocols import OutOfMemory, Unpaintable
from tests.images import tiny


@dataclass
class SmallRoom:
    """A VAE with room for so many pictures; a picture is its latent, eight times as large."""

    room: int
    calls: list[int] = field(default_factory=list)

    @property
    def config(self) -> SimpleNamespace:
        return SimpleNamespace(block_out_channels=(1, 1, 1, 1), scaling_factor=1.0)

    @property
    def dtype(self) -> object:
        import torch

        return torch.float32

    def decode(self, latents, return_dict: bool):
        self.calls.append(len(latents))
        if len(latents) > self.room:
            raise MemoryError("full")
        return (latents[:, :3].repeat_interleave(8, 2).repeat_interleave(8, 3),)


def latents(rows: int):
    import torch

    return torch.linspace(-1, 1, rows).view(-1, 1, 1, 1).expand(rows, 4, 2, 2)


def describe_decoding():
    def slices_are_of_one_size_and_the_last_is_filled_up():
        import torch

        vae = SmallRoom(100)
        decoder = LatentDecoder(vae, {(128, 128): 2})
        pictures = decoder.decode(torch.zeros(5, 4, 128, 128))
        assert pictures.shape == (5, 1024, 1024, 3)
        assert vae.calls == [2, 2, 2]

    def no_more_than_four_pictures_of_1024_px_are_decoded_together():
        import torch

        vae = SmallRoom(100)
        LatentDecoder(vae).decode(torch.zeros(6, 4, 128, 128))
        assert vae.calls == [4, 4]

    def fewer_are_decoded_together_on_a_full_device_and_that_is_remembered():
        vae = SmallRoom(1)
        decoder = LatentDecoder(vae)
        pictures = decoder.decode(latents(3))
        assert pictures[:, 0, 0, 0].tolist() == [0, 128, 255]
        assert vae.calls == [3, 1, 1, 1]
        decoder.decode(latents(3))
        assert vae.calls[4:] == [1, 1, 1]

    def a_device_without_room_for_one_is_full():
        with pytest.raises(OutOfMemory):
            LatentDecoder(SmallRoom(0)).decode(latents(2))

    def half_precision_shows_the_same_picture():
        import torch

        vae, noise = tiny.vae(), torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(1))
        whole = LatentDecoder(vae).decode(noise).astype(float)
        half = LatentDecoder(vae.to(torch.bfloat16)).decode(noise)
        assert psnr(whole, half) > 35
        assert whole.std() > 3


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one - other) ** 2)))


def describe_bytes():
    def they_are_rounded_shares_of_white():
        import torch

        values = torch.tensor([-1.0, 0.0, 1.0, 1.4]).view(1, 1, 1, 4).expand(1, 3, 1, 4)
        assert to_bytes(values)[0, 0, :, 0].tolist() == [0, 128, 255, 255]

    def values_that_are_no_numbers_are_refused():
        import torch

        with pytest.raises(Unpaintable):
            to_bytes(torch.full((1, 3, 2, 2), float("nan")))


def describe_the_cache_of_texts():
    def it_encodes_each_text_once_and_alone():
        import torch

        asked: list[str] = []

        def encode(text: str):
            asked.append(text)
            return torch.full((1, 2), float(len(text))), torch.zeros(1)

        cache = TextCache(encode, most=3)
        assert cache.rows(["aa", "b", "aa"])[0][:, 0].tolist() == [2, 1, 2]
        assert asked == ["aa", "b"]
        cache.rows(["ccc", "aa"])
        assert asked == ["aa", "b", "ccc"]
        cache.rows(["dddd", "b"])  # the one that was not asked for the longest is forgotten
        assert asked == ["aa", "b", "ccc", "dddd", "b"]
