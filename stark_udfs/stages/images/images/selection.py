"""Choosing: which of the candidates for one image is taken, and why not the others.

A candidate is judged on its own first: is there a picture, is it safe, may it be kept, does it show what it should?
Those that pass are ranked by a score against the description and the last turns; one that looks like a better one is
a near duplicate of it. The first of the rest is chosen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from stark_udfs.core.ids import Json
from stark_udfs.core.rejects import RejectReason
from stark_udfs.images.models import configured
from stark_udfs.images.requests import Candidate, ImageScore, Module
from stark_udfs.stages.images.settings import OFFLINE_SCORER

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

UNRATED = ImageScore(fault="not rated")
DETAIL_LIMIT = 500  # characters
OFFLINE_MIN_SCORE = 0.15  # captions against words, 0 to 1


class NotChosen(StrEnum):
    """Why a candidate was not chosen; all but `OUTSCORED` are reasons of rejects, too."""

    NO_PICTURE = RejectReason.NO_PICTURE.value
    NSFW = RejectReason.NSFW.value
    NOT_ONE_FACE = RejectReason.NOT_ONE_FACE.value
    NO_LICENCE = RejectReason.NO_LICENCE.value
    LOW_SCORE = RejectReason.LOW_SCORE.value
    NEAR_DUPLICATE = RejectReason.NEAR_DUPLICATE.value
    OUTSCORED = "outscored"


NEARNESS = (NotChosen.LOW_SCORE, NotChosen.NO_LICENCE, NotChosen.NOT_ONE_FACE, NotChosen.NSFW, NotChosen.NO_PICTURE)


@dataclass(frozen=True)
class SelectionRules:
    """Which candidates are taken: `choosing`, with the threshold of the scorer."""

    turns_weight: float = 0.0
    min_score: float | None = None
    max_nsfw: float | None = None
    duplicate_bits: int | None = None
    licence: Literal["required", "marked"] = "required"

    @classmethod
    def of(cls, settings: "Settings") -> "SelectionRules":
        """From the settings."""
        choosing, pictures = settings.choosing, settings.pictures
        kind: str = OFFLINE_SCORER
        own: float | None = OFFLINE_MIN_SCORE
        if pictures.provider != "offline":
            kind, own = pictures.scorer.kind, configured.scorer(pictures.scorer).min_score
        return cls(
            turns_weight=choosing.turns_weight,
            min_score=choosing.min_score.get(kind, own),
            max_nsfw=choosing.max_nsfw,
            duplicate_bits=choosing.duplicate_bits,
            licence=choosing.licence,
        )

    def looked_at(self) -> dict[str, Json]:
        """All of it, as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class CandidateFault:
    """Why a candidate is not taken, whatever the others are."""

    why_not: NotChosen
    detail: str


@dataclass(frozen=True)
class ScoredCandidate:
    """A candidate, what it is worth and what became of it; `why_not` is None for the chosen one."""

    candidate: Candidate
    rating: ImageScore
    score: float | None
    why_not: NotChosen | None
    detail: str = ""

    @classmethod
    def of(
        cls, candidate: Candidate, rating: ImageScore, fault: CandidateFault | None, score: float | None = None
    ) -> "ScoredCandidate":
        """A candidate that passes unless there is a fault."""
        why_not, detail = (fault.why_not, fault.detail) if fault else (None, "")
        return cls(candidate, rating, score, why_not, detail[:DETAIL_LIMIT])


def scored(candidates: Sequence[Candidate], ratings: Sequence[ImageScore]) -> list[tuple[Candidate, ImageScore]]:
    """Each candidate with its rating; `ratings` are those of the candidates with a picture, in their order."""
    left = iter(ratings)
    return [(candidate, next(left, UNRATED) if candidate.path else ImageScore()) for candidate in candidates]


def score_candidates(
    taste: SelectionRules, module: Module, candidates: Sequence[Candidate], ratings: Sequence[ImageScore]
) -> list[ScoredCandidate]:
    """All candidates in their order, at most one of them chosen; `ratings` as for `rated`."""
    judged = [
        ScoredCandidate.of(candidate, rating, _fault(taste, module, candidate, rating), combined(taste, rating))
        for candidate, rating in scored(candidates, ratings)
    ]
    passing = sorted((at for at, one in enumerate(judged) if one.why_not is None), key=lambda at: _rank(judged[at]))
    distinct: list[int] = []
    for at in passing:
        better = next((other for other in distinct if _twins(taste, judged[at].rating, judged[other].rating)), None)
        if better is None:
            distinct.append(at)
        else:
            detail = f"of number {better + 1} of this try"
            judged[at] = replace(judged[at], why_not=NotChosen.NEAR_DUPLICATE, detail=detail)
    for at in distinct[1:]:
        judged[at] = replace(judged[at], why_not=NotChosen.OUTSCORED)
    return judged


def combined(taste: SelectionRules, rating: ImageScore) -> float | None:
    """The score by which candidates are ranked; None where no scorer rated the picture against a text."""
    if rating.text_score is None:
        return None
    if rating.turn_score is None:
        return rating.text_score
    return (1 - taste.turns_weight) * rating.text_score + taste.turns_weight * rating.turn_score


def unusable(candidate: Candidate, rating: ImageScore, *, max_nsfw: float | None) -> CandidateFault | None:
    """No picture, or one that is not safe."""
    if not candidate.path:
        return CandidateFault(
            NotChosen.NO_PICTURE, ": ".join(part for part in (candidate.fault, candidate.detail) if part)
        )
    if rating.fault:
        return CandidateFault(NotChosen.NO_PICTURE, rating.fault)
    if max_nsfw is not None and rating.nsfw is not None and rating.nsfw > max_nsfw:
        return CandidateFault(NotChosen.NSFW, f"{rating.nsfw:.3f}, at most {max_nsfw:g} is taken")
    return None


def nearest(judged: Sequence[ScoredCandidate]) -> RejectReason:
    """Why none was chosen: the fault of the candidate that came nearest."""
    found = {one.why_not for one in judged}
    return RejectReason(next((why.value for why in NEARNESS if why in found), RejectReason.NO_PICTURE.value))


def _fault(taste: SelectionRules, module: Module, candidate: Candidate, rating: ImageScore) -> CandidateFault | None:
    fault = unusable(candidate, rating, max_nsfw=taste.max_nsfw)
    if fault is not None:
        return fault
    if module is Module.WEB and taste.licence == "required" and not candidate.licence:
        return CandidateFault(NotChosen.NO_LICENCE, f"{candidate.source} names none")
    least = taste.min_score
    if least is not None and rating.text_score is not None and rating.text_score < least:
        told = f": {rating.reason}" if rating.reason else ""
        return CandidateFault(NotChosen.LOW_SCORE, f"{rating.text_score:.3f}, at least {least:g} is taken{told}")
    return None


def _rank(judged: ScoredCandidate) -> float:
    """Best first; without scores the order of the source holds."""
    return 0.0 if judged.score is None else -judged.score


def _twins(taste: SelectionRules, left: ImageScore, right: ImageScore) -> bool:
    if taste.duplicate_bits is None or left.phash is None or right.phash is None:
        return False
    return (int(left.phash, 16) ^ int(right.phash, 16)).bit_count() <= taste.duplicate_bits
