"""How well a picture shows a text: the cosine of CLIP, and scores of models in CLIP's form such as PickScore.

Source: Kirstain et al. 2023 (PickScore): a CLIP ViT-H/14 trained on which of two pictures people pick; the paper
filters with it and states no threshold.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from stark_udfs.images.models.clip import Clip, ClipSpec
from stark_udfs.images.protocols import Pixels, Vectors

PICKSCORE = ClipSpec(model="yuvalkirstain/PickScore_v1", processor="laion/CLIP-ViT-H-14-laion2B-s32B-b79K", batch=32)


@dataclass(frozen=True)
class ClipScoreSpec:
    """A scorer whose score is the cosine between picture and text, in [-1, 1]."""

    kind: ClassVar[str] = "ClipScoreSpec"  # in the keys of orders: stays when the class is renamed
    low: ClassVar[float] = -1.0
    high: ClassVar[float] = 1.0

    clip: ClipSpec = field(default_factory=ClipSpec)

    def load(self) -> "ClipScorer":
        """The scorer, with its weights on the device of this process."""
        return ClipScorer(self.clip.load(), scale=1.0)


@dataclass(frozen=True)
class PickScoreSpec:
    """A scorer whose score is the cosine times the scale that the model learnt, in [-100, 100].

    It compares pictures of one text; between texts it says little.
    """

    kind: ClassVar[str] = "PickScoreSpec"  # in the keys of orders: stays when the class is renamed
    low: ClassVar[float] = -100.0
    high: ClassVar[float] = 100.0

    clip: ClipSpec = PICKSCORE

    def load(self) -> "ClipScorer":
        """The scorer, with its weights on the device of this process."""
        clip = self.clip.load()
        return ClipScorer(clip, scale=min(clip.scale, self.high))


@dataclass(frozen=True)
class ClipScorer:
    """The cosine of each picture with its text, times `scale`."""

    clip: Clip
    scale: float

    @property
    def side(self) -> int | None:
        """Pixels of a side that are worth being decoded; None: all."""
        return self.clip.side

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """See `Scorer.score`; a text, and a picture, that comes several times is embedded once."""
        if len(pictures) != len(texts):
            raise ValueError(f"{len(pictures)} pictures and {len(texts)} texts: there has to be one text each.")
        shown = {id(picture): picture for picture in pictures}
        seen = _spread(self.clip.embed_pictures(list(shown.values())), list(shown), [id(p) for p in pictures])
        distinct = list(dict.fromkeys(texts))
        words = _spread(self.clip.embed_texts(distinct), distinct, texts)
        cosines: Vectors = (seen * words).sum(axis=1).clip(-1, 1)
        cosines *= self.scale
        return cosines


def _spread(vectors: Vectors, distinct: Sequence[Hashable], wanted: Sequence[Hashable]) -> Vectors:
    """The vector of each that is wanted, from those of the distinct ones."""
    place = {one: at for at, one in enumerate(distinct)}
    return vectors[[place[one] for one in wanted]]
