from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stark_udfs.images.models.processors import PictureInput, Preparation, clip_processor, pixel_values
from tests.images import tiny

SHAPES = ((40, 90), (90, 40), (64, 64), (40, 90), (33, 47))
LEVEL = 1 / 255 / 0.26  # of normalised values: one of 255


def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [np.kron(rng.integers(0, 256, (h, w, 3), dtype=np.uint8), np.ones((4, 4, 1), np.uint8)) for h, w in SHAPES]


def processor_of(name: str, **options: Any) -> Any:
    import transformers

    return getattr(transformers, name)(**options)


def describe_a_batch():
    @pytest.mark.parametrize(
        "processor",
        [
            clip_processor(side=32),
            processor_of("ViTImageProcessor", size={"height": 32, "width": 24}),
            processor_of("SiglipImageProcessor", size={"height": 32, "width": 32}),
        ],
        ids=lambda processor: type(processor).__name__,
    )
    def it_is_prepared_as_pillow_would_one_by_one(processor: Any):
        ours = PictureInput.of(processor)
        assert ours.preparation is not None
        assert ours.side == 32
        made = ours.values(pictures(), "cpu").numpy()
        pillow = pixel_values(processor, pictures()).numpy()
        assert made.shape == pillow.shape
        assert np.abs(made - pillow).max() < 2.1 * LEVEL / 0.5
        assert np.abs(made - pillow).mean() < 0.2 * LEVEL

    def a_picture_of_the_models_size_is_left_as_it_is():
        shown = tiny.picture(1, side=32)
        made = Preparation.of(clip_processor(side=32))([shown], "cpu")
        assert np.allclose(made.numpy(), pixel_values(clip_processor(side=32), [shown]).numpy(), atol=1e-5)

    def its_order_is_kept_whatever_the_sizes():
        ours = PictureInput.of(clip_processor(side=32))
        together, alone = ours.values(pictures(), "cpu"), [ours.values([one], "cpu")[0] for one in pictures()]
        assert all(np.allclose(one, other) for one, other in zip(together.numpy(), alone, strict=True))


def describe_a_processor_that_does_something_else():
    @pytest.mark.parametrize(
        "processor",
        [
            processor_of("ConvNextImageProcessor", size={"shortest_edge": 32}),
            processor_of("Siglip2ImageProcessor"),
            processor_of("ViTImageProcessor", size={"height": 32, "width": 32}, do_normalize=False),
            processor_of("ViTImageProcessor", size={"height": 32, "width": 32}, resample=1),
        ],
        ids=lambda processor: type(processor).__name__,
    )
    def it_is_asked_itself(processor: Any):
        ours = PictureInput.of(processor)
        assert (ours.preparation, ours.side) == (None, None)

    def its_pictures_are_decoded_whole(models: Path):
        processor = processor_of("ConvNextImageProcessor", size={"shortest_edge": 32})
        assert PictureInput.of(processor).values([tiny.picture(1)], "cpu").shape == (1, 3, 32, 32)
