"""Pictures in which a child may be seen: asked for once more without the child, and judged once more."""

import json
from pathlib import Path
from typing import Any

import pytest

from stark_udfs.calls.request import Prompt, Reply
from stark_udfs.calls.sequence import ChatSequence, OpenCall, SequenceEnd, advance
from stark_udfs.core.ids import rng_of
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.stages import image_plans as author
from stark_udfs.engine.stage import ChatStage
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.image_plans.prompt import PlanReply, shape_of
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.image_plans.seeds import ImageSeed, Sharer
from stark_udfs.stages.images.image_plans.stage import ImagePlan, ask, parse
from stark_udfs.stages.images.image_plans.without_children import RewrittenPlanReply
from stark_udfs.stages.images.images.attempts import AttemptRules, PlannedImage, attempts
from stark_udfs.stages.images.safety import SafetyRules, may_show
from stark_udfs.stages.pipeline import Settings, load_settings
from tests.stages.images.test_image_plans import BASE, PAPER, SEED, TEEN, WITHHOLD, reply, seed
from tests.stages.picture_rows import SOUP

CONF = load_settings("base", overrides=["models.default.provider=openai", "models.default.name=golden"])
FINGERS = seed(
    age=45,
    description="My daughter's ink-stained fingers on a page of letters",
    keywords=["daughter", "ink", "fingers"],
    rationale="to show her first letters",
)
PITCH = seed(
    age=45,
    shared_by=Sharer.ASSISTANT,
    source="internet",
    description="A girls' team in blue on a wet football pitch",
    keywords=["girls", "football team"],
)
REWRITTEN = json.loads(Path(__file__).with_name("rewritten.json").read_text("utf-8"))
SECOND_KEY = "2304fc03f030af6530c0ad6ba1bc29ab90f9d8d23cb4367751410de53300ee89"  # where it moves, users pay again


def anew(**changed: Any) -> RewrittenPlanReply:
    new = {
        "description": "A page of careful letters in blue ink, an open bottle and a stained pen beside it",
        "prompt": "A page of careful letters in blue ink on a kitchen table, an open bottle, a stained pen",
        "retry_prompt": "Blue letters on lined paper, an ink bottle, a pen with a stained grip",
        "query": "",
    }
    return RewrittenPlanReply.model_validate({**reply().model_dump(), **new, **changed})


def question(settings: Settings, row: ImageSeed, *replies: PlanReply) -> Prompt:
    prompt = ask(settings, row, replies)
    assert prompt is not None
    return prompt


def plan(row: ImageSeed, *replies: PlanReply, settings: Settings = BASE) -> ImagePlan:
    assert ask(settings, row, replies) is None
    [made] = parse(settings, row, replies)
    assert isinstance(made, ImagePlan), made
    return made


def withheld(row: ImageSeed, *replies: PlanReply, settings: Settings = BASE) -> Reject:
    assert ask(settings, row, replies) is None
    [made] = parse(settings, row, replies)
    assert isinstance(made, Reject), made
    assert (made.reason, made.key) == (RejectReason.WITHHELD_MINOR, row.image_id)
    assert len(made.detail) <= 500
    return made


def describe_the_second_question():
    @pytest.mark.parametrize("row", [FINGERS, PITCH], ids=["a daughter's fingers", "a girls' team"])
    def it_is_the_only_one_where_the_words_show_a_child(row: ImageSeed):
        prompt = question(BASE, row)
        assert prompt.shape is RewrittenPlanReply
        assert row.description in prompt.user
        assert "the same moment with no child in it" in prompt.user
        assert parse(BASE, row, []) == []

    @pytest.mark.parametrize(
        "said", [{"under_18": True}, {"prompt": "Kids around a pot"}, {"query": "boy with a pot"}], ids=str
    )
    def it_follows_a_plan_that_sees_or_brings_in_a_child(said: dict[str, object]):
        assert question(BASE, SEED).shape is PlanReply
        assert question(BASE, SEED, reply(**said)).shape is RewrittenPlanReply
        assert parse(BASE, SEED, [reply(**said)]) == []
        assert plan(SEED, reply(**said), anew()).original_description == SEED.description

    def it_is_put_once():
        assert ask(BASE, FINGERS, [anew(under_18=True)]) is None
        assert ask(BASE, SEED, [reply(under_18=True), anew(under_18=True)]) is None

    def it_tells_what_the_first_one_tells():
        told = question(BASE, seed(turns_before=FINGERS.turns_before)).user.split("\n\nPlan this")[0]
        assert told in question(BASE, SEED, reply(under_18=True)).user

    def it_asks_for_the_description_first():
        assert next(iter(RewrittenPlanReply.model_json_schema()["properties"])) == "description"

    def it_is_not_put_where_the_settings_withhold():
        assert withheld(FINGERS, settings=WITHHOLD).detail.startswith("a child")
        assert withheld(SEED, reply(under_18=True), settings=WITHHOLD).detail.startswith("the planner sees")

    @pytest.mark.parametrize("text", [FINGERS.description, PITCH.description, "A selfie at school", "Two friends"])
    def it_is_not_put_about_a_minors_pictures(text: str):
        withheld(seed(**TEEN, description=text))
        withheld(seed(**TEEN), reply(under_18=True))

    def it_is_not_put_about_other_rejects():
        [made] = parse(BASE, SEED, [reply(shown="user", real_person="Frida Kahlo")])
        assert isinstance(made, Reject) and made.reason is RejectReason.REAL_PERSON

    def it_moves_no_first_question():
        rows = [SEED, seed(**TEEN), seed(description="A selfie on a bridge in fog")]
        assert [ask(BASE, row, []) for row in rows] == [ask(WITHHOLD, row, []) for row in rows]

    def its_key_has_not_moved():
        stage = image_plans.stage(CONF)
        conversation = ChatSequence(stage.name, FINGERS.image_id, FINGERS, stage.ask, stage.chat)
        end = advance(conversation, {})
        assert isinstance(end, OpenCall)
        assert (end.round, end.request.key) == (0, SECOND_KEY)

    def it_is_a_round_of_its_own():
        stage = image_plans.stage(CONF)
        assert isinstance(stage, ChatStage)
        conversation = ChatSequence(stage.name, SEED.image_id, SEED, stage.ask, stage.chat)
        known: dict[str, Reply] = {}
        rounds = []
        for said in (reply(under_18=True), anew()):
            step = advance(conversation, known)
            assert isinstance(step, OpenCall)
            rounds.append(step.round)
            known[step.request.key] = answered(step, said)
        end = advance(conversation, known)
        assert isinstance(end, SequenceEnd) and end.reject is None
        assert rounds == [0, 1]
        assert [type(shape) for shape in end.accepted] == [PlanReply, RewrittenPlanReply]

    def the_papers_prompt_has_one_too():
        assert PAPER.safety.children == "rewrite" and load_settings("paper").safety.children == "withhold"
        prompt = question(PAPER, FINGERS)
        assert prompt.shape is RewrittenPlanReply and shape_of(PAPER) is not PlanReply
        assert plan(FINGERS, anew(module="retrieval"), settings=PAPER).original_description == FINGERS.description


def answered(step: OpenCall, said: ReplySchema) -> Reply:
    given = {"stage": "image_plans", "unit_key": "i-1", "round": step.round, "attempt": 0, "key": step.request.key}
    counted = {"tokens_in": 1, "tokens_out": 1, "money": 0.0, "seconds": 0.1, "tries": 1, "run_id": "r", "at": ""}
    told = {"request": "", "reply": said.model_dump_json(), "finish_reason": "stop"}
    return Reply.model_validate({**given, **counted, **told, "model_returned": "golden", "provider": "openai"})


def describe_what_is_put_in_its_place():
    def the_row_keeps_both_descriptions():
        made = plan(FINGERS, anew())
        assert (made.description, made.original_description) == (anew().description, FINGERS.description)
        assert (made.module, made.prompt, made.shown) == ("t2i", anew().prompt, Shown.NOBODY)
        assert plan(SEED, reply()).original_description is None

    @pytest.mark.parametrize("module", ["t2i", "retrieval", "web"])
    @pytest.mark.parametrize("row", [FINGERS, PITCH], ids=["a daughter's fingers", "a girls' team"])
    def nothing_of_the_child_is_painted_or_searched_for(row: ImageSeed, module: str):
        made = plan(row, anew(module=module))
        words = " ".join((made.description, made.prompt, made.retry_prompt or "", made.query))
        wishes = attempts(AttemptRules.of(BASE), PlannedImage(**made.model_dump(), traits=None, face=None))
        assert not isinstance(wishes, Reject)
        words += " ".join(f"{rung.wish.prompt} {rung.wish.query}" for rung in wishes)
        assert not {"daughter", "girls", "team", "fingers"} & set(words.casefold().split())

    def a_grown_user_may_stay():
        row = seed(description="A selfie with my son on the beach")
        said = anew(
            description="A selfie of a 34-year-old woman on the beach", prompt="a woman img on the beach", shown="user"
        )
        made = plan(row, said)
        assert (made.module, made.shown) == ("p-t2i", Shown.USER)

    def other_grown_ups_may_stay():
        said = anew(description="An old fisherman beside a small boat on the sand", shown="others", prompt="A boat")
        assert plan(PITCH, said).shown is Shown.OTHERS

    def its_text_is_cleaned_and_bounded():
        made = plan(FINGERS, anew(description="blue\x00 ink\u202e " * 500))
        assert made.description.startswith("blue ink blue") and len(made.description) <= 600

    @pytest.mark.parametrize(
        "said",
        [
            {"under_18": True},
            {"description": "A child's hand on a page of letters"},
            {"prompt": "A girl writing letters"},
            {"retry_prompt": "A 7-year-old with a pen"},
            {"query": "schoolboy writing"},
            {"description": "Two friends bent over a page of letters"},
            {"description": "Three people in blue on a wet pitch"},
            {"prompt": "Some classmates around a table"},
            {"description": "Players in blue on a wet pitch", "shown": "others"},
            {"description": "\u200b "},
        ],
        ids=str,
    )
    def it_is_withheld_where_it_may_show_the_child_again(said: dict[str, object]):
        detail = withheld(FINGERS, anew(**said)).detail
        assert "asked once more" in detail and FINGERS.description in detail

    def a_model_does_not_take_back_that_it_saw_a_child():
        row = seed(description="The last row of a hall, paper stars on strings")
        again = anew(description="The last row of a hall: paper stars on strings.")
        assert "nothing new" in withheld(row, reply(under_18=True), again).detail

    def the_picture_itself_is_judged_once_more():
        rules = AttemptRules.of(BASE)
        row = SOUP.model_copy(update={"description": "Two friends with bowls of soup, laughing"})
        assert not isinstance(attempts(rules, row), Reject)
        stopped = attempts(rules, row.model_copy(update={"original_description": "Two girls with bowls of soup"}))
        assert isinstance(stopped, Reject) and stopped.reason is RejectReason.WITHHELD_MINOR


def describe_answers_written_to_the_second_question():
    """Eight of 151 pictures of grown-ups in the recorded albums and sessions show a child by their words."""

    @pytest.mark.parametrize("case", REWRITTEN, ids=lambda case: case["row"]["image_id"])
    def they_make_a_picture(case: dict[str, Any]):
        row = ImageSeed.model_validate(case["row"])
        withheld(row, settings=WITHHOLD)
        made = plan(row, RewrittenPlanReply.model_validate(case["reply"]))
        assert made.original_description == row.description


def describe_the_offline_author():
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            (
                "Travelling cinema on a mule cart, children running alongside in dust",
                "Travelling cinema on a mule cart",
            ),
            (
                "A woman at a stove, her daughter beside her, steam on the window",
                "A woman at a stove, steam on the window",
            ),
            ("My daughter's ink-stained fingers on a page", None),
            ("A girls' team on a wet pitch", None),
            ("Portrait of a schoolmistress and forty pupils, only one of them smiling, in faded colours", None),
        ],
    )
    @pytest.mark.parametrize("number", range(4))
    def it_leaves_the_child_out(text: str, kept: str | None, number: int):
        row = seed(image_id=f"i-{number}", age=45, description=text)
        prompt = question(BASE, row)
        block = Block("image_plans", row.image_id, row.model_dump(mode="json"), facts=prompt.facts)
        made = plan(row, RewrittenPlanReply.model_validate(author.write(block, rng_of(row.image_id))))
        assert made.original_description == text
        assert made.description == kept or kept is None

    @pytest.mark.parametrize("text", [*author.LEFT, *author.LEFT_ONCE])
    def its_scenes_may_be_shown_in_any_picture(text: str):
        assert may_show(SafetyRules.of(BASE), seed(**TEEN), (text,), rewritten=True) is None
