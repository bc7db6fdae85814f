"""How well a picture shows a text: the cosine of CLIP, and scores of models in CLIP's form such as PickScore.

Source: Kirstain et al. 2023 (PickScore): a CLIP ViT-H/14 trained on which of two pictures people pick; the paper
filters with it and states no threshold.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from pydantic import Field

from stark_udfs.images.models.clip import Clip, ClipSpec
from stark_udfs.images.models.kinds import ScorerKind
from stark_udfs.images.protocols import Pixels, Vectors

PICKSCORE = ClipSpec(model="yuvalkirstain/PickScore_v1", processor="laion/CLIP-ViT-H-14-laion2B-s32B-b79K", batch=32)


class ClipFormSettings(ScorerKind):
    """A scorer of CLIP's form; `model`, if there is one, takes the place of its own."""

    model: str | None = None
    revision: str | None = None
    processor: str | None = Field(None, description="where tokenizer and image processor are, if not with the model")

    def instead_of(self, own: ClipSpec) -> ClipSpec:
        """The model that the settings name, or `own`."""
        if self.model is None:
            return own
        return replace(own, model=self.model, revision=self.revision, processor=self.processor)


class ClipScoreSettings(ClipFormSettings):
    """The cosine between image and text, -1 to 1."""

    min_score: ClassVar[float | None] = 0.18  # around 0.1 image and text have nothing in common

    kind: str = "clip"
    model: str | None = Field(None, description="null: the model of `pictures.clip`")

    def spec(self, clip: ClipSpec) -> "ClipScoreSpec":
        """See `ScorerKind.spec`."""
        return ClipScoreSpec(self.instead_of(clip))


class PickScoreSettings(ClipFormSettings):
    """PickScore, -100 to 100."""

    min_score: ClassVar[float | None] = 18.0  # most images lie between 15 and 24

    kind: str = "pickscore"
    model: str | None = Field(None, description="null: the published PickScore")

    def spec(self, clip: ClipSpec) -> "PickScoreSpec":
        """See `ScorerKind.spec`; `clip` has no part in it."""
        return PickScoreSpec(self.instead_of(PICKSCORE))


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
