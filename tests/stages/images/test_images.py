"""Candidates of an image: what is asked for, and the rows that come of it."""

import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Candidates, ImageRequest, ImageResult, ImageScore, Module, ScoreRequest
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.images.attempts import AttemptRules, PlannedImage
from stark_udfs.stages.images.images.selection import NotChosen, SelectionRules
from stark_udfs.stages.images.images.stage import Image, parse, request
from stark_udfs.stages.images.settings import AlignerSettings, ChoosingSettings
from tests.stages.given import settings_with
from tests.stages.picture_rows import NOTHING, SELFIE, SOUP, pictures, ratings

RULES = AttemptRules.of(settings_with())
TASTE = SelectionRules(turns_weight=0.3, min_score=0.5, max_nsfw=0.5, duplicate_bits=6)


def rows(row: PlannedImage, *answers: ImageResult) -> list[Image]:
    return [item for item in parse(RULES, TASTE, row, answers) if isinstance(item, Image)]


def rejects(row: PlannedImage, *answers: ImageResult) -> list[Reject]:
    return [item for item in parse(RULES, TASTE, row, answers) if isinstance(item, Reject)]


def describe_request():
    def it_wishes_as_planned_first():
        order = request(RULES, TASTE, SOUP, [])
        assert isinstance(order, ImageRequest)
        assert (order.module, order.prompt, order.count, order.seeds) == (Module.T2I, SOUP.prompt, 4, ())

    def it_has_the_candidates_rated_against_description_and_turns():
        order = request(RULES, TASTE, SOUP, [pictures("a", "b", caption="soup")])
        assert isinstance(order, ScoreRequest)
        assert (order.paths, order.captions) == (("images/a.png", "images/b.png"), ("soup", "soup"))
        assert (order.description, order.turns, order.of_person) == (SOUP.description, SOUP.relevance, False)

    def it_leaves_the_turns_out_where_they_weigh_nothing():
        order = request(RULES, SelectionRules(), SOUP, [pictures("a")])
        assert isinstance(order, ScoreRequest)
        assert order.turns == ""

    def it_keeps_the_likeness_of_pictures_of_the_user():
        order = request(RULES, TASTE, SELFIE, [pictures("a")])
        assert isinstance(order, ScoreRequest)
        assert order.of_person

    def it_ends_once_one_passes():
        assert request(RULES, TASTE, SOUP, [pictures("a"), ratings(0.6)]) is None

    def it_goes_up_the_ladder():
        bad = [pictures("a"), ratings(0.1)]
        modules = [request(RULES, TASTE, SOUP, [*bad * n]).module for n in range(4)]
        assert modules == [Module.T2I, Module.T2I, Module.RETRIEVAL, Module.WEB]
        assert request(RULES, TASTE, SOUP, bad * 4) is None

    @pytest.mark.parametrize("module", Module)
    def it_asks_nothing_for_a_minor(module):
        row = SELFIE.model_copy(update={"age": 14, "module": module})
        assert request(RULES, TASTE, row, []) is None
        [reject] = parse(RULES, TASTE, row, [])
        assert (reject.reason, reject.key) == (RejectReason.WITHHELD_MINOR, row.image_id)


def describe_parse():
    def it_gives_one_row_per_candidate():
        found = pictures("a", "b", "c", licence="CC0", caption="soup")
        made = rows(SOUP, found, ratings(0.6, 0.9, 0.2))
        assert [(row.candidate, row.path, row.chosen, row.why_not) for row in made] == [
            (1, "images/a.png", False, NotChosen.OUTSCORED),
            (2, "images/b.png", True, None),
            (3, "images/c.png", False, NotChosen.LOW_SCORE),
        ]
        assert {(row.image_id, row.episode_id, row.attempt, row.module, row.prompt) for row in made} == {
            ("i-1", "e-1", 1, Module.T2I, SOUP.prompt)
        }
        assert (made[1].bytes, made[1].seed, made[1].licence, made[1].text_score, made[1].score) == (
            7,
            1,
            "CC0",
            0.9,
            0.9,
        )
        assert rejects(SOUP, found, ratings(0.6, 0.9, 0.2)) == []

    def it_numbers_candidates_over_all_tries():
        answers = [pictures("a"), ratings(0.1), NOTHING, pictures("b", "c"), ratings(0.7, 0.1)]
        made = rows(SOUP, *answers)
        assert [(r.candidate, r.attempt, r.module, r.rewritten, r.why_not) for r in made] == [
            (1, 1, Module.T2I, False, NotChosen.LOW_SCORE),
            (2, 2, Module.T2I, True, NotChosen.NO_PICTURE),
            (3, 3, Module.RETRIEVAL, False, None),
            (4, 3, Module.RETRIEVAL, False, NotChosen.LOW_SCORE),
        ]
        assert [r.prompt for r in made] == [SOUP.prompt, SOUP.retry_prompt, SOUP.description, SOUP.description]
        assert (made[1].path, made[1].bytes, made[1].detail) == (None, None, "no_source: no index")

    def it_keeps_all_candidates_and_says_why_none_was_taken():
        answers = [pictures("a"), ratings(0.1), NOTHING, pictures("b"), ratings(0.2), Candidates()]
        made = parse(RULES, TASTE, SOUP, answers)
        assert [item.chosen for item in made[:-1]] == [False, False, False]
        assert made[-1] == Reject(
            reason=RejectReason.LOW_SCORE,
            detail="t2i: 1 low_score; t2i: 1 no_picture; retrieval: 1 low_score; web: nothing found",
            key="i-1",
        )

    def an_image_that_nobody_has_is_a_reject_of_its_own():
        [reject] = rejects(SOUP, Candidates(), Candidates(), Candidates(), Candidates())
        assert reject.reason is RejectReason.NO_PICTURE
        assert rows(SOUP, Candidates(), Candidates(), Candidates(), Candidates()) == []

    def it_never_gives_two_chosen_ones():
        made = rows(SOUP, pictures(*"abcde"), ratings(0.9, 0.9, 0.9, 0.9, 0.9))
        assert [row.chosen for row in made] == [True, False, False, False, False]

    def it_says_how_many_faces_are_expected():
        def expected(**changes: object) -> int | None:
            row = SELFIE.model_copy(update=changes)
            return rows(row, pictures("a"), ratings(0.9))[0].faces_expected

        assert expected() == 1
        assert expected(shown=Shown.WITH_OTHERS, reframed=True) == 1
        assert expected(shown=Shown.WITH_OTHERS, reframed=False) is None
        assert rows(SOUP, pictures("a"), ratings(0.9))[0].faces_expected == 0

    def it_keeps_what_the_rater_said():
        told = {"nsfw": 0.02, "phash": "0f" * 8, "faces": 1, "embedding": [0.6, 0.8], "turn_score": 0.4}
        [made] = rows(SELFIE, pictures("a"), ratings(0.9, **told))
        assert (made.nsfw, made.phash, made.faces_found, made.embedding) == (0.02, "0f" * 8, 1, [0.6, 0.8])
        assert made.score == pytest.approx(0.7 * 0.9 + 0.3 * 0.4)


def describe_stage():
    def its_threshold_is_that_of_the_scorer_that_rates():
        def least(min_score: dict[str, float | None] | None = None, **pictures: object) -> float | None:
            choosing = ChoosingSettings(min_score=min_score or {})
            return SelectionRules.of(settings_with(pictures=pictures, choosing=choosing)).min_score

        assert (least(), least(provider="models")) == (0.15, 18.0)
        assert least(provider="models", scorer={"kind": "clip"}) == 0.18
        own = {"words": 0.2, "clip": None}
        assert (least(own), least(own, provider="models")) == (0.2, 18.0)
        assert least(own, provider="models", scorer={"kind": "clip"}) is None

    def its_fingerprint_moves_with_what_it_looks_at():
        base = images.stage(settings_with()).settings
        assert images.stage(settings_with(aligner=AlignerSettings(samples=2))).settings != base
        assert images.stage(settings_with(choosing=ChoosingSettings(turns_weight=0))).settings != base
        assert images.stage(settings_with(aligner=AlignerSettings(groups="as_is"))).settings == base

    def a_rating_without_scores_is_no_reason_to_fail():
        assert [row.chosen for row in rows(SOUP, pictures("a"), ratings(None))] == [True]
        assert ImageScore().text_score is None
