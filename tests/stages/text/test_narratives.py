import pytest

from stark_udfs.core.rejects import RejectReason
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.narratives import Narrative, NarrativeReply, NarrativeSeed, ask, parse

SEED = NarrativeSeed(
    episode_id="e-1",
    commonsense_id="c-1",
    name="María José Ruiz",
    age=15,
    gender="female",
    birthplace="Spain",
    residence="Spain",
    category="Preference > Sport",
    entity_key="sport",
    entity_value="judo",
    sentence="I do judo after school.",
    relation=Relation.GOAL,
    inference="to earn a brown belt",
    sensitive=False,
)
TEXT = "I'm María, fifteen, from Spain. I do judo after school and plan to earn a brown belt."


def describe_ask():
    def it_gives_the_statements_and_the_name():
        prompt = ask(SEED, [])
        assert prompt is not None
        for part in ("María José Ruiz", "15-year-old", "I do judo after school.", "I plan to earn a brown belt."):
            assert part in prompt.user
        assert "a minor" in prompt.user
        assert ask(SEED, [NarrativeReply(narrative=TEXT)]) is None


def describe_parse():
    def it_makes_a_row_with_what_it_was_made_from():
        [made] = parse(SEED, [NarrativeReply(narrative=TEXT)])
        assert isinstance(made, Narrative)
        assert made.narrative == TEXT
        assert made.sentence_form.endswith("I do judo after school. I plan to earn a brown belt.")
        assert (made.name, made.age, made.residence) == ("María José Ruiz", 15, "Spain")

    @pytest.mark.parametrize(
        ("narrative", "reason"),
        [
            ("", RejectReason.EMPTY),
            ("I am Carla and I do judo.", RejectReason.NAME_MISSING),
            ("I am Maríalena and I do judo.", RejectReason.NAME_MISSING),
            ("I'm María. " * 200, RejectReason.TOO_LONG),
        ],
    )
    def it_rejects_what_is_not_the_persons_introduction(narrative: str, reason: RejectReason):
        [made] = parse(SEED, [NarrativeReply(narrative=narrative)])
        assert (made.reason, made.key) == (reason, "e-1")
