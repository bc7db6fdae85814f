"""Wish, rate, judge, and on to the next wish."""

import pytest

from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    ImageRequest,
    ImageResult,
    ImageScore,
    Module,
    ScoreRequest,
    Scores,
)
from stark_udfs.stages.images.images.progress import ImageProgress, next_task
from stark_udfs.stages.images.images.selection import NotChosen, SelectionRules, score_candidates

WISHES = [ImageRequest(module=Module.T2I, prompt=f"a lake, try {n}") for n in (1, 2, 3)]
NOTHING = Candidates(candidates=[Candidate(fault="unpaintable")])
GOOD, BAD = Scores(ratings=[ImageScore(text_score=0.9)]), Scores(ratings=[ImageScore(text_score=0.1)])


def found(name: str) -> Candidates:
    return Candidates(candidates=[Candidate(fault="broken"), Candidate(path=name, caption="a lake")])


def course(*answers: ImageResult) -> ImageProgress:
    taste = SelectionRules(min_score=0.5)
    return next_task(
        WISHES,
        answers,
        rate=lambda pictures: ScoreRequest(paths=tuple(p.path for p in pictures), captions=(), description="a lake"),
        judge=lambda wish, candidates, ratings: score_candidates(taste, wish.module, candidates, ratings),
    )


def describe_follow():
    def it_begins_with_the_first_wish():
        assert course() == ImageProgress((), WISHES[0])

    def it_has_the_pictures_rated_and_no_others():
        order = course(found("a")).next
        assert isinstance(order, ScoreRequest)
        assert order.paths == ("a",)

    def it_ends_with_the_first_picture_that_passes():
        done = course(found("a"), GOOD)
        assert done.next is None
        assert done.chosen is not None
        assert done.chosen.candidate.path == "a"
        assert len(done.tries) == 1

    def it_goes_on_where_none_passes():
        assert course(found("a"), BAD).next == WISHES[1]

    def it_rates_nothing_where_there_is_no_picture():
        assert course(NOTHING).next == WISHES[1]
        assert course(Candidates()).next == WISHES[1]

    def it_keeps_all_tries():
        done = course(NOTHING, found("b"), BAD, found("c"), GOOD)
        whys = [[one.why_not for one in tried.judged] for tried in done.tries]
        assert whys == [
            [NotChosen.NO_PICTURE],
            [NotChosen.NO_PICTURE, NotChosen.LOW_SCORE],
            [NotChosen.NO_PICTURE, None],
        ]

    def it_ends_without_a_picture_after_the_last_wish():
        done = course(NOTHING, NOTHING, NOTHING)
        assert (done.next, done.chosen, len(done.tries)) == (None, None, 3)

    def it_refuses_an_answer_to_another_order():
        with pytest.raises(TypeError, match="Scores where Candidates"):
            course(GOOD)
