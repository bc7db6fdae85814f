"""Memory probes: made of what the turns say, proved from the turns alone."""

from collections import Counter

import pytest

from bench.recorded import recorded_sessions
from stark_udfs.core.rejects import Reject
from stark_udfs.stages.probes.evidence import evidence
from stark_udfs.stages.probes.proof import PROOFS, unproved
from stark_udfs.stages.probes.questions import MAKERS
from stark_udfs.stages.probes.records import NEVER_SAID, Probe, ProbeKind
from stark_udfs.stages.probes.stage import LEAST, made
from stark_udfs.stages.text.history import EpisodeHistory
from tests.stages.histories import EVENTS, history, said


def probes(told: EpisodeHistory) -> list[Probe]:
    return [one for one in made(2, 1, told) if isinstance(one, Probe)]


def form(name: str, told: EpisodeHistory) -> Probe:
    """The first candidate of a form."""
    return next(one for makers in MAKERS.values() for maker in makers for one in maker(told) if one.form == name)


def describe_evidence():
    def it_is_the_turn_that_says_a_fact_in_other_tenses():
        found = evidence(history().sessions[0], EVENTS[0].event)
        assert found is not None
        assert found.ids(history()) == ["e-1:1:1"]

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
        assert form("what_led_to", told).answer == EVENTS[0].event
        assert form("what_picture", told).answer == "A yellow jar number 2 on a sill."
        assert form("what_holds_now", told).answer == "I used to cook for guests only; now strangers pay."
        assert form("never_said", told).answer == NEVER_SAID

    def every_form_has_a_proof():
        forms = {one.form for makers in MAKERS.values() for maker in makers for one in maker(history())}
        assert forms <= set(PROOFS)

    def nearly_all_candidates_in_the_words_of_a_real_model_are_proved():
        tried = [one for told, _ in recorded_sessions() for one in made(2, 1, told)]
        assert sum(isinstance(one, Probe) for one in tried) / len(tried) >= 0.9


def describe_unproved():
    @pytest.mark.parametrize("name", sorted(set(PROOFS) - {"who_in_both", "never_said"}))
    def it_does_not_believe_another_answer(name: str):
        probe = form(name, history())
        assert unproved(history(), probe) is None
        for wrong in ("Gumersinda plays the trombone in Vladivostok.", "1999-01-01"):
            assert unproved(history(), probe.model_copy(update={"answer": wrong})) is not None

    @pytest.mark.parametrize("name", sorted(set(PROOFS) - {"who_in_both", "never_said"}))
    def it_does_not_believe_other_turns(name: str):
        probe = form(name, history())
        for ids in ([], ["e-1:1:2"], ["e-1:9:9"], ["someone:1:1"]):
            assert unproved(history(), probe.model_copy(update={"evidence": ids})) is not None

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
