"""Memory probes: made of what the turns say, proved from the turns alone."""

from collections import Counter

import pytest

from bench.recorded import recorded_sessions, whole_episodes
from stark_udfs.core.rejects import Reject
from stark_udfs.stages.probes.causes import said_causes, what_led_to
from stark_udfs.stages.probes.evidence import evidence
from stark_udfs.stages.probes.proof import PROOFS, unproved
from stark_udfs.stages.probes.questions import MAKERS
from stark_udfs.stages.probes.quotes import MORE, QUOTE_LIMIT, parts
from stark_udfs.stages.probes.records import NEVER_SAID, Probe, ProbeKind
from stark_udfs.stages.probes.stage import LEAST, made
from stark_udfs.stages.text.history import EpisodeHistory
from tests.stages.histories import EVENTS, history, said


def probes(told: EpisodeHistory) -> list[Probe]:
    return [one for one in made(2, 1, told) if isinstance(one, Probe)]


def form(name: str, told: EpisodeHistory) -> Probe:
    """The first candidate of a form."""
    return next(one for makers in MAKERS.values() for maker in makers for one in maker(told) if one.form == name)


def asked_of(name: str) -> EpisodeHistory:
    """A history that has a candidate of the form."""
    if name == "why_said":
        return said(history(), "It rained all weekend, so I stayed in with the jam.", place=0)
    if name == "what_led_to":
        again = "I told them of the street market. I used to cook for guests only; now strangers pay."
        return said(history(), again)
    return history()


LONG = (
    "I organise a small day at the library annexe where twenty children learn how they come near an animal, and my "
    "neighbour Dehua plays the dog."
)


def describe_parts():
    def it_is_the_whole_of_a_short_fact():
        assert list(parts("Hana brings a jar.")) == ["Hana brings a jar"]

    def it_is_the_beginning_of_a_long_one_then_its_clauses():
        found = list(parts(LONG))
        assert found[0].startswith("I organise")
        assert f"{MORE}my neighbour Dehua plays the dog" in {one.replace("and ", "") for one in found}
        assert all(len(one.strip(MORE)) <= QUOTE_LIMIT for one in found)


def describe_said_causes():
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("It rained, so I stayed in all day.", [("I stayed in all day", "It rained")]),
            ("But I began helping there, because of egrets.", [("I began helping there", "egrets")]),
            ("I was so tired that I slept. It is so far away, so that is that.", []),
            ("I stayed in bed because of it.", []),
            ("Why? Because.", []),
        ],
    )
    def it_is_what_a_sentence_gives_as_a_reason(text: str, found: list[tuple[str, str]]):
        assert list(said_causes(text)) == found


def describe_evidence():
    def it_is_the_turn_that_says_a_fact_in_other_tenses():
        found = evidence(history().sessions[0], EVENTS[0].event)
        assert found is not None
        assert found.ids(history()) == ["e-1:1:1"]

    def it_is_quoted_by_what_the_turn_says_of_it():
        freely = "Dehua, my neighbour, plays the dog; children learn to come near an animal, twenty of them."
        found = evidence(said(history(), freely, place=0, turn=0).sessions[0], LONG)
        assert found is not None
        assert not (found.part or "").startswith("I organise")
        assert "animal" in found.quote or "Dehua" in found.quote

    def it_is_nothing_where_no_turn_really_says_it():
        assert evidence(said(history(), "Nothing new.", place=0, turn=0).sessions[0], EVENTS[0].event) is None


def describe_made():
    def it_asks_at_least_eight_questions_of_all_kinds():
        found = probes(history())
        assert len(found) >= LEAST
        assert {probe.kind for probe in found} == set(ProbeKind)
        assert max(Counter(probe.kind for probe in found).values()) <= 2

    def it_is_the_same_every_time():
        assert made(2, 1, history()) == made(2, 1, history())

    def it_counts_an_event_only_where_the_conversation_tells_it():
        silent = said(history(), "Nothing new.", place=1, turn=0)
        assert not any("marmalade" in probe.question + probe.answer for probe in probes(silent))

    def it_rejects_what_two_days_tell():
        twice = said(history(), "My neighbour Kenji brought five lemons from his garden!", turn=2)
        rejected = [one for one in made(2, 1, twice) if isinstance(one, Reject)]
        assert rejected
        assert all("tells" in one.detail for one in rejected)

    def the_answers_follow_from_what_was_said():
        told = history()
        assert form("who_is", told).answer == "Kenji"
        assert form("when_told", told).answer == "2021-03-05"
        assert form("how_long_between", told).answer == "3 weeks"
        assert form("what_led_to", asked_of("what_led_to")).answer == EVENTS[1].event
        assert form("why_said", asked_of("why_said")).answer == "It rained all weekend"
        assert form("what_picture", told).answer == "A yellow jar number 2 on a sill."
        assert form("what_holds_now", told).answer == "I used to cook for guests only; now strangers pay."
        assert form("never_said", told).answer == NEVER_SAID

    def every_form_has_a_proof():
        asked = [asked_of(name) for name in ("", "why_said", "what_led_to")]
        forms = {one.form for told in asked for makers in MAKERS.values() for maker in makers for one in maker(told)}
        assert forms == set(PROOFS) - {"who_in_both"}

    def it_asks_for_an_earlier_cause_only_where_the_later_telling_takes_it_up():
        assert not list(what_led_to(history()))

    def whole_episodes_of_a_real_model_keep_two_of_each_kind():
        for told in whole_episodes():
            assert Counter(one.kind for one in probes(told)) == dict.fromkeys(ProbeKind, 2)

    def nearly_all_candidates_in_the_words_of_a_real_model_are_proved():
        tried = [
            one for told in [*whole_episodes(), *(told for told, _ in recorded_sessions())] for one in made(2, 1, told)
        ]
        assert sum(isinstance(one, Probe) for one in tried) / len(tried) >= 0.98


def describe_unproved():
    @pytest.mark.parametrize("name", sorted(set(PROOFS) - {"who_in_both", "never_said"}))
    def it_does_not_believe_another_answer(name: str):
        told = asked_of(name)
        probe = form(name, told)
        assert unproved(told, probe) is None
        for wrong in ("Gumersinda plays the trombone in Vladivostok.", "1999-01-01"):
            assert unproved(told, probe.model_copy(update={"answer": wrong})) is not None

    @pytest.mark.parametrize("name", sorted(set(PROOFS) - {"who_in_both", "never_said"}))
    def it_does_not_believe_other_turns(name: str):
        told = asked_of(name)
        probe = form(name, told)
        for ids in ([], ["e-1:1:2"], ["e-1:9:9"], ["someone:1:1"]):
            assert unproved(told, probe.model_copy(update={"evidence": ids})) is not None

    def it_finds_that_something_was_said_after_all():
        probe = form("never_said", history()).model_copy(
            update={"question": "What did Hana Mori say about “the lemons”?"}
        )
        assert "speaks of it" in str(unproved(history(), probe))

    def it_does_not_prove_the_probes_of_another_episode():
        assert (
            unproved(history().model_copy(update={"episode_id": "e-2"}), form("who_is", history())) == "another episode"
        )


def describe_bad_input():
    def one_session_without_images_gives_what_it_can():
        alone = history(1).model_copy(update={"summaries": [], "images": []})
        found = probes(alone)
        assert {probe.kind for probe in found} >= {ProbeKind.SINGLE_FACT, ProbeKind.TIME, ProbeKind.ADVERSARIAL}

    def an_episode_without_events_gives_no_facts():
        bare = history().model_copy(update={"events": [], "album": []})
        assert {probe.kind for probe in probes(bare)} >= {ProbeKind.VISUAL, ProbeKind.ADVERSARIAL}

    @pytest.mark.parametrize("name", ["森 花", "Hope May", "Нина Ким"])
    def names_may_be_of_any_script(name: str):
        told = history()
        sessions = [
            one.model_copy(
                update={
                    "turns": [
                        turn.model_copy(update={"speaker": name if turn.speaker == "Hana Mori" else turn.speaker})
                        for turn in one.turns
                    ]
                }
            )
            for one in told.sessions
        ]
        assert len(probes(told.model_copy(update={"name": name, "sessions": sessions}))) >= LEAST
