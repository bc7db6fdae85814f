"""Two image models, the example of CONTRIBUTING: a painter and a scorer, with their settings, in one file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.kinds import PainterKind, ScorerKind
from stark_udfs.images.protocols import Painting, Pixels, Vectors


class StripesSettings(PainterKind):
    """Striped images, as an example."""

    packages: ClassVar[tuple[str, ...]] = ()

    kind: str = "stripes"
    width: int = Field(8, ge=1, description="px, of a stripe")

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return "stripes"

    def spec(self) -> "StripesSpec":
        """See `PainterKind.spec`."""
        return StripesSpec(self.width)


@dataclass(frozen=True)
class StripesSpec:
    """A painter whose stripes depend on prompt and seed; it has no weights."""

    kind: ClassVar[str] = "StripesSpec"  # in the keys of image tasks

    width: int

    def load(self) -> "StripesSpec":
        """Itself."""
        return self

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        return np.stack([self._striped(painting) for painting in paintings])

    def _striped(self, painting: Painting) -> Pixels:
        colours = np.random.default_rng([painting.seed, *painting.prompt.encode()]).integers(0, 256, (2, 3), np.uint8)
        stripes = colours[np.arange(painting.width) // self.width % 2]
        return np.broadcast_to(stripes, (painting.height, *stripes.shape)).copy()


class BrightnessSettings(ScorerKind):
    """How bright an image is, 0 to 1, whatever the text says."""

    packages: ClassVar[tuple[str, ...]] = ()
    min_score: ClassVar[float | None] = 0.0

    kind: str = "brightness"

    def spec(self, clip: ClipSpec) -> "BrightnessSpec":
        """See `ScorerKind.spec`."""
        return BrightnessSpec()


@dataclass(frozen=True)
class BrightnessSpec:
    """A scorer without weights."""

    kind: ClassVar[str] = "BrightnessSpec"  # in the keys of image tasks
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    def load(self) -> "BrightnessSpec":
        """Itself."""
        return self

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """See `Scorer.score`."""
        return np.array([picture.mean() / 255 for picture in pictures], dtype=np.float32)
