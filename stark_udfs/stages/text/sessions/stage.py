"""Sessions: the conversations of an episode, one per event, in which images are shared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Exact, Mean, Measure, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.text import albums
from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.events.intervals import between
from stark_udfs.stages.text.events.stage import Event
from stark_udfs.stages.text.profile import READS, EpisodeProfile, episode_profiles
from stark_udfs.stages.text.sessions.brief import USER_OPENS, Brief, sampled
from stark_udfs.stages.text.sessions.prompt import SYSTEM, Scene, user_prompt
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.turns import (
    ASSISTANT,
    ParsedSession,
    SessionContext,
    SessionReply,
    Turn,
    handle,
    parse_turns,
)
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class SessionInput(EpisodeProfile):
    """An episode before its first session."""

    events: list[Event]
    album: list[AlbumImage]


class Session(Record):
    """One row of `sessions`."""

    episode_id: str = Field(description="references events.episode_id")
    session_number: int = Field(description="1, 2, 3, … in the order of the dates")
    session_date: date
    event_id: int = Field(description="the event of the day, in events.events")
    interval: str | None = Field(description="since the session before, counted from the dates; null for the first")
    experience_op: str | None = Field(description="add | update; null for the first event")
    experience: str | None = Field(
        description="what happened between the event and its cause; null for the first event"
    )
    turns: list[Turn]
    album_after: list[AlbumImage] = Field(description="the phone's pictures after the session")


TABLE = Table(
    "sessions",
    Session,
    key=("episode_id", "session_number"),
    parents=(("episode_id", "events"), ("episode_id", "albums")),
)


@dataclass(frozen=True)
class PreparedSessions:
    """What the replies so far have come to; `broken` once a session could not be used."""

    sessions: tuple[Session, ...]
    rejects: tuple[Reject, ...]
    album: tuple[AlbumImage, ...]
    broken: bool


def schedule(settings: SessionsSettings, row: SessionInput) -> list[Event]:
    """The events that get a session, in the order of their dates; none if no episode can come of them."""
    due = sorted(row.events, key=lambda event: (event.date, event.event_id))
    if len(due) < settings.min_sessions or (len(due) > settings.max_sessions and settings.more_events == "drop"):
        return []
    return due[: settings.max_sessions]


def prepare_sessions(
    settings: SessionsSettings, row: SessionInput, replies: Sequence[SessionReply]
) -> PreparedSessions:
    """The sessions of the replies up to the first that cannot be used."""
    sessions: list[Session] = []
    rejects: list[Reject] = []
    album = tuple(row.album)
    for event, reply in zip(schedule(settings, row), replies, strict=False):
        room = SessionContext(row.episode_id, len(sessions) + 1, row.name, album)
        heard = parse_turns(settings, room, reply)
        if isinstance(heard, Reject):
            return PreparedSessions(tuple(sessions), (*rejects, heard), album, broken=True)
        album = heard.album_after(album)
        rejects.extend(heard.left_out)
        sessions.append(_session(row, event, heard, album, before=sessions[-1] if sessions else None))
    return PreparedSessions(tuple(sessions), tuple(rejects), album, broken=False)


def _session(
    row: SessionInput, event: Event, heard: ParsedSession, album: tuple[AlbumImage, ...], *, before: Session | None
) -> Session:
    cause = event.caused_by
    return Session(
        episode_id=row.episode_id,
        session_number=1 if before is None else before.session_number + 1,
        session_date=event.date,
        event_id=event.event_id,
        interval=None if before is None else between(before.session_date, event.date),
        experience_op=None if cause is None else cause.experience_op,
        experience=None if cause is None else cause.experience,
        turns=list(heard.turns),
        album_after=list(album),
    )


def ask(settings: SessionsSettings, seed: int, row: SessionInput, replies: Sequence[SessionReply]) -> Prompt | None:
    """One call per session; none after a session that could not be used."""
    due = schedule(settings, row)
    number = len(replies) + 1
    if number > len(due):
        return None
    told = prepare_sessions(settings, row, replies)
    if told.broken:
        return None
    brief = None
    if settings.brief == "sampled":
        brief = sampled(settings, rng_of(seed, row.episode_id, "brief", number), album=len(told.album))
    scene = Scene(
        life=row,
        number=number,
        due=tuple(due),
        album=told.album,
        earlier=tuple(session.turns for session in told.sessions),
        brief=brief,
    )
    return Prompt(system=SYSTEM, user=user_prompt(settings, scene), shape=SessionReply, facts=_facts(scene, brief))


def _facts(scene: Scene, brief: Brief | None) -> dict[str, Json]:
    today, cause = scene.today, scene.today.caused_by
    return {
        "session_number": scene.number,
        "date": today.date.isoformat(),
        "event": today.event,
        "interval": scene.interval,
        "days_since": scene.days_since,
        "experience": None if cause is None else cause.experience,
        "experience_op": None if cause is None else cause.experience_op,
        "brief": None if brief is None else brief.facts(),
        "album": [
            {"handle": handle(place), "description": image.description, "category": image.category}
            for place, image in enumerate(scene.album)
        ],
        "speakers": {"user": scene.life.name, "assistant": ASSISTANT},
    }


def parse(settings: SessionsSettings, row: SessionInput, replies: Sequence[SessionReply]) -> list[Session | Reject]:
    """The sessions of an episode that has enough of them; what was left out, and why."""
    if len(row.events) > settings.max_sessions and settings.more_events == "drop":
        detail = f"{len(row.events)} events, at most {settings.max_sessions} sessions"
        return [Reject(reason=RejectReason.TOO_MANY_SESSIONS, detail=detail, key=row.episode_id)]
    told = prepare_sessions(settings, row, replies)
    if len(told.sessions) < settings.min_sessions:
        detail = f"{len(told.sessions)}, at least {settings.min_sessions} are needed"
        return [*told.rejects, Reject(reason=RejectReason.TOO_FEW_SESSIONS, detail=detail, key=row.episode_id)]
    return [*told.sessions, *told.rejects]


def select(frames: Frames) -> DataFrame:
    """Lives that have events and an album; the columns of `SessionInput`."""
    happened = frames[events.TABLE.name].select("episode_id", "events")
    pictures = frames[albums.TABLE.name].selectExpr("episode_id", "images AS album")
    return (
        episode_profiles(frames)
        .join(happened, "episode_id")
        .join(pictures, "episode_id")
        .select(*SessionInput.model_fields)
    )


def _checks(settings: SessionsSettings) -> tuple[Check, ...]:
    images = "flatten(transform(turns, t -> t.images))"
    mobile = "i -> i.source = 'mobile'"
    opens = Share(f"turns[0].speaker != '{ASSISTANT}'")
    found = f"flatten(transform(filter(turns, t -> t.speaker = '{ASSISTANT}'), t -> t.images))"

    def share(part: str, of: str) -> Share:
        return Share(f"size(filter({of}, {part}))", of=f"size({of})")

    def near(name: str, measure: Measure, wanted: float, paper: float) -> Check:
        """Near what the brief was drawn from, or the paper's where there is no brief: 15 %, a share 5 points at most.

        Chance is not part of it: the interval of what was measured comes on top.
        """
        target, kind = (wanted, "set") if settings.brief == "sampled" else (paper, "paper")
        slack = min(target * 0.15, 0.05) if isinstance(measure, Share) else target * 0.15
        return Check(name, measure, low=target - slack, high=target + slack, kind=kind)

    checks = (
        near("turns", Mean("size(turns)"), settings.turns_mean, 10.5),
        near("images", Mean(f"size({images})"), settings.images_mean, 1.86),
        near("internet share", share("i -> i.source = 'internet'", images), settings.internet_share, 0.608),
        Check(
            "sessions of an episode",
            Exact("count(*) / nullif(count(distinct episode_id), 0)"),
            low=settings.min_sessions,
            high=settings.max_sessions,
        ),
        Check("assistant's images from a phone", share(mobile, found), high=0.02),
        Check("turns without words", share("t -> t.text = ''", "turns"), high=0.2),
    )
    if settings.brief == "off":
        return checks
    reused = share("i -> i.reused", f"filter({images}, {mobile})")
    return (
        *checks,
        near("album share of mobile images", reused, settings.reuse_share, settings.reuse_share),
        near("sessions that the user opens", opens, USER_OPENS, USER_OPENS),
    )


def stage(settings: "Settings") -> ChatStage[SessionInput, SessionReply, Session]:
    """The stage with these settings."""
    return ChatStage(
        name="sessions",
        reads=(*READS, events.TABLE, albums.TABLE),
        select=select,
        each=SessionInput,
        unit="episode_id",
        ask=partial(ask, settings.sessions, settings.pipeline.seed),
        parse=partial(parse, settings.sessions),
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.sessions),
        settings={"seed": settings.pipeline.seed, **fingerprint_settings(settings.sessions)},
        checks=_checks(settings.sessions),
    )
