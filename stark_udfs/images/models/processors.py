"""How pictures enter a model: one image processor for everything that is compared, the one that works with Pillow.

transformers ships two whose results differ by up to 0.015: an index built with one must not be asked with the other.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from stark_udfs.images.protocols import Pixels

if TYPE_CHECKING:
    import torch
    from transformers import BatchFeature

PROCESSOR = "CLIPImageProcessorPil"  # kept beside an index; another name means other vectors


class ImageProcessor(Protocol):
    """What transformers' image processors have in common."""

    def __call__(self, *, images: Sequence[object], return_tensors: str) -> "BatchFeature":
        """Resized and normalised pixel values."""
        ...


def clip_processor(model: str | None = None, *, revision: str | None = None, side: int = 224) -> ImageProcessor:
    """The processor of a CLIP model; without a model, CLIP's own values for pictures of `side` px."""
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    processor: ImageProcessor
    if model is None:
        processor = CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    else:
        processor = CLIPImageProcessorPil.from_pretrained(model, revision=revision)
    return processor


def pixel_values(processor: ImageProcessor, pictures: Sequence[Pixels]) -> "torch.Tensor":
    """Float tensor of shape (len(pictures), 3, side, side)."""
    from PIL import Image

    return processor(images=[Image.fromarray(picture) for picture in pictures], return_tensors="pt").pixel_values
