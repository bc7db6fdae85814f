"""Attempts at one image: request, score, judge, and on to the next request until a candidate is chosen.

Pure: what was tried and what to order next follow from the answers so far.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    ImageRequest,
    ImageResult,
    ImageScore,
    ImageTask,
    ScoreRequest,
    Scores,
)
from stark_udfs.stages.images.images.selection import ScoredCandidate

Given = TypeVar("Given", Candidates, Scores)


@dataclass(frozen=True)
class AttemptResult:
    """A request whose candidates were judged."""

    wish: ImageRequest
    judged: tuple[ScoredCandidate, ...]

    @property
    def chosen(self) -> ScoredCandidate | None:
        """The candidate that was taken."""
        return next((one for one in self.judged if one.why_not is None), None)


@dataclass(frozen=True)
class ImageProgress:
    """How far a picture has come; `next` is None when a candidate was chosen or nothing is left to try."""

    tries: tuple[AttemptResult, ...]
    next: ImageTask | None

    @property
    def chosen(self) -> ScoredCandidate | None:
        """The candidate that was taken: of the last try, if of any."""
        return self.tries[-1].chosen if self.tries else None


def next_task(
    wishes: Sequence[ImageRequest],
    answers: Sequence[ImageResult],
    *,
    rate: Callable[[Sequence[Candidate]], ScoreRequest],
    judge: Callable[[ImageRequest, Sequence[Candidate], Sequence[ImageScore]], Sequence[ScoredCandidate]],
) -> ImageProgress:
    """Go through the requests as far as the answers reach.

    Args:
        wishes: one per try, in order.
        answers: `Candidates` to each wish, followed by `Scores` if it has a picture.
        rate: the order to rate candidates, all with a picture.
        judge: all candidates of a wish and the ratings of those with a picture, to all candidates judged.
    """
    left = iter(answers)
    tries: list[AttemptResult] = []
    for wish in wishes:
        found = _next(left, Candidates)
        if found is None:
            return ImageProgress(tuple(tries), wish)
        pictures = [candidate for candidate in found.candidates if candidate.path]
        rated = Scores() if not pictures else _next(left, Scores)
        if rated is None:
            return ImageProgress(tuple(tries), rate(pictures))
        tries.append(AttemptResult(wish, tuple(judge(wish, found.candidates, rated.ratings))))
        if tries[-1].chosen is not None:
            break
    return ImageProgress(tuple(tries), None)


def _next(answers: Iterator[ImageResult], kind: type[Given]) -> Given | None:
    answer = next(answers, None)
    if answer is not None and not isinstance(answer, kind):
        raise TypeError(f"{type(answer).__name__} where {kind.__name__} answers the order.")
    return answer
