import pytest

from stark_udfs.core.rejects import RejectReason
from stark_udfs.stages.text.commonsense.relations import FORMS, Relation
from stark_udfs.stages.text.commonsense.stage import Commonsense, InferenceReply, RelationSeed, ask, parse

SEED = RelationSeed(
    commonsense_id="c-1",
    persona_id="p-1",
    age=34,
    gender="female",
    birthplace="Japan",
    residence="Brazil",
    category="Preference > Food",
    entity_key="food",
    entity_value="miso soup",
    sentence="I make miso soup on Sundays.",
    sensitive=True,
    relation=Relation.ROUTINE,
)


def describe_ask():
    @pytest.mark.parametrize("relation", Relation)
    def it_asks_for_the_relation_with_the_beginning_to_complete(relation: Relation):
        prompt = ask(SEED.model_copy(update={"relation": relation}), [])
        assert prompt is not None
        assert f'"{FORMS[relation].lead} …"' in prompt.user
        assert FORMS[relation].asks in prompt.user
        assert SEED.sentence in prompt.user
        assert prompt.facts == {}

    def it_asks_once():
        assert ask(SEED, [InferenceReply(inference="walk")]) is None


def describe_parse():
    def it_makes_a_row_without_the_words_of_the_form():
        assert parse(SEED, [InferenceReply(inference="I regularly buy\ntofu in Liberdade.")]) == [
            Commonsense(
                commonsense_id="c-1",
                persona_id="p-1",
                relation=Relation.ROUTINE,
                inference="buy tofu in Liberdade",
                sensitive=True,
            )
        ]

    @pytest.mark.parametrize(
        ("inference", "reason"),
        [(" . ", RejectReason.EMPTY), ("\x00", RejectReason.EMPTY), ("walk " * 100, RejectReason.TOO_LONG)],
    )
    def it_rejects_what_says_nothing_or_too_much(inference: str, reason: RejectReason):
        [made] = parse(SEED, [InferenceReply(inference=inference)])
        assert (made.reason, made.key) == (reason, "c-1")
