from datetime import date

import pytest

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.stages.text.sessions.prompt import transcript
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.stage import Session, SessionInput, ask, parse, schedule
from stark_udfs.stages.text.sessions.turns import SessionReply, Turn, TurnItem
from tests.stages.given import ALBUM, DAYS, STORY, event, session_reply, shared

BASE = SessionsSettings()
PAPER = SessionsSettings(history="events", brief="off", more_events="drop")
GOOD = session_reply()
BAD = session_reply(TurnItem(speaker="Leo", text="Hi!"))


def asked(replies: list[SessionReply], settings: SessionsSettings = BASE, row: SessionInput = STORY):
    prompt = ask(settings, 42, row, replies)
    assert prompt is not None
    return prompt


def describe_schedule():
    def it_takes_the_first_events_in_the_order_of_their_dates():
        row = STORY.model_copy(update={"events": STORY.events[::-1]})
        due = schedule(SessionsSettings(max_sessions=5), row)
        assert [(item.event_id, item.date) for item in due] == list(enumerate(DAYS[:5], 1))

    def it_is_empty_where_no_episode_can_come_of_it():
        assert schedule(SessionsSettings(min_sessions=7, max_sessions=8), STORY) == []
        assert schedule(SessionsSettings(max_sessions=5, more_events="drop"), STORY) == []


def describe_ask():
    def it_asks_once_per_session():
        assert all(ask(BASE, 42, STORY, [GOOD] * number) is not None for number in range(6))
        assert ask(BASE, 42, STORY, [GOOD] * 6) is None

    def it_asks_no_further_after_a_session_that_cannot_be_used():
        assert ask(BASE, 42, STORY, [GOOD, BAD]) is None

    def it_asks_nothing_where_no_episode_can_come_of_it():
        assert ask(SessionsSettings(max_sessions=5, more_events="drop"), 42, STORY, []) is None

    def it_introduces_the_two_in_the_first_session():
        prompt = asked([])
        for part in (
            '"Hana Mori" and "AI Assistant"',
            "This is session 1, on 2021.03.05",
            "have not talked before",
            "What happens today: Hana reaches point 1.",
            "- a1: A blue bowl number 1 on a table. (food)",
        ):
            assert part in prompt.user
        assert "What happened before" not in prompt.user
        assert (prompt.facts["interval"], prompt.facts["days_since"]) == (None, None)
        assert (prompt.facts["experience"], prompt.facts["experience_op"]) == (None, None)

    def it_tells_later_sessions_what_was_and_how_long_ago():
        prompt = asked([GOOD, GOOD, GOOD])
        for part in (
            "- 2021.03.08: Hana reaches point 3.",
            "[2021.03.05]\nHana Mori: You won't believe this morning.\nAI Assistant: Tell me.",
            "The last one was on 2021.03.08: 6 weeks have passed.",
            "(new): Hana lives through step 4.",
            "take up a detail of an earlier session",
        ):
            assert part in prompt.user

    def its_facts_are_complete():
        facts = asked([GOOD, GOOD, GOOD]).facts
        assert facts["session_number"] == 4
        assert facts["date"] == "2021-04-20"
        assert facts["event"] == "Hana reaches point 4."
        assert (facts["interval"], facts["days_since"]) == ("6 weeks", 43)
        assert (facts["experience"], facts["experience_op"]) == ("Hana lives through step 4.", "add")
        assert facts["speakers"] == {"user": "Hana Mori", "assistant": "AI Assistant"}
        assert facts["album"][1] == {
            "handle": "a2",
            "description": "A blue bowl number 2 on a table.",
            "category": "food",
        }
        assert set(facts["brief"]) == {"opener", "turns", "images"}

    def it_says_in_words_what_the_brief_has():
        for number in range(6):
            prompt = asked([GOOD] * number)
            brief = prompt.facts["brief"]
            opener = "Hana Mori" if brief["opener"] == "user" else "AI Assistant"
            count = len(brief["images"])
            assert f"{opener} speaks first; the session has about {brief['turns']} turns" in prompt.user
            assert ("No image is shared" if count == 0 else f"Exactly {count} image") in prompt.user

    def it_adds_new_pictures_of_the_phone_to_later_albums():
        new = session_reply(TurnItem(speaker="Hana", text="", images=[shared(source="mobile")]))
        assert "- a3: A red tram on a hill in fog. (shared)" in asked([new]).user
        assert asked([new]).facts["album"][2]["handle"] == "a3"

    def it_asks_as_the_paper_does_when_told_to():
        prompt = asked([GOOD], settings=PAPER)
        assert "More than two images" in prompt.user
        assert "Tell me." not in prompt.user
        assert "2021.03.05: Hana reaches point 1." in prompt.user
        assert prompt.facts["brief"] is None

    def it_takes_care_with_minors_and_with_sensitive_subjects():
        row = STORY.model_copy(update={"age": 12, "sensitive": True})
        prompt = asked([], row=row)
        assert "Hana is a minor" in prompt.user
        assert "The subject is sensitive" in prompt.user
        assert "minor" not in asked([]).user

    def it_depends_on_nothing_but_its_arguments():
        assert asked([GOOD]) == asked([GOOD])
        assert len({ask(BASE, seed, STORY, []).user for seed in range(10)}) > 3


def describe_parse():
    def it_makes_one_row_per_session():
        made = parse(BASE, STORY, [GOOD] * 6)
        assert all(isinstance(item, Session) for item in made)
        assert [item.session_number for item in made] == [1, 2, 3, 4, 5, 6]
        assert [item.session_date for item in made] == list(DAYS)
        assert [item.interval for item in made] == [None, "a few hours", "3 days", "6 weeks", "8 months", "2 years"]
        assert (made[0].experience, made[5].experience) == (None, "Hana lives through step 6.")

    def it_carries_the_album_on():
        new = session_reply(TurnItem(speaker="Hana", text="", images=[shared(source="mobile")]))
        again = session_reply(TurnItem(speaker="Hana", text="", images=[shared(source="mobile", album_id="a3")]))
        made = parse(BASE, STORY, [GOOD, new, GOOD, again])
        assert [len(item.album_after) for item in made] == [2, 3, 3, 3]
        assert made[3].turns[2].images[0].image_id == made[1].turns[2].images[0].image_id
        assert made[3].turns[2].images[0].reused

    def it_keeps_the_sessions_before_a_bad_one_if_they_are_enough():
        made = parse(BASE, STORY, [GOOD] * 4 + [BAD])
        assert [type(item) for item in made] == [Session] * 4 + [Reject]
        assert (made[4].reason, made[4].key) == (RejectReason.UNKNOWN_SPEAKER, "e-1:5")

    def it_drops_the_episode_if_they_are_not():
        made = parse(BASE, STORY, [GOOD, GOOD, BAD])
        assert [item.reason for item in made] == [RejectReason.UNKNOWN_SPEAKER, RejectReason.TOO_FEW_SESSIONS]
        assert made[1].key == "e-1"

    def it_drops_an_episode_with_too_many_events_when_told_to():
        row = STORY.model_copy(update={"events": [*STORY.events, event(7, date(2024, 3, 1))]})
        [made] = parse(PAPER, row, [])
        assert made.reason is RejectReason.TOO_MANY_SESSIONS
        assert len(parse(BASE, row, [GOOD] * 6)) == 6


def describe_transcript():
    SAID = [[Turn(turn=1, speaker="Hana Mori", text=f"Line {number}.", images=[])] for number in (1, 2, 3)]

    def it_is_whole_where_there_is_room():
        text = transcript(["d1", "d2", "d3"], SAID, tokens=100)
        assert text.splitlines()[:3] == ["[d1]", "Hana Mori: Line 1.", "[d2]"]
        assert len(text.splitlines()) == 6

    def it_keeps_the_newest_lines():
        text = transcript(["d1", "d2", "d3"], SAID, tokens=10)
        assert text.splitlines() == ["[…]", "[d3]", "Hana Mori: Line 3."]

    @pytest.mark.parametrize("tokens", [0, 5, 10, 20])
    def it_stays_within_the_limit(tokens: int):
        assert len(transcript(["d1", "d2", "d3"], SAID, tokens=tokens)) <= tokens * 4 + len("[…]\n")


def describe_the_row():
    def it_holds_the_album_as_it_was():
        assert STORY.album == ALBUM
