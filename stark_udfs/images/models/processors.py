"""How pictures enter a model: one way for everything that is compared, in batches, on the model's own device.

transformers ships two processors whose results differ by up to 0.015, and both work picture by picture on the CPU. Here
pictures of one size are resized together where the model is, as the Pillow one would: antialiased, cut, rounded to
bytes. What its rounding leaves is less than a level of 255; the embeddings of an index and of a query agree as before.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from stark_udfs.images.protocols import Pixels

if TYPE_CHECKING:
    import torch
    from transformers import BatchFeature

PROCESSOR = "stark-resize-1"  # kept beside an index; another name means other vectors
# Indexes of before: their pictures were prepared by Pillow, and are compared with texts alone, which are not prepared.
ALIKE = frozenset({PROCESSOR, "CLIPImageProcessorPil"})
RESAMPLE = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers
KNOWN = frozenset(
    {
        *("do_convert_rgb", "do_resize", "do_rescale", "do_normalize", "do_center_crop", "size", "crop_size"),
        *("resample", "rescale_factor", "image_mean", "image_std", "image_processor_type", "processor_class"),
        *("feature_extractor_type", "do_pad", "_valid_processor_keys", "input_data_format", "data_format", "device"),
        *("return_tensors", "default_to_square", "disable_grouping", "image_seq_length", "pad_size"),
    }
)


class ImageProcessor(Protocol):
    """What transformers' image processors have in common."""

    def __call__(self, *, images: Sequence[object], return_tensors: str) -> "BatchFeature":
        """Resized and normalised pixel values."""
        ...

    def to_dict(self) -> dict[str, object]:
        """What it does, by the names that transformers gives its settings."""
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
    """Float tensor of shape (len(pictures), 3, side, side), one picture after the other."""
    from PIL import Image

    return processor(images=[Image.fromarray(picture) for picture in pictures], return_tensors="pt").pixel_values


@dataclass(frozen=True)
class Preparation:
    """Resize, cut and normalise, for all pictures of one size together.

    size: (height, width), or the shorter side. crop: (height, width) of the middle that is kept; None: all.
    mode: of the interpolation, antialiased. scale, mean, std: values are (byte × scale - mean) / std.
    """

    size: tuple[int, int] | int
    crop: tuple[int, int] | None
    mode: str
    scale: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def of(cls, processor: ImageProcessor) -> "Preparation | None":
        """What a processor does, if it is nothing else than that."""
        told: dict[str, Any] = processor.to_dict()
        size, crop, resample = told.get("size"), told.get("crop_size"), told.get("resample")
        plain = all(told.get(name, True) for name in ("do_resize", "do_rescale", "do_normalize"))
        if not plain or set(told) - KNOWN or told.get("do_pad") or resample not in RESAMPLE:
            return None
        if not isinstance(size, dict) or set(size) not in ({"shortest_edge"}, {"height", "width"}):
            return None
        exact = (int(size["height"]), int(size["width"])) if "height" in size else int(size["shortest_edge"])
        cut = None
        if told.get("do_center_crop"):
            if not isinstance(crop, dict):
                return None
            cut = (int(crop["height"]), int(crop["width"]))
        if (cut is None and isinstance(exact, int)) or (cut and min(_pair(exact)) < max(cut)):
            return None
        scale, mean, std = told.get("rescale_factor"), told.get("image_mean"), told.get("image_std")
        if not (isinstance(scale, float) and isinstance(mean, list | tuple) and isinstance(std, list | tuple)):
            return None
        return cls(exact, cut, RESAMPLE[int(str(int(resample)))], scale, tuple(mean), tuple(std))

    @property
    def side(self) -> int:
        """The longer side of what the model is to see, in px: more is not worth being decoded."""
        return max(_pair(self.size))

    def __call__(self, pictures: Sequence[Pixels], device: "torch.device | str") -> "torch.Tensor":
        """Float32 tensor of shape (len(pictures), 3, height, width), on the device."""
        import torch

        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place, picture in enumerate(pictures):
            by_shape[picture.shape].append(place)
        made: list[torch.Tensor | None] = [None] * len(pictures)
        for places in by_shape.values():
            for place, values in zip(places, self._alike([pictures[at] for at in places], device), strict=True):
                made[place] = values
        values = torch.stack([one for one in made if one is not None]).float()
        mean, std = (torch.tensor(part, device=device).view(1, 3, 1, 1) for part in (self.mean, self.std))
        return values.mul_(self.scale / std).sub_(mean / std)

    def _alike(self, pictures: Sequence[Pixels], device: "torch.device | str") -> "torch.Tensor":
        """Bytes, or floats that are bytes, resized and cut; pictures of one shape."""
        import torch

        shown = torch.from_numpy(np.stack(pictures)).to(device).permute(0, 3, 1, 2)
        if shown.device.type != "cpu":
            shown = shown.float()  # a CPU resizes bytes, and faster
        size = self._size_of(shown.shape[-2], shown.shape[-1])
        if size != tuple(shown.shape[-2:]):
            shown = torch.nn.functional.interpolate(shown, size=size, mode=self.mode, antialias=True)
        if self.crop is not None:
            top, left = ((whole - kept) // 2 for whole, kept in zip(size, self.crop, strict=True))
            shown = shown[..., top : top + self.crop[0], left : left + self.crop[1]]
        return shown.round().clamp(0, 255) if shown.is_floating_point() else shown

    def _size_of(self, height: int, width: int) -> tuple[int, int]:
        if isinstance(self.size, tuple):
            return self.size
        short, long = sorted((height, width))
        longer = int(self.size * long / short)
        return (self.size, longer) if height <= width else (longer, self.size)


def _pair(size: tuple[int, int] | int) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)


@dataclass(frozen=True)
class PictureInput:
    """Pictures on their way into a model: together where its processor does nothing unusual, else by the processor."""

    processor: ImageProcessor
    preparation: Preparation | None

    @classmethod
    def of(cls, processor: ImageProcessor) -> "PictureInput":
        """By what the processor says of itself."""
        return cls(processor, Preparation.of(processor))

    @property
    def side(self) -> int | None:
        """Pixels of a side that are worth being decoded; None: all."""
        return None if self.preparation is None else self.preparation.side

    def values(self, pictures: Sequence[Pixels], device: "torch.device | str") -> "torch.Tensor":
        """Float tensor of shape (len(pictures), 3, height, width), on the device."""
        if self.preparation is None:
            return pixel_values(self.processor, pictures).to(device)
        return self.preparation(pictures, device)
