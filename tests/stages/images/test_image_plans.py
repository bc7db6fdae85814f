import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, PlanReply
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin, ImageSeed, Sharer, Utterance
from stark_udfs.stages.images.image_plans.stage import ImagePlan, ask, parse
from stark_udfs.stages.images.settings import AlignerSettings, ImagePlansSettings
from stark_udfs.stages.pipeline import Settings
from tests.stages.given import settings_with


def gender(word: str, noun: str, counts_as: str) -> Gender:
    return Gender(
        word=word, noun=noun, child_noun="child", subject="x", object="x", possessive="x", counts_as=counts_as
    )


PEOPLE = PeopleSettings(
    bands=((10, 90),),
    genders=(gender("male", "man", "male"), gender("female", "woman", "female")),
    countries=("Japan",),
)
BASE = settings_with(people=PEOPLE)
PAPER = settings_with(
    people=PEOPLE,
    image_plans=ImagePlansSettings(planner_input="profile", on_bad_module="t2i"),
    aligner=AlignerSettings(modules=("p-t2i", "retrieval", "web"), groups="as_is"),
)
SEED = ImageSeed(
    image_id="i-1",
    episode_id="e-1",
    stands_in=ImageOrigin.TURN,
    session_number=2,
    turn=5,
    shared_by=Sharer.USER,
    name="Hana Mori",
    age=34,
    gender="female",
    birthplace="Japan",
    residence="Brazil",
    description="A pot of beans on a gas stove, steam against the window.",
    category=None,
    source="mobile",
    rationale="to show the pot",
    keywords=["beans", "pot"],
    turns_before=[
        Utterance(speaker="AI Assistant", text="Is it done?"),
        Utterance(speaker="Hana Mori", text="Look at this pot!"),
    ],
    turns_after=[Utterance(speaker="AI Assistant", text="The steam!")],
    sensitive=False,
)
WITHHOLD = settings_with(people=PEOPLE, safety={"children": "withhold"})
SELFIE = SEED.model_copy(update={"description": "A selfie on a bridge in fog."})
TEEN = {"age": 14, "name": "Ben Ode", "gender": "male"}


def seed(**changed: object) -> ImageSeed:
    return SEED.model_copy(update=changed)


def reply(**changed: object) -> PlanReply:
    given = {
        "shown": "nobody",
        "under_18": False,
        "real_person": "",
        "module": "t2i",
        "prompt": "A black pot of beans on a gas stove, steam against a window at dusk",
        "retry_prompt": "Beans in a black pot, a kitchen in the evening",
        "query": "pot of black beans stove",
    }
    return PlanReply.model_validate({**given, **changed})


def plan(row: ImageSeed, said: BriefPlanReply, settings: Settings = BASE) -> ImagePlan:
    [made] = parse(settings, row, [said])
    assert isinstance(made, ImagePlan), made
    return made


def reject(row: ImageSeed, said: BriefPlanReply | None, settings: Settings = BASE) -> Reject:
    [made] = parse(settings, row, [] if said is None else [said])
    assert isinstance(made, Reject), made
    assert made.key == row.image_id
    assert row.description[:100] in made.detail
    assert len(made.detail) <= 500
    return made


def describe_ask():
    def it_shows_the_picture_the_looks_and_the_turns_around():
        prompt = ask(BASE, SEED, [])
        assert prompt is not None and prompt.shape is PlanReply
        for part in (SEED.description, "from Hana Mori's phone", "to show the pot", "Look at this pot!", "The steam!"):
            assert part in prompt.user
        assert "looks, in every picture: a woman with a" in prompt.user
        assert "'woman img'" in prompt.user
        assert "t2i: paints from words" in prompt.user
        assert prompt.facts["modules"] == ["p-t2i", "t2i", "retrieval", "web"]
        assert ask(BASE, SEED, [reply()]) is None

    def it_shows_a_picture_of_the_album_without_turns():
        row = seed(
            stands_in=ImageOrigin.ALBUM, category="food", source=None, rationale=None, turns_before=[], turns_after=[]
        )
        prompt = ask(BASE, row, [])
        assert prompt is not None
        assert "on Hana Mori's phone" in prompt.user and "kind: food" in prompt.user
        assert "The chat" not in prompt.user

    def it_asks_to_hide_other_faces_where_groups_are_reframed():
        as_is = settings_with(people=PEOPLE, aligner=AlignerSettings(groups="as_is"))
        for settings, asked in ((BASE, True), (as_is, False)):
            prompt = ask(settings, SEED, [])
            assert prompt is not None
            assert ("from behind" in prompt.user) is asked

    def the_paper_sees_name_gender_age_and_description_alone():
        prompt = ask(PAPER, SEED, [])
        assert prompt is not None and prompt.shape is BriefPlanReply
        for part in ("Hana Mori", "female", "34", SEED.description, "'woman img'"):
            assert part in prompt.user
        for part in ("to show the pot", "Look at this pot!", "Brazil", "mobile", "looks", "t2i: paints from", "retry"):
            assert part not in prompt.user.replace("p-t2i", "")

    def it_does_not_ask_about_what_must_not_be_shown():
        assert ask(WITHHOLD, seed(description="A child in a yellow raincoat"), []) is None
        assert ask(BASE, SELFIE.model_copy(update=TEEN), []) is None
        assert ask(PAPER, SELFIE.model_copy(update=TEEN), []) is None

    def it_asks_about_the_things_of_a_minor_without_looks():
        prompt = ask(BASE, seed(**TEEN), [])
        assert prompt is not None
        assert prompt.facts["modules"] == ["t2i", "retrieval", "web"]
        assert "is a minor" in prompt.user and "looks" not in prompt.user and "img" not in prompt.user.split("Plan")[1]


def describe_a_row():
    def it_keeps_what_the_images_need():
        made = plan(SEED, reply())
        assert (made.image_id, made.episode_id, made.name, made.age, made.gender) == (
            "i-1",
            "e-1",
            "Hana Mori",
            34,
            "female",
        )
        assert (made.stands_in, made.session_number, made.turn, made.source) == (ImageOrigin.TURN, 2, 5, "mobile")
        assert (made.module, made.planned, made.why) == (Module.T2I, "t2i", None)
        assert made.prompt == reply().prompt
        assert made.retry_prompt == reply().retry_prompt
        assert made.query == "pot of black beans stove"
        assert made.description == SEED.description
        assert made.relevance == "Is it done? Look at this pot!"
        assert (made.class_word, made.real_person, made.reframed) == (None, None, None)

    def it_is_one_or_none():
        assert parse(BASE, SEED, []) == []
        assert len(parse(BASE, SEED, [reply()])) == 1

    def its_texts_are_cleaned_and_bounded():
        made = plan(
            seed(turns_before=[Utterance(speaker="Hana Mori", text="so many words " * 200)]),
            reply(prompt="a\x00 pot\u202e " * 500, retry_prompt="pots " * 500, query="pot " * 500),
        )
        assert len(made.prompt) <= 600 and len(made.retry_prompt or "") <= 600 and len(made.query) <= 100
        assert len(made.relevance) <= 500
        assert made.prompt.startswith("a pot a pot")

    def words_of_the_description_stand_in_for_missing_ones():
        made = plan(SEED, reply(prompt="\u200b ", retry_prompt="", query=""))
        assert made.prompt == SEED.description
        assert made.retry_prompt is None
        assert made.query == "beans pot"

    def a_retry_in_the_same_words_is_none():
        assert plan(SEED, reply(retry_prompt=reply().prompt)).retry_prompt is None


def describe_pictures_of_the_user():
    @pytest.mark.parametrize("module", ["p-t2i", "t2i", "retrieval", "web"])
    @pytest.mark.parametrize("shown", ["user", "nobody", "others", "document"])
    def an_adults_selfie_is_painted_with_the_own_face_whatever_the_model_says(module: str, shown: str):
        made = plan(SELFIE, reply(module=module, shown=shown, prompt="A selfie on a bridge"))
        assert made.module is Module.P_T2I and made.shown.has_user
        assert made.class_word == "woman"
        assert made.prompt.count("woman img") == 1
        assert made.why == (None if module == "p-t2i" else "the user is shown")

    @pytest.mark.parametrize("module", ["t2i", "retrieval", "web"])
    def the_models_word_that_the_user_is_shown_is_enough(module: str):
        made = plan(SEED, reply(module=module, shown="user_with_others"))
        assert (made.module, made.planned, made.why) == (Module.P_T2I, module, "the user is shown")

    def the_own_age_and_gender_is_the_user():
        row = seed(description="A 34-year-old female at a market stall")
        assert plan(row, reply(module="web", shown="others")).shown is Shown.WITH_OTHERS

    def the_retry_has_a_trigger_too():
        made = plan(SELFIE, reply(module="p-t2i", shown="user", retry_prompt="On a bridge in fog"))
        assert made.retry_prompt is not None and made.retry_prompt.count("woman img") == 1

    def nobody_else_gets_the_users_face():
        made = plan(SEED, reply(module="p-t2i", shown="others", prompt="A photo of a man img on a bench"))
        assert (made.module, made.why) == (Module.T2I, "the user is not shown")
        assert made.prompt == "A photo of a man on a bench"
        assert made.class_word is None

    def an_assistants_picture_of_a_selfie_is_not_of_the_user():
        row = SELFIE.model_copy(update={"shared_by": Sharer.ASSISTANT, "source": "internet"})
        assert plan(row, reply(module="web", shown="others")).module is Module.WEB

    def it_says_whether_the_prompt_hides_the_others():
        hidden = reply(shown="user_with_others", module="p-t2i", prompt="a woman img at a table, a friend from behind")
        open_faced = reply(shown="user_with_others", module="p-t2i", prompt="a woman img and a laughing friend")
        assert plan(SEED, hidden).reframed is True
        assert plan(SEED, open_faced).reframed is False
        assert plan(SEED, open_faced, PAPER).reframed is None
        assert plan(SELFIE, reply(shown="user", module="p-t2i")).reframed is None

    def nothing_is_planned_where_no_offered_module_may_show_it():
        without = settings_with(people=PEOPLE, aligner=AlignerSettings(modules=("t2i", "web")))
        assert reject(SELFIE, reply(shown="user"), without).reason is RejectReason.NO_MODULE


def describe_minors():
    @pytest.mark.parametrize("settings", [BASE, PAPER], ids=["base", "paper"])
    @pytest.mark.parametrize("module", ["p-t2i", "t2i", "retrieval", "web"])
    def a_selfie_at_school_is_withheld_from_every_module(module: str, settings: Settings):
        row = seed(**TEEN, description="A selfie at school, lockers behind")
        for shown in ("user", "nobody", "others"):
            assert reject(row, reply(module=module, shown=shown), settings).reason is RejectReason.WITHHELD_MINOR

    @pytest.mark.parametrize(
        "said",
        [
            {"shown": "user"},
            {"shown": "user_with_others"},
            {"shown": "others"},
            {"module": "p-t2i"},
            {"under_18": True},
            {"prompt": "A boy at a table"},
            {"retry_prompt": "A 14-year-old at a table"},
            {"query": "teenager cooking"},
            {"prompt": "A selfie in a kitchen"},
        ],
    )
    def what_the_model_sees_or_brings_in_is_withheld(said: dict[str, object]):
        row = seed(**TEEN, description="A kitchen with a pot on the stove")
        assert reject(row, reply(**said)).reason is RejectReason.WITHHELD_MINOR

    @pytest.mark.parametrize(
        "description",
        [
            "Two friends on a wall",
            "Classmates at a long table",
            "A 14-year-old male on a bench",
            "Three people on a bench",
            "Screenshot of a call, three faces",
        ],
    )
    def people_of_their_age_are_withheld_unasked(description: str):
        assert reject(seed(**TEEN, description=description), None).reason is RejectReason.WITHHELD_MINOR

    @pytest.mark.parametrize("module", ["t2i", "retrieval", "web"])
    def their_things_and_places_go_the_usual_way(module: str):
        row = seed(**TEEN, description="A skateboard with a cracked deck against a wall")
        assert (
            plan(row, reply(module=module, prompt="A skateboard against a wall", retry_prompt="A deck")).module
            == module
        )

    def grown_ups_in_their_pictures_go_the_usual_way():
        row = seed(**TEEN, description="An elderly fisherman mending nets")
        assert plan(row, reply(shown="others", prompt="An elderly fisherman", retry_prompt="")).module is Module.T2I

    def a_public_figure_on_their_phone_comes_from_a_search():
        row = seed(**TEEN, description="A poster of a singer under blue light")
        said = reply(
            shown="others", real_person="Freddie Mercury", module="web", prompt="Poster of a singer on a stage"
        )
        assert plan(row, said).module is Module.WEB

    def a_child_is_withheld_from_an_adults_pictures_too():
        row = seed(description="A child's drawing and a child in a raincoat")
        assert reject(row, None, WITHHOLD).reason is RejectReason.WITHHELD_MINOR
        assert reject(SEED, reply(under_18=True), WITHHOLD).reason is RejectReason.WITHHELD_MINOR
        assert reject(SEED, reply(prompt="Kids around a pot"), WITHHOLD).reason is RejectReason.WITHHELD_MINOR

    def a_girls_bicycle_is_no_child():
        row = seed(description="A girl's bicycle against a wall")
        assert plan(row, reply(prompt="A girl's bicycle against a wall")).module is Module.T2I


def describe_real_people():
    @pytest.mark.parametrize("module", ["t2i", "p-t2i", "retrieval", "web"])
    def they_come_from_a_search_alone(module: str):
        made = plan(SEED, reply(shown="others", real_person="Frida Kahlo", module=module))
        assert made.module in {Module.WEB, Module.RETRIEVAL}
        assert made.real_person == "Frida Kahlo"
        assert made.why == (None if module in {"retrieval", "web"} else "a real person is shown")

    @pytest.mark.parametrize("module", ["t2i", "p-t2i", "retrieval", "web"])
    def they_are_not_shown_with_the_user(module: str):
        made = reject(SEED, reply(shown="user_with_others", real_person="Frida Kahlo", module=module))
        assert made.reason is RejectReason.REAL_PERSON
        assert made.reason.origin == "safety"

    def the_user_is_none():
        assert plan(SELFIE, reply(shown="user", real_person="Hana Mori", module="p-t2i")).real_person is None


def describe_the_papers_setting():
    def _brief(**changed: object) -> BriefPlanReply:
        return BriefPlanReply.model_validate({"shown": "nobody", "module": "retrieval", "prompt": "A pot", **changed})

    @pytest.mark.parametrize("module", ["", "painting", "t2i", "P-T2I / retrieval"])
    def a_reply_without_an_offered_module_is_painted_from_words(module: str):
        made = plan(SEED, _brief(module=module), PAPER)
        assert (made.module, made.why) == (Module.T2I, "not a module that is offered")
        assert made.planned == module

    def case_and_spaces_do_not_matter():
        assert plan(SEED, _brief(module=" Retrieval "), PAPER).module is Module.RETRIEVAL
        assert reject(seed(**TEEN), _brief(module="P-T2I "), PAPER).reason is RejectReason.WITHHELD_MINOR

    def nothing_at_all_will_do():
        made = plan(SEED, BriefPlanReply(), PAPER)
        assert (made.module, made.prompt, made.shown) == (Module.T2I, SEED.description, Shown.NOBODY)

    def it_has_no_second_wording_and_searches_by_the_description():
        made = plan(SEED, _brief(), PAPER)
        assert (made.module, made.retry_prompt, made.query) == (
            Module.RETRIEVAL,
            None,
            "A pot of beans on a gas stove steam against the window",
        )

    def a_missing_trigger_is_appended_and_of_several_the_first_stays():
        assert plan(SEED, _brief(module="p-t2i", prompt="On a bridge."), PAPER).prompt == "On a bridge, a woman img"
        two = "A woman [img] and a woman [img]"
        assert plan(SEED, _brief(module="p-t2i", prompt=two), PAPER).prompt == "A woman img and a woman"

    def the_module_says_that_the_user_is_shown():
        assert plan(SEED, _brief(module="p-t2i"), PAPER).shown is Shown.USER
        assert reject(seed(**TEEN), _brief(module="p-t2i"), PAPER).reason is RejectReason.WITHHELD_MINOR

    def the_users_picture_is_not_painted_from_words():
        assert plan(SELFIE, _brief(module="nonsense"), PAPER).module is Module.P_T2I
