"""Choosing: which of the candidates for one image is taken, and why not the others.

A candidate is judged on its own first: is there a picture, is it safe, may it be kept, does it show what it should?
Those that pass are ranked by a score against the description and the last turns; one that looks like a better one is
its twin. The first of the rest is chosen.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Literal

from stark_udfs.core.ids import Json
from stark_udfs.core.rejects import Reason
from stark_udfs.core.settings import Settings
from stark_udfs.vision.wishes import Candidate, Module, Rating

UNRATED = Rating(fault="not rated")
DETAIL_LIMIT = 500  # characters


class WhyNot(StrEnum):
    """Why a candidate was not chosen; all but `OUTSCORED` are reasons of rejects, too."""

    NO_PICTURE = Reason.NO_PICTURE.value
    NSFW = Reason.NSFW.value
    NOT_ONE_FACE = Reason.NOT_ONE_FACE.value
    NO_LICENCE = Reason.NO_LICENCE.value
    LOW_SCORE = Reason.LOW_SCORE.value
    NEAR_DUPLICATE = Reason.NEAR_DUPLICATE.value
    OUTSCORED = "outscored"


NEARNESS = (WhyNot.LOW_SCORE, WhyNot.NO_LICENCE, WhyNot.NOT_ONE_FACE, WhyNot.NSFW, WhyNot.NO_PICTURE)


@dataclass(frozen=True)
class Taste:
    """What is taken: `choosing`, with the threshold of the scorer that rates."""

    turns_weight: float = 0.0
    score_least: float | None = None
    nsfw_most: float | None = None
    twin_bits: int | None = None
    licence: Literal["required", "marked"] = "required"

    @classmethod
    def of(cls, settings: Settings) -> "Taste":
        """From the settings."""
        choosing, pictures = settings.choosing, settings.pictures
        least = choosing.score_least
        by_scorer = {"pickscore": least.pickscore, "clip": least.clip}
        return cls(
            turns_weight=choosing.turns_weight,
            score_least=least.words if pictures.provider == "offline" else by_scorer[pictures.scorer.kind],
            nsfw_most=choosing.nsfw_most,
            twin_bits=choosing.twin_bits,
            licence=choosing.licence,
        )

    def looked_at(self) -> dict[str, Json]:
        """All of it, as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Fault:
    """Why a candidate is not taken, whatever the others are."""

    why_not: WhyNot
    detail: str


@dataclass(frozen=True)
class Judged:
    """A candidate, what it is worth and what became of it; `why_not` is None for the chosen one."""

    candidate: Candidate
    rating: Rating
    score: float | None
    why_not: WhyNot | None
    detail: str = ""

    @classmethod
    def of(cls, candidate: Candidate, rating: Rating, fault: Fault | None, score: float | None = None) -> "Judged":
        """A candidate that passes unless there is a fault."""
        why_not, detail = (fault.why_not, fault.detail) if fault else (None, "")
        return cls(candidate, rating, score, why_not, detail[:DETAIL_LIMIT])


def rated(candidates: Sequence[Candidate], ratings: Sequence[Rating]) -> list[tuple[Candidate, Rating]]:
    """Each candidate with its rating; `ratings` are those of the candidates with a picture, in their order."""
    left = iter(ratings)
    return [(candidate, next(left, UNRATED) if candidate.path else Rating()) for candidate in candidates]


def judge(taste: Taste, module: Module, candidates: Sequence[Candidate], ratings: Sequence[Rating]) -> list[Judged]:
    """All candidates in their order, at most one of them chosen; `ratings` as for `rated`."""
    judged = [
        Judged.of(candidate, rating, _fault(taste, module, candidate, rating), combined(taste, rating))
        for candidate, rating in rated(candidates, ratings)
    ]
    passing = sorted((at for at, one in enumerate(judged) if one.why_not is None), key=lambda at: _rank(judged[at]))
    distinct: list[int] = []
    for at in passing:
        better = next((other for other in distinct if _twins(taste, judged[at].rating, judged[other].rating)), None)
        if better is None:
            distinct.append(at)
        else:
            detail = f"of number {better + 1} of this try"
            judged[at] = replace(judged[at], why_not=WhyNot.NEAR_DUPLICATE, detail=detail)
    for at in distinct[1:]:
        judged[at] = replace(judged[at], why_not=WhyNot.OUTSCORED)
    return judged


def combined(taste: Taste, rating: Rating) -> float | None:
    """The score by which candidates are ranked; None where no scorer rated the picture against a text."""
    if rating.text_score is None:
        return None
    if rating.turn_score is None:
        return rating.text_score
    return (1 - taste.turns_weight) * rating.text_score + taste.turns_weight * rating.turn_score


def unusable(candidate: Candidate, rating: Rating, *, nsfw_most: float | None) -> Fault | None:
    """No picture, or one that is not safe."""
    if not candidate.path:
        return Fault(WhyNot.NO_PICTURE, ": ".join(part for part in (candidate.fault, candidate.detail) if part))
    if rating.fault:
        return Fault(WhyNot.NO_PICTURE, rating.fault)
    if nsfw_most is not None and rating.nsfw is not None and rating.nsfw > nsfw_most:
        return Fault(WhyNot.NSFW, f"{rating.nsfw:.3f}, at most {nsfw_most:g} is taken")
    return None


def nearest(judged: Sequence[Judged]) -> Reason:
    """Why none was chosen: the fault of the candidate that came nearest."""
    found = {one.why_not for one in judged}
    return Reason(next((why.value for why in NEARNESS if why in found), Reason.NO_PICTURE.value))


def _fault(taste: Taste, module: Module, candidate: Candidate, rating: Rating) -> Fault | None:
    fault = unusable(candidate, rating, nsfw_most=taste.nsfw_most)
    if fault is not None:
        return fault
    if module is Module.WEB and taste.licence == "required" and not candidate.licence:
        return Fault(WhyNot.NO_LICENCE, f"{candidate.source} names none")
    least = taste.score_least
    if least is not None and rating.text_score is not None and rating.text_score < least:
        return Fault(WhyNot.LOW_SCORE, f"{rating.text_score:.3f}, at least {least:g} is taken")
    return None


def _rank(judged: Judged) -> float:
    """Best first; without scores the order of the source holds."""
    return 0.0 if judged.score is None else -judged.score


def _twins(taste: Taste, left: Rating, right: Rating) -> bool:
    if taste.twin_bits is None or left.phash is None or right.phash is None:
        return False
    return (int(left.phash, 16) ^ int(right.phash, 16)).bit_count() <= taste.twin_bits
