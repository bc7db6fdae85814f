"""Settings and rows that the tests of the stages start from."""

from datetime import date

from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.settings.run import PipelineSettings
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.text.albums import AlbumImage, AlbumsSettings
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.commonsense.stage import CommonsenseSettings
from stark_udfs.stages.text.events.stage import Cause, Event, EventsSettings
from stark_udfs.stages.text.narratives import NarrativesSettings
from stark_udfs.stages.text.personas.prompt import PersonaSeed
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.profile import EpisodeProfile
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.stage import SessionInput
from stark_udfs.stages.text.sessions.turns import SessionReply, SharedItem, TurnItem
from stark_udfs.stages.text.summaries import SummariesSettings


def gender(word: str, counts_as: str) -> Gender:
    return Gender(word=word, noun=word, child_noun=word, subject="x", object="x", possessive="x", counts_as=counts_as)


PEOPLE = PeopleSettings(
    bands=((10, 90),),
    genders=(gender("male", "male"), gender("female", "female"), gender("non-binary person", "both")),
    countries=("Japan", "Egypt", "Russia"),
)


def settings_with(**sections: object) -> Settings:
    """Default settings with some sections replaced."""
    given = {
        "models": {"default": ModelSettings(name="test")},
        "people": PEOPLE,
        "pipeline": PipelineSettings(),
        "personas": PersonasSettings(),
        "commonsense": CommonsenseSettings(),
        "narratives": NarrativesSettings(),
        "events": EventsSettings(),
        "albums": AlbumsSettings(),
        "sessions": SessionsSettings(),
        "summaries": SummariesSettings(),
    }
    return Settings.model_validate({**given, **sections})


SEED = PersonaSeed(
    seed_id="seed-1",
    ordinal=0,
    demographic_id="d-1",
    age=34,
    gender="female",
    birthplace="Japan",
    residence="Brazil",
    category="Preference > Food",
    entity_key="food",
    sensitive=False,
)

LIFE = EpisodeProfile(
    episode_id="e-1",
    name="Hana Mori",
    age=34,
    gender="female",
    birthplace="Japan",
    residence="Brazil",
    narrative="I'm Hana Mori, 34, and I left Japan for Brazil with my recipes.",
    category="Preference > Food",
    entity_key="food",
    entity_value="miso soup",
    sentence="I make miso soup on Sundays.",
    relation=Relation.ROUTINE,
    inference="buy tofu at the Liberdade market",
    sensitive=False,
)

DAYS = (date(2021, 3, 5), date(2021, 3, 5), date(2021, 3, 8), date(2021, 4, 20), date(2022, 1, 3), date(2024, 2, 1))


def event(number: int, day: date) -> Event:
    cause = Cause(
        event_id=number - 1, interval="3 weeks", experience_op="add", experience=f"Hana lives through step {number}."
    )
    return Event(
        event_id=number, date=day, event=f"Hana reaches point {number}.", caused_by=cause if number > 1 else None
    )


ALBUM = [
    AlbumImage(image_id=f"i-{number}", description=f"A blue bowl number {number} on a table.", category="food")
    for number in (1, 2)
]

STORY = SessionInput(**dict(LIFE), events=[event(number, day) for number, day in enumerate(DAYS, 1)], album=ALBUM)


def shared(**fields: object) -> SharedItem:
    given = {"description": "A red tram on a hill in fog.", "rationale": "to show the ride", "source": "internet"}
    return SharedItem.model_validate({**given, "keywords": ["tram", "hill"], **fields})


def session_reply(*turns: TurnItem) -> SessionReply:
    """A plain session; the given turns come last."""
    return SessionReply(
        turns=[
            TurnItem(speaker="Hana Mori", text="You won't believe this morning."),
            TurnItem(speaker="AI Assistant", text="Tell me."),
            *turns,
        ]
    )
