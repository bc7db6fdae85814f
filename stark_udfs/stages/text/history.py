"""Histories: an episode with all that was written for it, as the checks of a long run and the memory probes see it."""

from collections.abc import Iterator
from datetime import date

from pydantic import Field
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.engine.stage import Frames
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.text import albums, summaries
from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.events.stage import Event
from stark_udfs.stages.text.profile import READS, EpisodeProfile, episode_profiles
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import Turn

HISTORY_READS = (*READS, events.TABLE, albums.TABLE, sessions.TABLE)
HISTORY_MAY_READ = (summaries.TABLE, images.TABLE)


class ToldSession(Record):
    """One session of a history."""

    session_number: int
    session_date: date
    event_id: int
    interval: str | None
    experience_op: str | None
    experience: str | None
    turns: list[Turn]
    album_after: list[AlbumImage]


class ToldSummary(Record):
    """The memory after a session."""

    session_number: int
    summary: str


class ChosenImage(Record):
    """The score of the image that was chosen for a description."""

    image_id: str
    module: str
    text_score: float | None


class EpisodeHistory(EpisodeProfile):
    """An episode as a whole; lists are empty where a stage has not run."""

    events: list[Event]
    album: list[AlbumImage] = Field(description="before the first session")
    sessions: list[ToldSession] = Field(description="in the order of session_number")
    summaries: list[ToldSummary]
    images: list[ChosenImage]

    def turn_id(self, session: int, turn: int) -> str:
        """What a turn is called in `probes` and `consistency`: EPISODE:session:turn."""
        return f"{self.episode_id}:{session}:{turn}"

    def turns(self) -> Iterator[tuple[ToldSession, Turn]]:
        """All turns with their sessions, in order."""
        for session in self.sessions:
            for turn in session.turns:
                yield session, turn

    def event(self, event_id: int) -> Event | None:
        """The event of that id; None: there is none."""
        return next((event for event in self.events if event.event_id == event_id), None)


def histories(frames: Frames) -> DataFrame:
    """Every episode that has a session; the columns of `EpisodeHistory`."""
    told = _gathered(frames[sessions.TABLE.name], "sessions", *ToldSession.model_fields)
    memories = _gathered(frames[summaries.TABLE.name], "summaries", *ToldSummary.model_fields)
    chosen = _gathered(frames[images.TABLE.name].where("chosen"), "images", *ChosenImage.model_fields)
    return (
        episode_profiles(frames)
        .join(frames[events.TABLE.name].select("episode_id", "events"), "episode_id", "left")
        .join(frames[albums.TABLE.name].selectExpr("episode_id", "images AS album"), "episode_id", "left")
        .join(told, "episode_id")
        .join(memories, "episode_id", "left")
        .join(chosen, "episode_id", "left")
        .select(*(_given(name) for name in EpisodeHistory.model_fields))
    )


def _gathered(rows: DataFrame, name: str, *columns: str) -> DataFrame:
    return rows.groupBy("episode_id").agg(F.sort_array(F.collect_list(F.struct(*columns))).alias(name))


def _given(name: str) -> Column:
    lists = ("events", "album", "summaries", "images")
    return F.coalesce(name, F.array()).alias(name) if name in lists else F.col(name)
