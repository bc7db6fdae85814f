"""CLIP: pictures and texts in one space.

Source: Radford et al. 2021; the paper's retrieval uses ViT-L/14 at 336 px.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.processors import PictureInput, clip_processor
from stark_udfs.images.models.weights import Half, device_errors, device_of, precision_on, whole
from stark_udfs.images.protocols import Pixels, Vectors

if TYPE_CHECKING:
    import torch
    from transformers import CLIPModel, CLIPTokenizer

Row = TypeVar("Row")


@dataclass(frozen=True)
class ClipSpec:
    """An embedder of pictures and texts.

    processor: the folder or hub id of tokenizer and image processor, where the model's own does not hold them.
    batch: pictures or texts at once.
    """

    kind: ClassVar[str] = "ClipSpec"  # in the keys of orders: stays when the class is renamed

    model: str = "openai/clip-vit-large-patch14-336"
    revision: str | None = None
    processor: str | None = None
    processor_revision: str | None = None
    batch: int = 64
    half: Half = "float16"
    device: str | None = None

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise SettingsError(f"batch: at least 1 (got {self.batch}).")

    @property
    def name(self) -> str:
        """Of the vectors that it makes: what an index keeps as its embedder."""
        return self.model if self.revision is None else f"{self.model}@{self.revision}"

    def load(self) -> "Clip":
        """The embedder, with its weights on the device of this process."""
        from transformers import CLIPModel, CLIPTokenizer

        device = device_of(self.device)
        model = whole(CLIPModel, self.model, revision=self.revision, dtype=precision_on(device, self.half))
        source, revision = self.model, self.revision
        if self.processor is not None:
            source, revision = self.processor, self.processor_revision
        return Clip(
            model=model.to(device),
            tokenizer=CLIPTokenizer.from_pretrained(source, revision=revision),
            pictures=PictureInput.of(clip_processor(source, revision=revision)),
            batch=self.batch,
        )


@dataclass(frozen=True)
class Clip:
    """The loaded model; texts are cut off after the tokens that it reads (77)."""

    model: "CLIPModel"
    tokenizer: "CLIPTokenizer"
    pictures: PictureInput
    batch: int

    @property
    def dims(self) -> int:
        """Length of a vector."""
        return int(self.model.config.projection_dim)

    @property
    def side(self) -> int | None:
        """Pixels of a side that are worth being decoded; None: all."""
        return self.pictures.side

    @property
    def scale(self) -> float:
        """What the model multiplies a cosine by: learnt, at most 100 in CLIP's own training."""
        return float(self.model.logit_scale.detach().exp())

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """See `Embedder.embed_pictures`."""
        return self._in_batches(pictures, self._pictures)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_texts`."""
        return self._in_batches(texts, self._texts)

    def _pictures(self, pictures: Sequence[Pixels]) -> "torch.Tensor":
        pixels = self.pictures.values(pictures, self.model.device).to(self.model.dtype)
        return self.model.get_image_features(pixel_values=pixels).pooler_output

    def _texts(self, texts: Sequence[str]) -> "torch.Tensor":
        length = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(list(texts), padding=True, truncation=True, max_length=length, return_tensors="pt")
        return self.model.get_text_features(**tokens.to(self.model.device)).pooler_output

    def _in_batches(self, rows: Sequence[Row], embed: Callable[[Sequence[Row]], "torch.Tensor"]) -> Vectors:
        import torch

        vectors = np.empty((len(rows), self.dims), dtype=np.float32)
        for start in range(0, len(rows), self.batch):
            part = slice(start, start + self.batch)
            with torch.inference_mode(), device_errors():
                vectors[part] = torch.nn.functional.normalize(embed(rows[part]).float(), dim=-1).cpu().numpy()
        return vectors
