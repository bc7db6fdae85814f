"""How likely a picture is not safe for work, by an image classifier.

Source: the paper filters with Falconsai/nsfw_image_detection and states no threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.processors import PictureInput
from stark_udfs.images.models.weights import Half, device_errors, device_of, precision_on, whole
from stark_udfs.images.protocols import Pixels, Vectors

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class NsfwSpec:
    """A scorer whose score is the probability of `label`, in [0, 1]; it looks at no text.

    model: any image classifier in transformers layout.
    label: the name of the class, in any case; a classifier without such a class is refused at load.
    batch: pictures at once.
    """

    kind: ClassVar[str] = "NsfwSpec"  # in the keys of orders: stays when the class is renamed
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    model: str = "Falconsai/nsfw_image_detection"
    revision: str | None = None
    label: str = "nsfw"
    batch: int = 64
    half: Half = "float16"
    device: str | None = None

    def load(self) -> "Nsfw":
        """The scorer, with its weights on the device of this process.

        Raises:
            SettingsError: the classifier has no class of that name.
        """
        from transformers import AutoImageProcessor, AutoModelForImageClassification

        device = device_of(self.device)
        dtype = precision_on(device, self.half)
        model = whole(AutoModelForImageClassification, self.model, revision=self.revision, dtype=dtype)
        return Nsfw(
            model=model.to(device),
            pictures=PictureInput.of(
                AutoImageProcessor.from_pretrained(self.model, revision=self.revision, backend="pil")
            ),
            place=place_of(self.label, model.config.id2label, self.model),
            batch=self.batch,
        )


def place_of(label: str, names: Mapping[int, str], model: str) -> int:
    """Which output of a classifier is the class of that name, in any case.

    Raises:
        SettingsError: none is.
    """
    for place, name in names.items():
        if name.casefold() == label.casefold():
            return int(place)
    raise SettingsError(f"{model} has no class {label!r}. It has: {', '.join(names.values())}.")


@dataclass(frozen=True)
class Nsfw:
    """The loaded classifier."""

    model: "PreTrainedModel"
    pictures: PictureInput
    place: int
    batch: int

    @property
    def side(self) -> int | None:
        """Pixels of a side that are worth being decoded; None: all."""
        return self.pictures.side

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """See `Scorer.score`; `texts` are passed over."""
        import torch

        scores = np.empty(len(pictures), dtype=np.float32)
        for start in range(0, len(pictures), self.batch):
            part = slice(start, start + self.batch)
            with torch.inference_mode(), device_errors():
                pixels = self.pictures.values(pictures[part], self.model.device).to(self.model.dtype)
                logits = self.model(pixel_values=pixels).logits.float()
                scores[part] = logits.softmax(dim=-1)[:, self.place].cpu().numpy()
        return scores
