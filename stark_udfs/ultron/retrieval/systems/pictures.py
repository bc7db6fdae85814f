"""CLIP and SigLIP 2: the dialogue, or its last turn, against the pictures themselves.

Sources: Radford et al. 2021; Tschannen et al. 2025. CLIP reads 77 tokens, SigLIP 64: of a longer dialogue the end is
read, which the image follows. A candidate without a picture comes last.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.images.decode import Bounds, NoPicture, pixels_of
from stark_udfs.images.models.clip import Clip, ClipSpec
from stark_udfs.images.models.weights import device_of
from stark_udfs.images.protocols import Pixels
from stark_udfs.ultron.retrieval.benchmark import Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.queries import QueryForm
from stark_udfs.ultron.retrieval.ranking import Vectors
from stark_udfs.ultron.retrieval.systems.dense import query_vectors, unit

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Kind = Literal["clip", "siglip"]
WITHOUT = np.float32(-1e9)  # score of a candidate that has no picture
READ_AT_ONCE = 64  # files


class PictureModel(Protocol):
    """Texts and pictures in one space."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """(texts, dims), unit length."""

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """(pictures, dims), unit length."""


@dataclass(frozen=True)
class PictureEncoder:
    """A loaded model under the id that it was loaded by."""

    name: str
    model: PictureModel

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `TextEncoder.encode`."""
        return self.model.embed_texts(texts)

    def systems(self, *forms: QueryForm) -> Iterator["DensePictures"]:
        """The systems that ask with these forms; pictures are read and embedded once for all of them."""
        vectors = _Kept(self.model)
        return (DensePictures(self, form, vectors) for form in forms)

    def picture_vectors(self, candidates: Sequence[Candidate]) -> Vectors:
        """Of the candidates' pictures; zeros where there is none. For `Described`."""
        return _Kept(self.model).of(candidates)[0]


@dataclass(frozen=True)
class DensePictures:
    """A dialogue's vector against pictures."""

    encoder: PictureEncoder
    form: QueryForm
    kept: "_Kept"

    @property
    def name(self) -> str:
        """The model's id, and the query form."""
        return f"{self.encoder.name} pictures, {self.form.name}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`.

        Raises:
            InputError: no candidate has a picture.
        """
        vectors, there = self.kept.of(candidates)
        if not there.any():
            raise InputError(f"{self.name}: no candidate has a picture that can be read. Give --pictures.")
        scores = query_vectors(self.encoder, self.form, queries) @ vectors.T
        scores[:, ~there] = WITHOUT
        return scores


class _Kept:
    """Vectors of pictures by their path."""

    def __init__(self, model: PictureModel) -> None:
        self.model = model
        self.vectors: dict[Path, Vectors | None] = {}

    def of(self, candidates: Sequence[Candidate]) -> tuple[Vectors, np.ndarray]:
        """Vectors, and which of them are of a picture."""
        paths = [candidate.path for candidate in candidates]
        fresh = [path for path in dict.fromkeys(paths) if path is not None and path not in self.vectors]
        for start in range(0, len(fresh), READ_AT_ONCE):
            read = {path: _pixels(path) for path in fresh[start : start + READ_AT_ONCE]}
            good = {path: pixels for path, pixels in read.items() if pixels is not None}
            self.vectors.update(dict.fromkeys(read))
            if good:
                self.vectors.update(zip(good, self.model.embed_pictures(list(good.values())), strict=True))
        found = [None if path is None else self.vectors[path] for path in paths]
        dims = next((len(vector) for vector in found if vector is not None), 1)
        rows = [np.zeros(dims, dtype=np.float32) if vector is None else vector for vector in found]
        return np.stack(rows), np.array([vector is not None for vector in found])


def picture_encoder(model: str, kind: Kind, *, device: str | None = None) -> PictureEncoder:
    """Load a model by folder or id.

    Raises:
        SettingsError: it is not there, or of another kind.
    """
    try:
        return PictureEncoder(
            Path(model).name or model, _clip(model, device) if kind == "clip" else _siglip(model, device)
        )
    except (OSError, ValueError) as error:
        raise SettingsError(f"{kind} model {model}: {error}. Give a folder, or an id that can be reached.") from error


def _clip(model: str, device: str | None) -> Clip:
    loaded = ClipSpec(model=model, device=device).load()
    loaded.tokenizer.truncation_side = "left"
    return loaded


@dataclass(frozen=True)
class Siglip:
    """A loaded SigLIP or SigLIP 2; texts are in lower case and padded to the length it was trained with."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"
    processor: object
    batch: int = 64

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """See `PictureModel.embed_texts`."""
        import torch

        found = []
        length = self.model.config.text_config.max_position_embeddings
        for start in range(0, len(texts), self.batch):
            part = [text.lower() for text in texts[start : start + self.batch]]
            tokens = self.tokenizer(part, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
            with torch.inference_mode():
                ids = tokens["input_ids"].to(self.model.device)
                found.append(self.model.get_text_features(input_ids=ids).pooler_output.float().cpu().numpy())
        return unit(np.concatenate(found))

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """See `PictureModel.embed_pictures`."""
        import torch
        from PIL import Image

        found = []
        for start in range(0, len(pictures), self.batch):
            part = [Image.fromarray(picture) for picture in pictures[start : start + self.batch]]
            pixels = self.processor(images=part, return_tensors="pt")["pixel_values"]  # type: ignore[operator]
            with torch.inference_mode():
                made = self.model.get_image_features(pixel_values=pixels.to(self.model.device))
                found.append(made.pooler_output.float().cpu().numpy())
        return unit(np.concatenate(found))


def _siglip(model: str, device: str | None) -> Siglip:
    from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

    loaded = AutoModel.from_pretrained(model)
    if not loaded.config.model_type.startswith("siglip"):
        raise SettingsError(f"siglip model {model}: it is a {loaded.config.model_type}. Take --system clip for CLIP.")
    tokenizer = AutoTokenizer.from_pretrained(model, truncation_side="left")
    return Siglip(loaded.eval().to(device_of(device)), tokenizer, AutoImageProcessor.from_pretrained(model))


def _pixels(path: Path) -> Pixels | None:
    """The picture of a file; None where there is none that can be read."""
    try:
        found = pixels_of(path.read_bytes(), Bounds())
    except OSError:
        return None
    return None if isinstance(found, NoPicture) else found
