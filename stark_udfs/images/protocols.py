"""What the engine asks of image models: draw, score, embed, find faces. Pictures are arrays, failures are values.

StarkError
└── VisionError
    ├── OutOfMemory      a batch does not fit the device; a smaller one may
    ├── Unpaintable      one row cannot be drawn, whatever the batch
    └── DeviceLost       the device is of no use any more to this process
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import StarkError

Pixels: TypeAlias = npt.NDArray[np.uint8]  # (…, height, width, 3): RGB, 0-255, rows from the top
Vectors: TypeAlias = npt.NDArray[np.float32]

SIDE_STEP = 8  # px: a latent of a Stable Diffusion VAE covers 8 × 8 pixels


class VisionError(StarkError):
    """Base of what an image model may raise for a batch."""


class OutOfMemory(VisionError):
    """A batch does not fit the device; nothing was drawn, and a smaller batch may fit."""


class Unpaintable(VisionError):
    """A row of the batch cannot be drawn: no face, no trigger word, a size that no model takes."""


class DeviceLost(VisionError):
    """The device failed in a way that outlives the call; only a new worker process can go on."""


@dataclass(frozen=True, eq=False)
class Painting:
    """One picture to be drawn.

    key: what the caller calls the row; comes back with the result.
    seed: of the noise, in [0, 2**63).
    width, height: px, multiples of 8.
    negative: what the picture should not show; models without guidance pass it over.
    faces: pictures of the one person who is to be shown; painters without identity take none.
    """

    key: str
    prompt: str
    seed: int
    width: int = 1024
    height: int = 1024
    negative: str = ""
    faces: tuple[Pixels, ...] = ()


class Painter(Protocol):
    """Draws one picture per painting."""

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """Draw `paintings`, which all have one width, one height and one number of faces.

        Returns:
            uint8 array of shape (len(paintings), height, width, 3): RGB, 0-255, rows from the top.
            An equal painting and weights give equal pixels at an equal batch size on one model of device,
            whatever the other rows are; at another batch size values may differ by rounding.

        Raises:
            OutOfMemory: the batch does not fit. Nothing was drawn; call again with fewer rows.
            Unpaintable: one of the rows cannot be drawn. Nothing was drawn.
            DeviceLost: no further call in this process can succeed.
        """
        ...


class PainterSpec(Hashable, Protocol):
    """A picklable description of a painter; workers load it by `loaded`."""

    def load(self) -> Painter:
        """The painter, with its weights on the device of this process."""
        ...


class Scorer(Protocol):
    """Rates pictures, each against a text."""

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """The score of `pictures[i]` for `texts[i]`: float32, shape (len(pictures),), in the range of the spec."""
        ...


class ScorerSpec(Hashable, Protocol):
    """A picklable description of a scorer and its range."""

    @property
    def low(self) -> float:
        """The least score there is."""
        ...

    @property
    def high(self) -> float:
        """The greatest score there is."""
        ...

    def load(self) -> Scorer:
        """The scorer, with its weights on the device of this process."""
        ...


class Embedder(Protocol):
    """Puts pictures and texts into one space; the inner product of two rows is their cosine."""

    @property
    def dims(self) -> int:
        """Length of a vector."""
        ...

    def embed_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """Unit vectors, float32, shape (len(pictures), dims)."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dims); what a model cannot read of a long text is cut off."""
        ...


class EmbedderSpec(Hashable, Protocol):
    """A picklable description of an embedder."""

    def load(self) -> Embedder:
        """The embedder, with its weights on the device of this process."""
        ...


def side_of(model: object) -> int | None:
    """Pixels of a side that are worth being decoded for a model; None: all, also where it does not say."""
    side = getattr(model, "side", None)
    return side if isinstance(side, int) else None


@dataclass(frozen=True)
class Box:
    """Where a face is, in px from the top left; `right` and `bottom` lie outside. `score` is in [0, 1]."""

    left: int
    top: int
    right: int
    bottom: int
    score: float

    @property
    def area(self) -> int:
        """In square px."""
        return max(0, self.right - self.left) * max(0, self.bottom - self.top)


class FaceFinder(Protocol):
    """Finds faces in pictures."""

    def find(self, pictures: Sequence[Pixels]) -> list[list[Box]]:
        """The faces of each picture, largest first."""
        ...


class FaceFinderSpec(Hashable, Protocol):
    """A picklable description of a face finder."""

    def load(self) -> FaceFinder:
        """The finder, with its weights on the device of this process."""
        ...


Loaded_co = TypeVar("Loaded_co", covariant=True)


class Spec(Hashable, Protocol[Loaded_co]):
    """Anything that loads."""

    def load(self) -> Loaded_co:
        """What is described, ready for use."""
        ...


@cache
def _loaded(spec: Spec[object]) -> object:
    return spec.load()


def loaded(spec: Spec[Loaded_co]) -> Loaded_co:
    """What the spec describes, loaded once per process; equal specs share it."""
    return _loaded(spec)  # type: ignore[return-value]  # `cache` loses the type variable


def unload_all() -> None:
    """Let go of everything that is loaded: this process gets another device."""
    _loaded.cache_clear()
