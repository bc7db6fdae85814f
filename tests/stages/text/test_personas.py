from stark_udfs.core.ids import stable_id
from stark_udfs.core.rejects import RejectReason
from stark_udfs.settings.run import PipelineSettings
from stark_udfs.stages.text.personas.prompt import PersonaItem, PersonaReply
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.personas.stage import Persona, ask, calls, parse
from tests.stages.given import SEED, settings_with

GOOD = PersonaItem(sentence="I make Miso Soup on Sundays.", key="food", value="miso soup")


def parsed(**fields: str):
    [made] = parse(SEED, [PersonaReply(personas=[GOOD.model_copy(update=fields)])])
    return made


def describe_ask():
    def it_asks_once_for_the_wanted_number_about_the_person_and_the_category():
        prompt = ask(PersonasSettings(sentences=12), 42, SEED, [])
        assert prompt is not None
        for part in ("34", "female", "Japan", "Brazil", "Preference > Food", '"food"', "12 sentences"):
            assert part in prompt.user
        assert prompt.facts == {"sentences": 12}
        assert ask(PersonasSettings(), 42, SEED, [PersonaReply(personas=[])]) is None

    def it_shows_examples_of_another_category_by_seed():
        prompt = ask(PersonasSettings(examples=4), 42, SEED, [])
        assert prompt is not None
        assert prompt.user.count(" → key ") == 4
        assert prompt == ask(PersonasSettings(examples=4), 42, SEED, [])
        others = {ask(PersonasSettings(), seed, SEED, []).user for seed in range(20)}
        assert len(others) > 10

    def it_can_do_without_examples():
        assert " → key " not in ask(PersonasSettings(examples=0), 42, SEED, []).user

    def it_asks_of_minors_what_fits_them():
        assert "a minor" in ask(PersonasSettings(), 42, SEED.model_copy(update={"age": 12}), []).user
        assert "a minor" not in ask(PersonasSettings(), 42, SEED, []).user

    def it_asks_for_tact_where_the_subject_is_sensitive():
        seed = SEED.model_copy(update={"category": "Medicine", "entity_key": "medicine", "sensitive": True})
        assert "sensitive" in ask(PersonasSettings(), 42, seed, []).user


def describe_parse():
    def it_makes_a_row_of_a_good_item():
        assert parsed() == Persona(
            persona_id=stable_id("seed-1", 1),
            seed_id="seed-1",
            ordinal=0,
            position=1,
            demographic_id="d-1",
            category="Preference > Food",
            entity_key="food",
            entity_value="miso soup",
            sentence="I make Miso Soup on Sundays.",
            sensitive=False,
        )

    def it_keeps_each_item_apart_in_the_order_of_the_reply():
        bad = PersonaItem(sentence="I eat.", key="food", value="miso soup")
        made = parse(SEED, [PersonaReply(personas=[GOOD, bad, GOOD])])
        assert [type(item).__name__ for item in made] == ["Persona", "Reject", "Persona"]
        assert made[1].key == stable_id("seed-1", 2)

    def it_rejects_a_missing_field_and_names_it():
        for field in ("sentence", "key", "value"):
            made = parsed(**{field: " \x00"})
            assert (made.reason, field in made.detail) == (RejectReason.MISSING_FIELD, True)

    def it_wants_the_key_that_was_asked_for():
        assert parsed(key="drink").reason is RejectReason.WRONG_KEY
        assert isinstance(parsed(key=" Food "), Persona)

    def it_wants_the_value_in_the_sentence():
        assert parsed(value="ramen").reason is RejectReason.VALUE_NOT_IN_SENTENCE

    def it_rejects_what_is_too_long():
        assert parsed(sentence="I " + "eat miso soup " * 50).reason is RejectReason.TOO_LONG

    def it_strips_control_characters():
        assert parsed(sentence="I make\n\x07 miso soup.").sentence == "I make miso soup."

    def it_gives_nothing_without_a_reply():
        assert parse(SEED, []) == []


def describe_calls():
    def it_asks_for_as_many_as_could_give_the_episodes():
        def needed(episodes: int, **personas: object) -> int:
            return calls(
                settings_with(
                    pipeline=PipelineSettings(episodes=episodes), personas=PersonasSettings.model_validate(personas)
                )
            )

        assert needed(1) == 1
        assert needed(20, sentences_each=1, extra_share=0.5) == 30
        assert needed(93_000, sentences_each=30, relations_each=5, extra_share=0.0) == 620
        assert needed(100, sentences=10, sentences_each=30, extra_share=0) == 10
