import pytest

from stark_udfs.stages.verdicts.moderation_rules import RuleModerator, findings

FOUND = {
    "Write to ana.b@mail.co.uk tonight": "privacy",
    "Call +44 20 7946 0958": "privacy",
    "It's 555-123-4567": "privacy",
    "Some days I want to die.": "self_harm",
    "He talked of killing himself": "self_harm",
    "I cut myself to feel something": "self_harm",
    "I'm going to kill my boss": "violence",
    "They beat up my brother": "violence",
    "Send me your nudes": "sexual",
    "He called me a retard": "hate",
}
FINE = (
    "My feet are killing me, and I'd kill for a coffee.",
    "We were killing time in Scunthorpe, then in Sussex.",
    "I cut myself while chopping onions and wanted to die of shame.",
    "The cocktail class starts on 2021-03-05 at 10.30, for 12.500.000 rupiah.",
    "Mail me at ana@example.org, room 12-34-56.",
    "A retardant coat of paint, and the flight 555-123.",
    "We watched Suicide Squad and he killed it on stage.",
    "",
)


def describe_findings():
    @pytest.mark.parametrize("text", FOUND)
    def it_names_the_category_and_the_turn(text: str):
        (found,) = findings(["Hello.", text])
        assert (found.turn, found.category) == (2, FOUND[text])

    @pytest.mark.parametrize("text", FINE)
    def it_leaves_plain_talk_alone(text: str):
        assert findings([text]) == []

    @pytest.mark.parametrize("text", ["a" * 100_000, "+1 " * 40_000, "x@" * 50_000, "1-" * 50_000, "@.-" * 40_000])
    @pytest.mark.timeout(20)
    def it_reads_hostile_text_in_little_time(text: str):
        assert isinstance(findings([text]), list)


def describe_verdicts():
    def it_is_flagged_from_the_threshold_on():
        low, high = (RuleModerator(threshold).verdicts([["We had sex."]])[0] for threshold in (0.6, 0.61))
        assert (low.label, low.score, low.categories) == ("flagged", 0.6, ("sexual",))
        assert low.reason == "turn 1: sexual (intercourse)"
        assert (high.label, high.score, high.categories, high.reason) == ("ok", 0.6, (), "")

    def it_gives_one_for_each_session():
        labels = [one.label for one in RuleModerator().verdicts([["Hello."], ["I want to die."], []])]
        assert labels == ["ok", "flagged", "ok"]
