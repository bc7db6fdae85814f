"""Events: a dated chain of things that happen to a person, each caused by an earlier one."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.text.events.intervals import agrees, date_of
from stark_udfs.stages.text.personas.categories import ADULT
from stark_udfs.stages.text.profile import READS, EpisodeProfile, episode_profiles, profile_lines
from stark_udfs.stages.text.words import bullets, clean, excerpt
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

EVENT_LIMIT = 500  # characters, of an event or an experience
EVENTS_LIMIT = 30
INTERVAL_LIMIT = 40  # characters


class EventsSettings(ChatStageSettings):
    """Temporal event sequences."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(4096, ge=1)
    min_events: int = Field(6, ge=2, le=20, description="events asked for at least")
    first: date = Field(date(2021, 1, 1), description="no event before this day")
    last: date = Field(date(2024, 4, 30), description="no event after this day (paper: April 2024)")
    update_share: float = Field(
        0.17, ge=0, le=1, description="of experiences, those that update an earlier one (paper: 0.171)"
    )
    interval_tolerance: float | None = Field(
        0.25,
        ge=0,
        description="how far the stated interval may lie from the dates, as a share (or one unit); null: unchecked",
    )
    check_order: bool = True


class CauseItem(ReplySchema):
    """Why an event happens."""

    id: int = Field(description="id of the earlier event that led to this one")
    time_interval: str = Field(
        description="time from that event to this one: a number and hour(s), day(s), week(s), "
        "month(s) or year(s), as '3 weeks'; must agree with the two dates"
    )
    experience_op: Literal["add", "update"] = Field(
        description="'add' for a new experience, 'update' for a turn that an earlier experience took"
    )
    experience: str = Field(description="what the person went through between the two events, one sentence")


class EventItem(ReplySchema):
    """One event of the reply."""

    id: int = Field(description="1, 2, 3, … in the order of the dates")
    date: str = Field(description="YYYY.MM.DD")
    event: str = Field(description="what happens, one sentence in the present tense")
    caused_by: CauseItem | None = Field(description="null for the first event only")


class EventsReply(ReplySchema):
    """What the model sends back."""

    events: list[EventItem] = Field(description="in the order of their dates")


class Cause(Record):
    """Which earlier event led to an event, and what lies between."""

    event_id: int = Field(description="of the earlier event")
    interval: str = Field(description="as stated: '3 weeks'")
    experience_op: str = Field(description="add | update")
    experience: str


class Event(Record):
    """One event of a life."""

    event_id: int = Field(description="1, 2, 3, … in the order of the reply")
    date: date
    event: str = Field(description="present tense")
    caused_by: Cause | None = Field(description="null for the first event only")


class EventSequence(Record):
    """One row of `events`."""

    episode_id: str = Field(description="references narratives.episode_id")
    events: list[Event]


TABLE = Table("events", EventSequence, key=("episode_id",), parents=(("episode_id", "narratives"),))

SYSTEM = """\
You plot what happens in an ordinary life: small and large events that grow out of one another, each on a day of the
calendar."""


def ask(settings: EventsSettings, row: EpisodeProfile, replies: Sequence[EventsReply]) -> Prompt | None:
    """One call per episode."""
    if replies:
        return None
    first, last = f"{settings.first:%Y.%m.%d}", f"{settings.last:%Y.%m.%d}"
    return Prompt(
        system=SYSTEM,
        user=f"""\
The person
{profile_lines(row)}

Write {settings.min_events} or {settings.min_events + 1} events of this person's life, between {first} and {last}.

The events
{bullets(_event_rules(settings, row))}

The causes
{bullets(_cause_rules(settings))}""",
        shape=EventsReply,
        facts={
            "asked": settings.min_events,
            "first": settings.first.isoformat(),
            "last": settings.last.isoformat(),
            "update_share": settings.update_share,
        },
    )


def _event_rules(settings: EventsSettings, row: EpisodeProfile) -> list[str]:
    rules = [
        f"Never fewer than {settings.min_events}. Ids count from 1; dates are real and never go back.",
        "The first event grows out of what the person says of themselves; the others follow from earlier events.",
        f"One sentence each, in the present tense, about {row.name.split()[0]}: who does what, where and how it ends.",
        "Each could be talked over with a friend and photographed; season, weather, holidays and places fit the date "
        f"and {row.residence}.",
        "Distances in time vary: some events are hours or days apart, some weeks, some months.",
        "Good, bad and plain days are mixed; work, people, body, home and free time take turns. No world news.",
        "Nothing contradicts the person's age, means and home, or an earlier event.",
    ]
    if row.age < ADULT:
        rules.append(
            "The person is a minor: home, school, friends and free time; no romance, alcohol, driving or career."
        )
    if row.sensitive:
        rules.append(
            "The subject is sensitive: no self-harm, no violence, no campaign; doctors diagnose, not the story."
        )
    return rules


def _cause_rules(settings: EventsSettings) -> list[str]:
    updates = round(settings.update_share * (settings.min_events - 1))
    return [
        "Every event but the first names the earlier event that led to it, not always the one just before.",
        "time_interval is the time from that event to this one: set the dates first, then count it from them, as "
        "'5 hours' (on one day), '2 days', '3 weeks', '4 months' or '1 year'.",
        "experience is what the person lived through between the two that explains the step from one to the other.",
        "experience_op is 'add' where that experience is new, and 'update' where it changes the course of one told "
        f"before. Of the experiences, {updates or 'at most 1'} should be 'update', never the first.",
    ]


def parse(
    settings: EventsSettings, least: int, row: EpisodeProfile, replies: Sequence[EventsReply]
) -> list[EventSequence | Reject]:
    """One row or reject; `least` events can give an episode."""
    return [_sequence(settings, least, row, reply) for reply in replies]


def _sequence(settings: EventsSettings, least: int, row: EpisodeProfile, reply: EventsReply) -> EventSequence | Reject:
    def reject(reason: RejectReason, detail: str) -> Reject:
        return Reject(reason=reason, detail=detail, key=row.episode_id)

    items = reply.events
    if len(items) < least:
        return reject(RejectReason.TOO_FEW_EVENTS, f"{len(items)}, at least {least} are needed")
    if len(items) > EVENTS_LIMIT:
        return reject(RejectReason.TOO_LONG, f"{len(items)} events")
    if len({item.id for item in items}) < len(items):
        return reject(RejectReason.BAD_CAUSE, f"ids repeat: {[item.id for item in items]}")
    told: dict[int, Event] = {}
    for item in items:
        event = _event(settings, item, told)
        if isinstance(event, Reject):
            return reject(event.reason, f"event {item.id}: {event.detail}")
        told[item.id] = event
    return EventSequence(episode_id=row.episode_id, events=list(told.values()))


def _event(settings: EventsSettings, item: EventItem, told: Mapping[int, Event]) -> Event | Reject:
    """The next event after those told, which go by the ids of the reply."""
    text = clean(item.event)
    if not text:
        return Reject(reason=RejectReason.MISSING_FIELD, detail="no event")
    if len(text) > EVENT_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(text)} characters")
    day = _day(settings, item, told)
    if isinstance(day, Reject):
        return day
    cause = _cause(settings, item, day, told) if told else None
    if isinstance(cause, Reject):
        return cause
    return Event(event_id=len(told) + 1, date=day, event=text, caused_by=cause)


def _day(settings: EventsSettings, item: EventItem, told: Mapping[int, Event]) -> date | Reject:
    day = date_of(item.date)
    if day is None:
        return Reject(reason=RejectReason.BAD_DATE, detail=repr(excerpt(item.date)))
    if not settings.first <= day <= settings.last:
        detail = f"{day} is not from {settings.first} to {settings.last}"
        return Reject(reason=RejectReason.DATES_OUT_OF_RANGE, detail=detail)
    if told and settings.check_order and day < max(event.date for event in told.values()):
        return Reject(reason=RejectReason.DATES_OUT_OF_ORDER, detail=f"{day} is before an earlier event's date")
    return day


def _cause(settings: EventsSettings, item: EventItem, day: date, told: Mapping[int, Event]) -> Cause | Reject:
    stated = item.caused_by
    if stated is None or stated.id not in told:
        detail = "no cause" if stated is None else f"its cause, {stated.id}, is no earlier event"
        return Reject(reason=RejectReason.BAD_CAUSE, detail=detail)
    cause, interval, experience = told[stated.id], clean(stated.time_interval), clean(stated.experience)
    if not experience or len(experience) > EVENT_LIMIT:
        return Reject(reason=RejectReason.BAD_EXPERIENCE, detail=f"{len(experience)} characters")
    tolerance = settings.interval_tolerance
    if tolerance is not None and not agrees(interval, earlier=cause.date, later=day, tolerance=tolerance):
        detail = f"{excerpt(interval)!r} from {cause.date} to {day}"
        return Reject(reason=RejectReason.INTERVAL_DISAGREES, detail=detail)
    return Cause(
        event_id=cause.event_id,
        interval=interval[:INTERVAL_LIMIT],
        experience_op=stated.experience_op,
        experience=experience,
    )


def select(frames: Frames) -> DataFrame:
    """One row per episode."""
    return episode_profiles(frames)


def _checks(settings: EventsSettings) -> tuple[Check, ...]:
    def share(of: str) -> Share:
        return Share(f"size(filter(events, e -> {of}))", of="size(filter(events, e -> e.caused_by is not null))")

    updates = settings.update_share
    return (
        Check("events", Mean("size(events)"), low=settings.min_events),
        Check(
            "update share",
            share("e.caused_by.experience_op = 'update'"),
            low=updates / 2,
            high=updates * 2,
            kind="set",
        ),
        Check("caused by other than the event before", share("e.caused_by.event_id < e.event_id - 1"), low=0.1),
        Check("days from first to last", Mean("datediff(element_at(events, -1).date, events[0].date)"), low=30),
    )


def stage(settings: "Settings") -> ChatStage[EpisodeProfile, EventsReply, EventSequence]:
    """The stage with these settings."""
    return ChatStage(
        name="events",
        reads=READS,
        select=select,
        each=EpisodeProfile,
        unit="episode_id",
        ask=partial(ask, settings.events),
        parse=partial(parse, settings.events, settings.sessions.min_sessions),
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.events),
        settings={"least": settings.sessions.min_sessions, **fingerprint_settings(settings.events)},
        checks=_checks(settings.events),
    )
