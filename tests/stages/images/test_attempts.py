"""Which modules may make an image, and in which order they try."""

import re

import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.images.attempts import (
    Attempt,
    AttemptRules,
    PlannedImage,
    allowed_modules,
    attempts,
)
from stark_udfs.stages.images.settings import AlignerSettings
from tests.stages.given import settings_with
from tests.stages.picture_rows import FACE_PATH, SELFIE, SOUP

RULES = AttemptRules.of(settings_with())
PAPER = AttemptRules.of(settings_with(aligner=AlignerSettings(samples=1, rewrite=False, fallback=())))
LISA = SOUP.model_copy(update={"shown": Shown.OTHERS, "real_person": "Lisa Simone"})


def rungs_of(row: PlannedImage, rules: AttemptRules = RULES) -> tuple[Attempt, ...]:
    rungs = attempts(rules, row)
    assert not isinstance(rungs, Reject), rungs
    return rungs


def modules_of(row: PlannedImage, rules: AttemptRules = RULES) -> list[Module]:
    return [rung.wish.module for rung in rungs_of(row, rules)]


def refused(row: PlannedImage, rules: AttemptRules = RULES) -> RejectReason:
    rungs = attempts(rules, row)
    assert isinstance(rungs, Reject)
    assert rungs.key == row.image_id
    return rungs.reason


def planned(row: PlannedImage, **changes: object) -> PlannedImage:
    return row.model_copy(update=changes)


@pytest.mark.parametrize("module", Module)
@pytest.mark.parametrize("rules", [RULES, PAPER], ids=["base", "paper"])
def describe_whatever_the_plan_says():
    @pytest.mark.parametrize("shown", Shown)
    def a_selfie_of_a_14_year_old_is_withheld(rules, module, shown):
        words = "A selfie at school with the blackboard behind"
        row = planned(SELFIE, age=14, module=module, shown=shown, description=words)
        assert refused(row, rules) is RejectReason.WITHHELD_MINOR

    @pytest.mark.parametrize("shown", Shown)
    def the_selfie_of_an_adult_is_made_by_p_t2i_only(rules, module, shown):
        row = planned(SELFIE, module=module, shown=shown)
        rungs = rungs_of(row, rules)
        assert {rung.wish.module for rung in rungs} == {Module.P_T2I}
        assert all(rung.wish.person.face == FACE_PATH for rung in rungs)
        assert all(len(re.findall(r"\bwoman img\b", rung.wish.prompt)) == 1 for rung in rungs)

    def another_child_is_withheld_whoever_the_owner_is(rules, module):
        for words in ("Two children on a swing", "A 9-year-old girl with a kite", "Our school class photo"):
            row = planned(SOUP, module=module, shown=Shown.OTHERS, description=words)
            assert refused(row, rules) is RejectReason.WITHHELD_MINOR

    def whom_a_14_year_old_is_with_is_withheld_unless_grown_up(rules, module):
        row = planned(SOUP, age=14, module=module, shown=Shown.OTHERS, face=None, traits=None)
        leaning = planned(row, description="Leaning over a bowl of soup, laughing")
        assert refused(leaning, rules) is RejectReason.WITHHELD_MINOR
        assert rungs_of(planned(row, description="An old fisherman mends a net"), rules)

    def a_child_in_the_words_that_would_be_sent_is_withheld(rules, module):
        for changed in ("prompt", "retry_prompt", "query"):
            row = planned(SOUP, module=module, **{changed: "a toddler with a bowl of soup"})
            assert refused(row, rules) is RejectReason.WITHHELD_MINOR

    def things_of_a_14_year_old_go_the_usual_way(rules, module):
        row = planned(SOUP, age=14, module=module, face=None, traits=None)
        assert modules_of(row, rules)[0] is (Module.T2I if module is Module.P_T2I else module)

    def a_real_person_is_never_painted(rules, module):
        made = modules_of(planned(LISA, module=module), rules)
        assert made
        assert set(made) <= {Module.RETRIEVAL, Module.WEB}

    def nobody_real_is_shown_with_the_user(rules, module):
        row = planned(SELFIE, module=module, real_person="Lisa Simone")
        assert refused(row, rules) is RejectReason.REAL_PERSON

    def the_user_is_not_shown_without_a_face(rules, module):
        row = planned(SELFIE, module=module, face=None, traits=None)
        assert refused(row, rules) is RejectReason.NO_FACE

    def nobody_else_gets_the_user_s_face(rules, module):
        row = planned(SOUP, module=module, shown=Shown.OTHERS, description="An old fisherman mends a net")
        assert all(rung.wish.person is None for rung in rungs_of(row, rules))
        assert Module.P_T2I not in modules_of(row, rules)


def describe_ladder():
    def it_rewrites_once_then_falls_back():
        rungs = rungs_of(SOUP)
        assert [(rung.wish.module, rung.rewritten) for rung in rungs] == [
            (Module.T2I, False),
            (Module.T2I, True),
            (Module.RETRIEVAL, False),
            (Module.WEB, False),
        ]
        assert [rung.wish.prompt or rung.wish.query for rung in rungs] == [
            SOUP.prompt,
            SOUP.retry_prompt,
            SOUP.description,
            SOUP.query,
        ]

    def it_tries_once_as_planned_in_the_paper():
        for module in (Module.T2I, Module.RETRIEVAL, Module.WEB):
            assert modules_of(planned(SOUP, module=module), PAPER) == [module]

    def it_falls_back_in_the_order_of_the_settings():
        rules = AttemptRules.of(settings_with(aligner=AlignerSettings(rewrite=False, fallback=("web", "t2i", "web"))))
        assert modules_of(planned(SOUP, module=Module.RETRIEVAL), rules) == [Module.RETRIEVAL, Module.WEB, Module.T2I]

    def it_rewrites_a_search_by_another_query():
        first, second, *_ = rungs_of(planned(SOUP, module=Module.RETRIEVAL))
        assert (first.wish.query, second.wish.query, second.rewritten) == (SOUP.description, SOUP.retry_prompt, True)

    def it_sends_no_name_and_no_prose_to_the_web():
        named = planned(SOUP, module=Module.WEB, retry_prompt="Hana Mori's soup, steaming: a bowl (close up)!")
        queries = [rung.wish.query for rung in rungs_of(named) if rung.wish.module is Module.WEB]
        assert queries == [SOUP.query, "soup steaming a bowl close up"]

    def it_does_not_say_the_same_again():
        assert not any(rung.rewritten for rung in rungs_of(planned(SOUP, retry_prompt=None)))
        assert not any(rung.rewritten for rung in rungs_of(planned(SOUP, retry_prompt=SOUP.prompt)))

    def it_paints_the_description_where_the_plan_was_a_search():
        fallback = rungs_of(planned(SOUP, module=Module.WEB, prompt="something for a search"), RULES)[2]
        assert (fallback.wish.module, fallback.wish.prompt) == (Module.T2I, SOUP.description)

    def it_asks_for_as_many_as_the_settings_say():
        counts = {rung.wish.module: rung.wish.count for rung in rungs_of(SOUP)}
        assert counts == {Module.T2I: 4, Module.RETRIEVAL: 5, Module.WEB: 10}
        assert rungs_of(SOUP, PAPER)[0].wish.count == 1

    def a_plan_for_p_t2i_keeps_its_prompt():
        first, second = rungs_of(SELFIE)
        assert first.wish.prompt == SELFIE.prompt
        assert second.wish.prompt == SELFIE.retry_prompt
        assert second.rewritten

    def a_selfie_planned_as_a_search_is_painted_from_its_description():
        first, *_ = rungs_of(planned(SELFIE, module=Module.WEB, class_word=None, prompt="selfie at a bakery"))
        assert "woman img" in first.wish.prompt or "female img" in first.wish.prompt
        assert "bakery" in first.wish.prompt

    def the_assistant_s_selfie_of_somebody_is_not_the_user():
        row = planned(SELFIE, source="internet", shown=Shown.OTHERS, module=Module.WEB)
        assert allowed_modules(RULES, row) == (Module.T2I, Module.RETRIEVAL, Module.WEB)
