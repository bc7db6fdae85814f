"""The checks of a long run: each on a planted fault, on what only looks like one, and on whatever comes in."""

import pytest

from bench.consistency.score import clean_sessions, planted
from bench.recorded import recorded_sessions, recorded_summaries
from stark_udfs.stages.consistency.checks import CHECKERS, examined
from stark_udfs.stages.consistency.found import LeastScores
from stark_udfs.stages.text.history import ChosenImage, EpisodeHistory
from tests.stages.histories import history, image, said, session

LEAST = LeastScores(painted=0.3, found=0.15)
REAL = [*recorded_sessions(), *recorded_summaries()]


def faults(told: EpisodeHistory) -> dict[str, list[str]]:
    """By check that found something, the words of it."""
    found: dict[str, list[str]] = {}
    for _, check, result in examined(told, LEAST):
        if result.faults:
            found.setdefault(check, []).extend(fault.words for fault in result.faults)
    return found


def describe_a_consistent_episode():
    def it_has_no_fault():
        assert faults(history()) == {}

    def it_is_looked_at_by_every_check():
        assert {check for _, check, _ in examined(history(), LEAST)} == set(CHECKERS)

    @pytest.mark.parametrize(
        "text",
        [
            "I'm twenty minutes late, and I'm one of four.",
            "I'm Japanese by birth and I never tire of miso soup.",
            "I'm from Japan, and I live in Brazil, as you know.",
            "Say hello to Kenji, will you.",
            "I turned thirty-four, as it happens.",
            "Five days ago it rained.",
        ],
    )
    def it_may_say_what_only_looks_like_a_fault(text: str):
        assert faults(said(history(), f"{session(3).turns[2].text} {text}")) == {}


def describe_planted_faults():
    @pytest.mark.parametrize(
        ("check", "text"),
        [
            ("profile", "My name is Beatriz, by the way."),
            ("profile", "I am 61 years old."),
            ("profile", "I live in Norway, you know."),
            ("persona", "I can't stand miso soup."),
            (
                "event_facts",
                "My neighbour Goro brought five lemons from his garden. They smell of rain.",
            ),
            ("earlier_sessions", "I used to cook for guests only; now strangers pay. My cousin Kenji says so."),
            ("speakers", "I used to cook for guests only; now strangers pay. Tell me more, Hana!"),
            ("speakers", "As an AI, I used to cook for guests only; now strangers pay."),
            ("event_told", "Nothing."),
        ],
    )
    def they_are_found_in_what_is_said(check: str, text: str):
        place = 0 if check == "event_facts" else -1
        assert check in faults(said(history(), text, place=place))

    def they_are_found_in_dates_and_intervals():
        sessions = list(history().sessions)
        sessions[1] = sessions[1].model_copy(update={"interval": "5 years"})
        moved = history().model_copy(update={"sessions": sessions})
        assert faults(moved) == {"dates": ["interval 5 years"]}
        spoken = said(
            history(),
            "Eight months, and Kenji and I bottled marmalade for the street market until midnight.",
            place=1,
            turn=0,
        )
        assert faults(spoken) == {"spoken_intervals": ["Eight months"]}

    def they_are_found_in_pictures():
        early = image(3, reused=True)
        assert "image_order" in faults(said(history(), "Look.", place=0, turn=2, images=[early]))
        other = image(2, reused=True, description="A red tram.")
        assert "album_descriptions" in faults(said(history(), session(3).turns[2].text, images=[other, image(3)]))
        poor = history().model_copy(update={"images": [ChosenImage(image_id="s-2", module="t2i", text_score=0.1)]})
        assert faults(poor) == {"image_text": ["A yellow jar number 2 on a sill."]}

    def they_are_found_in_memories():
        one = history().summaries[0]
        for claim in ("Kenji's dentist Goro owned a red motorboat in Osaka.", "She paid 412 for it."):
            told = history().model_copy(
                update={"summaries": [one.model_copy(update={"summary": f"{one.summary} {claim}"})]}
            )
            assert faults(told) == {"summary_support": [claim]}

    @pytest.mark.parametrize("check", [name for name in CHECKERS if name != "image_text"])
    def they_are_found_in_the_words_of_a_real_model(check: str):
        found = planted(check, REAL, 50)
        assert found.of >= 50
        assert found.share >= 0.95, found.odd
        assert clean_sessions(check, REAL).hits == 0


def describe_bad_input():
    @pytest.mark.parametrize("sessions", [1, 2])
    def few_sessions_without_images_or_memories_are_no_fault(sessions: int):
        short = history(sessions).model_copy(update={"summaries": [], "images": [], "events": [], "album": []})
        bare = short.model_copy(
            update={"sessions": [one.model_copy(update={"album_after": []}) for one in short.sessions]}
        )
        found = faults(bare)
        assert found.keys() <= {"image_order"}

    @pytest.mark.parametrize("name", ["森 花", "Hope May", "Нина Ким", "Will Grace", "X"])
    def names_may_be_common_words_or_of_any_script(name: str):
        told = history().model_copy(update={"name": name})
        sessions = [
            one.model_copy(
                update={
                    "turns": [
                        turn.model_copy(
                            update={
                                "speaker": turn.speaker if turn.speaker == "AI Assistant" else name,
                                "text": turn.text.replace("Hana", name.split(maxsplit=1)[0]),
                            }
                        )
                        for turn in one.turns
                    ]
                }
            )
            for one in told.sessions
        ]
        assert faults(told.model_copy(update={"sessions": sessions, "summaries": []})) == {}

    def hostile_text_is_only_text():
        text = "My name is " + "A" * 5000 + " I live in " * 300 + "\u202e<script>" + "(" * 500
        assert isinstance(faults(said(history(), text)), dict)
