import re

import pytest

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.author.grammar import content_words, overlap, spoken
from stark_udfs.demo.author.stages import sessions
from stark_udfs.stages.text.sessions.advice import unsafe_advice
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.turns import ParsedSession, SessionContext, SessionReply, parse_turns
from tests.demo.author.lives import accepted, asked, events_of, images_of, person, talks_of, text_of

SOME = ("Preference > Book Genre", "Preference > Game", "Psychiatric Symptom", "Preference > Politic", "School > Name")
MOBILE = {"source": "mobile", "by": "user", "reuse": False}
WEB = {"source": "internet", "by": "assistant", "reuse": False}


@pytest.fixture(scope="module", params=SOME)
def told(request):
    row = person(1, request.param, age=24)
    chain = events_of(row, 1)
    return row, chain, talks_of(row, chain)


def brief(turns, *images, opener="user"):
    return {"opener": opener, "turns": turns, "images": list(images)}


def one(seed=2, place=0, **fixed):
    row = person(seed)
    chain = events_of(row)
    replies = talks_of(row, chain)[:place]
    return row, sessions.write(asked(row, chain, replies, **fixed), rng_of(seed))


def describe_write():
    def it_is_accepted_by_the_stage(told):
        row, _, replies = told
        for number, reply in enumerate(replies, 1):
            heard = parse_turns(
                SessionsSettings(), SessionContext("e", number, row["name"], ()), SessionReply.model_validate(reply)
            )
            assert isinstance(heard, ParsedSession) and not heard.left_out

    def it_tells_the_event_and_uses_the_experience(told):
        row, chain, replies = told
        for event, reply in zip(chain, replies, strict=True):
            said = content_words(text_of(reply, row["name"]))
            assert overlap(event["event"], said) >= 0.6
            assert not event["caused_by"] or overlap(event["caused_by"]["experience"], said) >= 0.6

    def it_says_nothing_that_an_assistant_must_not_say(told):
        assert not any(unsafe_advice(text_of(reply, "AI Assistant")) for reply in told[2])

    def it_shares_a_picture_in_a_turn_without_words_and_the_other_side_reacts(told):
        for reply in told[2]:
            turns = reply["turns"]
            for place, turn in enumerate(turns):
                for image in turn["images"]:
                    before = content_words(" ".join(earlier["text"] for earlier in turns[:place]))
                    after = turns[place + 1]
                    assert turn["text"] == ""
                    assert after["speaker"] != turn["speaker"]
                    assert overlap(image["description"], before) <= 1 / 3
                    assert content_words(after["text"]) & content_words(image["description"])

    def it_lets_the_assistant_share_from_the_internet_only(told):
        found = [image for reply in told[2] for turn in reply["turns"] for image in turn["images"]
                 if turn["speaker"] == "AI Assistant"]  # fmt: skip
        assert {image["source"] for image in found} <= {"internet"}

    def it_leaves_no_trace_of_templates_or_doubled_marks(told):
        text = " ".join(text_of(reply) for reply in told[2])
        assert not re.search(r"[<>{}|\[\]]|[.?!][.!?](?!\.)| [,.;]|\b(a|the|my) \1\b", text)

    def it_repeats_itself_for_the_same_generator():
        assert one() == one()


def describe_the_interval():
    @pytest.mark.parametrize("opener", ["user", "assistant"])
    @pytest.mark.parametrize(
        ("days", "interval"),
        [(0, "a few hours"), (1, "1 day"), (3, "3 days"), (9, "9 days"), (21, "3 weeks"), (60, "2 months")],
    )
    def it_is_spoken_of_in_the_opening(opener, days, interval):
        _, reply = one(place=2, days_since=days, interval=interval, brief=brief(10, opener=opener))
        opening = " ".join(turn["text"] for turn in reply["turns"][:2]).lower()
        assert spoken(interval) in opening

    def it_is_not_missed_in_the_first_session():
        _, reply = one(interval=None, days_since=None)
        assert "since we" not in text_of(reply)


def describe_the_brief():
    @pytest.mark.parametrize("opener", ["user", "assistant"])
    @pytest.mark.parametrize("turns", [8, 11, 14])
    def it_is_kept(opener, turns):
        row, reply = one(brief=brief(turns, MOBILE, WEB, opener=opener))
        assert len(reply["turns"]) == turns
        assert (reply["turns"][0]["speaker"] == row["name"]) == (opener == "user")
        assert sorted(image["source"] for image in images_of(reply)) == ["internet", "mobile"]

    def it_stretches_to_hold_every_picture():
        _, reply = one(brief=brief(6, MOBILE, MOBILE, MOBILE, MOBILE))
        assert len(images_of(reply)) == 4

    def it_can_do_without_pictures():
        assert images_of(one(brief=brief(9))[1]) == []


def describe_the_album():
    ALBUM = ({"handle": "a1", "description": "A tabby on a piano lid under a lamp", "category": "pet"},)

    def it_is_drawn_on_where_the_brief_says_so():
        _, reply = one(album=ALBUM, brief=brief(9, MOBILE | {"reuse": True}))
        (image,) = images_of(reply)
        assert (image["album_id"], image["description"]) == ("a1", ALBUM[0]["description"])

    def it_is_not_named_for_new_pictures_or_when_empty():
        assert [image["album_id"] for image in images_of(one(brief=brief(9, MOBILE | {"reuse": True}))[1])] == [None]

    def it_does_not_show_a_picture_twice_in_one_session():
        again = MOBILE | {"reuse": True}
        handles = [image["album_id"] for image in images_of(one(album=ALBUM, brief=brief(11, again, again))[1])]
        assert sorted(handles, key=str) == [None, "a1"] or handles == ["a1", None]


def describe_memory():
    def it_comes_back_to_something_said_before():
        row = person(3)
        chain = events_of(row)
        replies = []
        recalled = []
        for place in range(len(chain)):
            block = asked(row, chain, replies)
            recalled.append(any("recall" in act for act in sessions.acts_of(block, rng_of(place))))
            replies.append(sessions.write(block, rng_of(place)))
        assert recalled == [False, True, True, True, True, True]

    def it_does_not_remember_what_was_never_said():
        row = person(3)
        chain = events_of(row)
        silent = {"turns": [{"speaker": row["name"], "text": "Hello.", "images": []}]}
        acts = sessions.acts_of(asked(row, chain, [silent]), rng_of(1))
        assert not any("recall" in act for act in acts)


def describe_events_of_another_author():
    def it_tells_them_in_their_own_words_and_keeps_markup_out():
        row = person(4)
        cause = {"id": 1, "time_interval": "1 month", "experience_op": "add", "experience": "She glazed pots."}
        chain = [
            {"id": 1, "date": "2022.01.05", "event": "Mina opens a <b>tea</b> {shop}.", "caused_by": None},
            {"id": 2, "date": "2022.02.05", "event": "Mina sells | teapots [blue].", "caused_by": cause},
        ]
        first, second = talks_of(row, chain)
        assert "Mina opens a b tea /b shop." in text_of(first)
        assert "She glazed pots." in text_of(second)
        assert accepted(chain[0])["date"] == "2022-01-05"
