"""An embedder without a model, to try things with: words and colours, counted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from stark_udfs.core.ids import seed_of
from stark_udfs.images.protocols import Pixels, Vectors

GRID = 8


@dataclass(frozen=True)
class OfflineEmbedderSpec:
    """Words and colours, counted: no model."""

    def load(self) -> "OfflineEmbedder":
        """Nothing has to be loaded."""
        return OfflineEmbedder()


class OfflineEmbedder:
    """Unit vectors of hashed words, and of the colours of 8 × 8 fields."""

    dims = GRID * GRID * 3

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Which words a text has."""
        vectors = np.zeros((len(texts), self.dims), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                vector[seed_of("word", word.strip(".,;:!?()")) % self.dims] += 1
        return _unit(vectors)

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """Where a picture is of which colour."""
        fields = [Image.fromarray(one).resize((GRID, GRID), Image.Resampling.BOX) for one in pictures]
        return _unit(np.stack([np.asarray(field, dtype=np.float32).ravel() for field in fields]))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32)
