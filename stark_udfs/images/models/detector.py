"""Finding faces with any object detector that has a class for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stark_udfs.images.models.nsfw import place_of
from stark_udfs.images.models.processors import pixel_values
from stark_udfs.images.models.weights import device_errors, device_of, whole
from stark_udfs.images.protocols import Box, Pixels

if TYPE_CHECKING:
    from transformers import BaseImageProcessor, PreTrainedModel


@dataclass(frozen=True)
class DetectorSpec:
    """A face finder.

    model: any object detector in transformers layout with a class of the name `label`.
    least: the score, in [0, 1], from which a box is a face.
    """

    kind: ClassVar[str] = "DetectorSpec"  # in the keys of orders: stays when the class is renamed

    model: str
    revision: str | None = None
    label: str = "face"
    least: float = 0.7
    device: str | None = None

    def load(self) -> "Detector":
        """The finder, with its weights on the device of this process.

        Raises:
            SettingsError: the detector has no class of that name.
        """
        from transformers import AutoImageProcessor, AutoModelForObjectDetection

        model = whole(AutoModelForObjectDetection, self.model, revision=self.revision)
        return Detector(
            model=model.to(device_of(self.device)),
            processor=AutoImageProcessor.from_pretrained(self.model, revision=self.revision, backend="pil"),
            place=place_of(self.label, model.config.id2label, self.model),
            spec=self,
        )


@dataclass(frozen=True)
class Detector:
    """The loaded detector."""

    model: "PreTrainedModel"
    processor: "BaseImageProcessor"
    place: int
    spec: DetectorSpec

    def find(self, pictures: Sequence[Pixels]) -> list[list[Box]]:
        """See `FaceFinder.find`."""
        return [self._find(picture) for picture in pictures]

    def _find(self, picture: Pixels) -> list[Box]:
        """One picture at a time: detectors differ in how they take several sizes at once."""
        import torch

        height, width = picture.shape[:2]
        with torch.inference_mode(), device_errors():
            found = self.model(pixel_values=pixel_values(self.processor, [picture]).to(self.model.device))
            (boxes,) = self.processor.post_process_object_detection(
                found, threshold=self.spec.least, target_sizes=[(height, width)]
            )
        faces = boxes["labels"] == self.place
        made = [
            Box(max(0, left), max(0, top), min(width, right), min(height, bottom), score)
            for (left, top, right, bottom), score in zip(
                boxes["boxes"][faces].round().int().tolist(), boxes["scores"][faces].tolist(), strict=True
            )
        ]
        return sorted(made, key=lambda box: -box.area)
