"""SigLIP and SigLIP 2, and any dual encoder of their form: each pair of text and picture has a probability of its own.

Source: Zhai et al. 2023 (SigLIP), Tschannen et al. 2025 (SigLIP 2): a sigmoid of the scaled and shifted cosine; texts
are padded to 64 tokens, since the model saw them so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.kinds import ScorerKind
from stark_udfs.images.models.processors import PictureInput
from stark_udfs.images.models.weights import Half, device_errors, device_of, loading, precision_on, whole
from stark_udfs.images.protocols import Pixels, Vectors
from stark_udfs.settings.image_models import Weights

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class SiglipScoreSettings(Weights, ScorerKind):
    """The probability that a text is of an image, by a dual encoder of SigLIP's form, 0 to 1."""

    min_score: ClassVar[float | None] = None  # published probabilities of true pairs are small: rank by it first

    kind: str = "siglip"
    model: str = "google/siglip2-base-patch16-384"

    def spec(self, clip: ClipSpec) -> "SiglipSpec":
        """See `ScorerKind.spec`; `clip` has no part in it."""
        return SiglipSpec(self.model, self.revision)


@dataclass(frozen=True)
class SiglipSpec:
    """A scorer whose score is a probability, in [0, 1].

    batch: pictures or texts at once.
    """

    kind: ClassVar[str] = "SiglipSpec"  # in the keys of orders: stays when the class is renamed
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    model: str = "google/siglip2-base-patch16-384"
    revision: str | None = None
    batch: int = 32
    half: Half = "bfloat16"
    device: str | None = None

    def load(self) -> "Siglip":
        """The scorer, with its weights on the device of this process.

        Raises:
            SettingsError: it is no model of this form, or of pictures of any size (NaFlex).
        """
        from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

        device = device_of(self.device)
        with loading(self.model, "dual-encoder"), device_errors():
            model = whole(AutoModel, self.model, revision=self.revision, dtype=precision_on(device, self.half))
            tokenizer = AutoTokenizer.from_pretrained(self.model, revision=self.revision)
            processor = AutoImageProcessor.from_pretrained(self.model, revision=self.revision)
            pictures = PictureInput.of(processor)
            if not hasattr(model, "logit_bias") or pictures.preparation is None:
                raise SettingsError(
                    f"model {self.model} is a {type(model).__name__} with a {type(processor).__name__}: none of "
                    "SigLIP's form for pictures of one size. Take one, such as google/siglip2-base-patch16-384."
                )
            return Siglip(model.to(device), tokenizer, pictures, self.batch)


@dataclass(frozen=True)
class Siglip:
    """The loaded model."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    pictures: PictureInput
    batch: int

    @property
    def side(self) -> int | None:
        """Pixels of a side that are worth being decoded; None: all."""
        return self.pictures.side

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """See `Scorer.score`; a text, and a picture, that comes several times is read once."""
        import torch

        if len(pictures) != len(texts):
            raise ValueError(f"{len(pictures)} pictures and {len(texts)} texts: there has to be one text each.")
        shown = {id(picture): picture for picture in pictures}
        distinct = list(dict.fromkeys(texts))
        places = {one: at for at, one in enumerate(shown)}
        words = {one: at for at, one in enumerate(distinct)}
        with torch.inference_mode(), device_errors():
            seen, read = self._seen(list(shown.values())), self._read(distinct)
            pairs = seen[[places[id(one)] for one in pictures]] * read[[words[text] for text in texts]]
            logits = pairs.sum(dim=-1) * self.model.logit_scale.float().exp() + self.model.logit_bias.float()
            found: Vectors = logits.sigmoid().flatten().cpu().numpy().astype(np.float32)
        return found

    def _seen(self, pictures: Sequence[Pixels]) -> "torch.Tensor":
        import torch

        parts = [
            self.model.get_image_features(
                pixel_values=self.pictures.values(pictures[at : at + self.batch], self.model.device).to(
                    self.model.dtype
                )
            ).pooler_output
            for at in range(0, len(pictures), self.batch)
        ]
        return torch.nn.functional.normalize(torch.cat(parts).float(), dim=-1)

    def _read(self, texts: Sequence[str]) -> "torch.Tensor":
        import torch

        length = self.model.config.text_config.max_position_embeddings
        parts = [
            self.model.get_text_features(
                input_ids=self.tokenizer(
                    list(texts[at : at + self.batch]),
                    padding="max_length",
                    truncation=True,
                    max_length=length,
                    return_tensors="pt",
                ).input_ids.to(self.model.device)
            ).pooler_output
            for at in range(0, len(texts), self.batch)
        ]
        return torch.nn.functional.normalize(torch.cat(parts).float(), dim=-1)
