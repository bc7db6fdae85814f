"""Which candidate is taken."""

from dataclasses import replace

import pytest

from stark_udfs.core.rejects import RejectReason
from stark_udfs.images.requests import Candidate, ImageScore, Module
from stark_udfs.stages.images.images.selection import (
    NotChosen,
    ScoredCandidate,
    SelectionRules,
    combined,
    nearest,
    score_candidates,
)

TASTE = SelectionRules(turns_weight=0.5, min_score=0.2, max_nsfw=0.5, duplicate_bits=6)


def picture(name: str, **told: object) -> Candidate:
    return Candidate(path=f"images/{name}.png", sha256=name, source="somewhere", **told)


def rating(text: float | None = 0.5, turn: float | None = None, **told: object) -> ImageScore:
    return ImageScore(text_score=text, turn_score=turn, nsfw=0.01, **told)


def judged(*ratings: ImageScore, module: Module = Module.T2I, taste: SelectionRules = TASTE) -> list[ScoredCandidate]:
    return score_candidates(taste, module, [picture(str(n)) for n in range(len(ratings))], ratings)


def whys(found: list[ScoredCandidate]) -> list[NotChosen | None]:
    return [one.why_not for one in found]


def describe_judge():
    def it_takes_the_best_by_description_and_turns():
        found = judged(rating(0.6, 0.2), rating(0.5, 0.5), rating(0.4, 0.4))
        assert [one.score for one in found] == pytest.approx([0.4, 0.5, 0.4])
        assert whys(found) == [NotChosen.OUTSCORED, None, NotChosen.OUTSCORED]

    def it_takes_the_best_by_description_alone_where_turns_weigh_nothing():
        alone = replace(TASTE, turns_weight=0.0)
        assert whys(judged(rating(0.6, 0.2), rating(0.5, 0.5), taste=alone)) == [None, NotChosen.OUTSCORED]

    def it_takes_none_under_the_threshold_however_well_it_fits_the_turns():
        found = judged(rating(0.19, 0.9))
        assert whys(found) == [NotChosen.LOW_SCORE]
        assert found[0].detail == "0.190, at least 0.2 is taken"

    def it_takes_none_that_is_not_safe_however_good_it_is():
        found = judged(rating(0.9).model_copy(update={"nsfw": 0.51}), rating(0.3))
        assert whys(found) == [NotChosen.NSFW, None]

    def it_takes_the_first_where_nobody_scores():
        found = score_candidates(TASTE, Module.RETRIEVAL, [picture("a"), picture("b")], [ImageScore(), ImageScore()])
        assert whys(found) == [None, NotChosen.OUTSCORED]
        assert found[0].score is None

    def it_keeps_equal_scores_in_the_order_of_the_source():
        assert whys(judged(rating(0.5), rating(0.5))) == [None, NotChosen.OUTSCORED]

    def it_marks_the_twin_of_a_better_picture():
        found = judged(
            rating(0.4, phash="00000000000000ff"),
            rating(0.6, phash="000000000000003f"),
            rating(0.3, phash="ffffffffffffffff"),
        )
        assert whys(found) == [NotChosen.NEAR_DUPLICATE, None, NotChosen.OUTSCORED]
        assert found[0].detail == "of number 2 of this try"

    def it_knows_no_twins_where_it_is_told_so():
        apart = replace(TASTE, duplicate_bits=None)
        found = judged(rating(0.6, phash="0" * 16), rating(0.5, phash="0" * 16), taste=apart)
        assert whys(found) == [None, NotChosen.OUTSCORED]

    def it_gives_each_rating_to_the_picture_it_is_of():
        candidates = [Candidate(fault="broken", detail="JPEG: truncated"), picture("b"), picture("c")]
        found = score_candidates(TASTE, Module.WEB, candidates, [rating(0.3), rating(0.7)])
        assert [one.rating.text_score for one in found] == [None, 0.3, 0.7]
        assert found[0].why_not is NotChosen.NO_PICTURE
        assert found[0].detail == "broken: JPEG: truncated"

    def it_takes_no_picture_that_was_not_rated():
        assert whys(score_candidates(TASTE, Module.T2I, [picture("a"), picture("b")], [rating()])) == [
            None,
            NotChosen.NO_PICTURE,
        ]
        gone = score_candidates(TASTE, Module.T2I, [picture("a")], [ImageScore(fault="missing")])
        assert (gone[0].why_not, gone[0].detail) == (NotChosen.NO_PICTURE, "missing")

    def it_makes_do_with_nothing():
        assert score_candidates(TASTE, Module.WEB, [], []) == []


def describe_licences():
    def a_web_picture_without_licence_is_not_taken():
        candidates = [picture("a"), picture("b", licence="CC BY 4.0")]
        found = score_candidates(TASTE, Module.WEB, candidates, [rating(0.9), rating(0.3)])
        assert whys(found) == [NotChosen.NO_LICENCE, None]

    def it_is_taken_where_the_settings_say_so():
        lax = replace(TASTE, licence="marked")
        found = score_candidates(
            lax, Module.WEB, [picture("a"), picture("b", licence="CC BY 4.0")], [rating(0.9), rating(0.3)]
        )
        assert whys(found) == [None, NotChosen.OUTSCORED]
        assert found[0].candidate.licence is None

    def other_sources_answer_for_theirs():
        assert whys(judged(rating(), module=Module.RETRIEVAL)) == [None]


def describe_combined():
    def it_is_the_description_where_there_were_no_turns():
        assert combined(TASTE, rating(0.4)) == 0.4

    def it_is_nothing_without_a_score():
        assert combined(TASTE, ImageScore(turn_score=0.4)) is None


def describe_nearest():
    def it_names_the_fault_of_the_candidate_that_came_nearest():
        both = score_candidates(TASTE, Module.T2I, [Candidate(fault="broken"), picture("b")], [rating(0.1)])
        assert nearest(both) is RejectReason.LOW_SCORE
        assert nearest(both[:1]) is RejectReason.NO_PICTURE
        assert nearest([]) is RejectReason.NO_PICTURE

    def every_fault_is_a_reason():
        assert {why.value for why in NotChosen} - {reason.value for reason in RejectReason} == {"outscored"}
