"""Small histories that the tests of checks and probes start from."""

from datetime import date

from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.events.stage import Cause, Event
from stark_udfs.stages.text.history import ChosenImage, EpisodeHistory, ToldSession, ToldSummary
from stark_udfs.stages.text.sessions.turns import ASSISTANT, SharedImage, Turn
from tests.stages.given import ALBUM, LIFE

EVENTS = [
    Event(
        event_id=1,
        date=date(2021, 3, 5),
        event="Hana's neighbour Kenji brings five lemons from his garden.",
        caused_by=None,
    ),
    Event(
        event_id=2,
        date=date(2021, 3, 26),
        event="Hana and Kenji bottle marmalade for the street market until midnight.",
        caused_by=Cause(
            event_id=1, interval="3 weeks", experience_op="add", experience="I know how long peel has to boil."
        ),
    ),
    Event(
        event_id=3,
        date=date(2021, 6, 1),
        event="Hana sells her last jar to a baker who orders forty more.",
        caused_by=Cause(
            event_id=2,
            interval="2 months",
            experience_op="update",
            experience="I used to cook for guests only; now strangers pay.",
        ),
    ),
]
SAID = (
    ("My neighbour Kenji brought five lemons from his garden!", "Five lemons, Hana. What will you do with them?"),
    (
        "Three weeks, and Kenji and I bottled marmalade for the street market until midnight.",
        "Midnight! Was it worth it?",
    ),
    ("I sold my last jar to a baker, and she ordered forty more.", "Forty, Hana, that is a winter of peel."),
)
MORE = (
    "They smell of rain.",
    "By now I know how long the peel has to boil.",
    "I used to cook for guests only; now strangers pay.",
)


def image(number: int, **fields: object) -> SharedImage:
    given = {"image_id": f"s-{number}", "reused": False, "rationale": "", "source": "mobile", "keywords": []}
    return SharedImage.model_validate({**given, "description": f"A yellow jar number {number} on a sill.", **fields})


def session(number: int) -> ToldSession:
    """The session of an event; the second brings a picture of the phone."""
    event, (user, assistant) = EVENTS[number - 1], SAID[number - 1]
    shared = [image(number)] if number > 1 else []
    taken = [
        AlbumImage(image_id=f"s-{n}", description=image(n).description, category="shared") for n in range(2, number + 1)
    ]
    turns = [
        Turn(turn=1, speaker="Hana Mori", text=user, images=[]),
        Turn(turn=2, speaker=ASSISTANT, text=assistant, images=[]),
        Turn(turn=3, speaker="Hana Mori", text=MORE[number - 1], images=shared),
    ]
    return ToldSession(
        session_number=number,
        session_date=event.date,
        event_id=number,
        interval=(None, "3 weeks", "2 months")[number - 1],
        experience_op=None if event.caused_by is None else event.caused_by.experience_op,
        experience=None if event.caused_by is None else event.caused_by.experience,
        turns=turns,
        album_after=[*ALBUM, *taken],
    )


def history(sessions: int = 3, **changes: object) -> EpisodeHistory:
    """Hana and her marmalade, up to a session."""
    given = {
        **dict(LIFE),
        "events": EVENTS,
        "album": ALBUM,
        "sessions": [session(number) for number in range(1, sessions + 1)],
        "summaries": [ToldSummary(session_number=1, summary="Hana told of five lemons from the garden of Kenji.")],
        "images": [ChosenImage(image_id="s-2", module="t2i", text_score=0.9)],
    }
    return EpisodeHistory.model_validate({**given, **changes})


def said(told: EpisodeHistory, text: str, *, place: int = -1, turn: int = 2, **fields: object) -> EpisodeHistory:
    """A copy in which a turn has these words instead."""
    sessions = list(told.sessions)
    turns = list(sessions[place].turns)
    turns[turn] = turns[turn].model_copy(update={"text": text, **fields})
    sessions[place] = sessions[place].model_copy(update={"turns": turns})
    return told.model_copy(update={"sessions": sessions})
