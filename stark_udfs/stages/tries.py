"""Tries for one picture: wish, rate, judge, and on to the next wish until a candidate is chosen.

Pure: what was tried and what to order next follow from the answers so far.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stark_udfs.stages.choosing import Judged
from stark_udfs.vision.wishes import Answer, Candidate, Found, Order, Rate, Rated, Rating, Wish

Given = TypeVar("Given", Found, Rated)


@dataclass(frozen=True)
class Tried:
    """A wish whose candidates were judged."""

    wish: Wish
    judged: tuple[Judged, ...]

    @property
    def chosen(self) -> Judged | None:
        """The candidate that was taken."""
        return next((one for one in self.judged if one.why_not is None), None)


@dataclass(frozen=True)
class Course:
    """How far a picture has come; `next` is None when a candidate was chosen or nothing is left to try."""

    tries: tuple[Tried, ...]
    next: Order | None

    @property
    def chosen(self) -> Judged | None:
        """The candidate that was taken: of the last try, if of any."""
        return self.tries[-1].chosen if self.tries else None


def follow(
    wishes: Sequence[Wish],
    answers: Sequence[Answer],
    *,
    rate: Callable[[Sequence[Candidate]], Rate],
    judge: Callable[[Wish, Sequence[Candidate], Sequence[Rating]], Sequence[Judged]],
) -> Course:
    """Go through the wishes as far as the answers reach.

    Args:
        wishes: one per try, in order.
        answers: `Found` to each wish, followed by `Rated` if it has a picture.
        rate: the order to rate candidates, all with a picture.
        judge: all candidates of a wish and the ratings of those with a picture, to all candidates judged.
    """
    left = iter(answers)
    tries: list[Tried] = []
    for wish in wishes:
        found = _next(left, Found)
        if found is None:
            return Course(tuple(tries), wish)
        pictures = [candidate for candidate in found.candidates if candidate.path]
        rated = Rated() if not pictures else _next(left, Rated)
        if rated is None:
            return Course(tuple(tries), rate(pictures))
        tries.append(Tried(wish, tuple(judge(wish, found.candidates, rated.ratings))))
        if tries[-1].chosen is not None:
            break
    return Course(tuple(tries), None)


def _next(answers: Iterator[Answer], kind: type[Given]) -> Given | None:
    answer = next(answers, None)
    if answer is not None and not isinstance(answer, kind):
        raise TypeError(f"{type(answer).__name__} where {kind.__name__} answers the order.")
    return answer
