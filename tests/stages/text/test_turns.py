import pytest

from stark_udfs.core.ids import stable_id
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.turns import (
    ParsedSession,
    SessionContext,
    SessionReply,
    TurnItem,
    parse_turns,
    speaker_of,
)
from tests.stages.given import ALBUM, session_reply, shared

BASE = SessionsSettings()
LOOSE = SessionsSettings(check_speakers=False, check_album=False, check_advice=False)
ROOM = SessionContext(episode_id="e-1", session_number=2, name="Hana Mori", album=tuple(ALBUM))


def said(speaker: str, text: str, *images: object) -> TurnItem:
    return TurnItem.model_validate({"speaker": speaker, "text": text, "images": list(images)})


def heard(*turns: TurnItem, settings: SessionsSettings = BASE) -> ParsedSession:
    made = parse_turns(settings, ROOM, session_reply(*turns))
    assert isinstance(made, ParsedSession), made
    return made


def refused(*turns: TurnItem) -> RejectReason:
    made = parse_turns(BASE, ROOM, session_reply(*turns))
    assert isinstance(made, Reject)
    assert made.key == "e-1:2"
    return made.reason


def describe_speaker_of():
    @pytest.mark.parametrize("label", ["AI Assistant", "AI assistant:", "**AI Assistant**", "Assistant", "ai", "[AI]"])
    def it_knows_the_assistant(label: str):
        assert speaker_of(label, "Hana Mori") == "AI Assistant"

    @pytest.mark.parametrize("label", ["Hana Mori", "Hana", "hana:", "HANA MORI", "User", "the user"])
    def it_knows_the_user(label: str):
        assert speaker_of(label, "Hana Mori") == "Hana Mori"

    @pytest.mark.parametrize("label", ["", "Mori", "Leo", "Hana Mori and AI Assistant", "Narrator"])
    def it_knows_nobody_else(label: str):
        assert speaker_of(label, "Hana Mori") is None

    def it_tells_a_user_called_ai_from_the_ai():
        assert speaker_of("Ai", "Ai Tanaka") == "Ai Tanaka"
        assert speaker_of("AI", "Ai Tanaka") == "AI Assistant"
        assert speaker_of("AI Assistant", "Ai Tanaka") == "AI Assistant"

    def it_takes_all_given_names():
        assert speaker_of("María José", "María José Ruiz") == "María José Ruiz"


def describe_hear():
    def it_numbers_turns_and_cleans_what_is_said():
        turns = heard(said("Assistant", " Well,\n\x00 fine. ")).turns
        assert [turn.turn for turn in turns] == [1, 2, 3]
        assert (turns[2].speaker, turns[2].text) == ("AI Assistant", "Well, fine.")

    def it_gives_a_new_image_an_id_of_its_place():
        image = heard(said("Hana", "", shared())).turns[2].images[0]
        assert image.image_id == stable_id("e-1", "image", 2, 3, 1)
        assert (image.reused, image.source, image.keywords) == (False, "internet", ["tram", "hill"])

    @pytest.mark.parametrize("album_id", ["a2", "A2", " [a2] "])
    def it_ties_a_shared_picture_to_the_album(album_id: str):
        image = heard(said("Hana", "", shared(source="mobile", album_id=album_id, description=""))).turns[2].images[0]
        assert (image.image_id, image.reused, image.description) == ("i-2", True, ALBUM[1].description)

    @pytest.mark.parametrize("album_id", [None, "", "null", "None", "new"])
    def it_takes_any_other_picture_of_the_phone_as_new(album_id: str | None):
        made = heard(said("Hana", "", shared(source="mobile", album_id=album_id)))
        new = AlbumImage(
            image_id=stable_id("e-1", "image", 2, 3, 1),
            description="A red tram on a hill in fog.",
            category="shared",
        )
        assert made.album_after(ALBUM) == (*ALBUM, new)

    def it_brings_nothing_else_into_the_album():
        made = heard(said("Hana", "", shared(), shared(source="mobile", album_id="a1")))
        assert made.album_after(ALBUM) == tuple(ALBUM)

    def it_does_not_look_for_an_image_of_the_internet_in_the_album():
        assert not heard(said("Hana", "", shared(album_id="a1"))).turns[2].images[0].reused

    @pytest.mark.parametrize("album_id", ["a3", "a0", "i-1", "the bowl"])
    def it_refuses_a_picture_that_is_not_in_the_album(album_id: str):
        turn = said("Hana", "", shared(source="mobile", album_id=album_id))
        assert refused(turn) is RejectReason.UNKNOWN_ALBUM_IMAGE
        assert not heard(turn, settings=LOOSE).turns[2].images[0].reused

    def it_refuses_an_image_that_shows_nothing():
        assert refused(said("Hana", "Look!", shared(description=" "))) is RejectReason.NO_DESCRIPTION
        assert refused(said("Hana", "Look!", shared(description="x" * 501))) is RejectReason.TOO_LONG

    def it_refuses_other_speakers_unless_told_not_to():
        assert refused(said("Leo", "Hi!")) is RejectReason.UNKNOWN_SPEAKER
        assert heard(said("Leo", "Hi!"), settings=LOOSE).turns[2].speaker == "Leo"

    def it_refuses_advice_of_the_assistant_but_not_of_the_user():
        assert refused(said("AI", "You have depression.")) is RejectReason.UNSAFE_ADVICE
        assert heard(said("Hana", "You have depression.")).turns
        assert heard(said("AI", "You have depression."), settings=LOOSE).turns

    def it_leaves_out_a_turn_without_text_and_image_and_says_so():
        made = heard(said("Hana", " "), said("AI", "Still there?"))
        assert [turn.text for turn in made.turns][2:] == ["Still there?"]
        assert [reject.reason for reject in made.left_out] == [RejectReason.EMPTY]
        assert made.left_out[0].detail == "turn 3: neither text nor image"

    def it_wants_two_speakers():
        alone = SessionReply(turns=[said("Hana", "Hi."), said("Hana", "Anyone?")])
        for reply in (alone, SessionReply(turns=[]), SessionReply(turns=[said("AI", "Hi.")])):
            made = parse_turns(BASE, ROOM, reply)
            assert isinstance(made, Reject)
            assert made.reason is RejectReason.TOO_FEW_TURNS

    def it_bounds_what_a_reply_can_bring():
        assert refused(said("Hana", "x" * 2001)) is RejectReason.TOO_LONG
        assert refused(said("Hana", "", *[shared()] * 11)) is RejectReason.TOO_LONG
        assert refused(*[said("Hana", "Hi.")] * 80) is RejectReason.TOO_LONG
        image = heard(said("Hana", "", shared(keywords=["w" * 99, " "] * 50, rationale="r" * 999))).turns[2].images[0]
        assert (len(image.keywords), len(image.keywords[0]), len(image.rationale)) == (5, 60, 500)
