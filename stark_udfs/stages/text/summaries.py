"""Summaries: what stays in memory after each session, written over the memory before it."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.english import jaccard, words_of
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn
from stark_udfs.stages.text.words import bullets, clean
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

SUMMARY_LIMIT = 3000  # characters


class SummariesSettings(ChatStageSettings):
    """Session memories."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.7, "top_p": 0.95})
    reply_tokens: int = Field(1024, ge=1)
    repetitive: float = Field(
        0.9, gt=0, le=1, description="Jaccard similarity to the summary before from which it is a copy"
    )


class SummarySession(Record):
    """One session of a chronicle."""

    session_number: int
    session_date: date
    interval: str | None
    turns: list[Turn]


class SummaryInput(Record):
    """An episode with all its sessions; one call per session."""

    episode_id: str
    name: str
    sessions: list[SummarySession] = Field(description="in the order of session_number")


class SummaryReply(ReplySchema):
    """What the model sends back."""

    summary: str = Field(description="3 to 8 sentences in the third person and the past tense")


class Summary(Record):
    """One row of `summaries`: the memory after a session."""

    episode_id: str = Field(description="references narratives.episode_id")
    session_number: int
    summary: str = Field(description="of this session and of all before it")


TABLE = Table("summaries", Summary, key=("episode_id", "session_number"), parents=(("episode_id", "narratives"),))

SYSTEM = """\
You keep the memory of a long conversation between a person and an AI assistant: what was said is written down so that
the assistant can pick up the thread weeks later. You write nothing that was not said or shown."""


def ask(settings: SummariesSettings, row: SummaryInput, replies: Sequence[SummaryReply]) -> Prompt | None:
    """One call per session, each with the memory before it."""
    if len(replies) >= len(row.sessions):
        return None
    chapter = row.sessions[len(replies)]
    previous = _previous(settings, row, replies)
    memory = [] if previous is None else [f"Memory so far\n{previous}", _gap(row, chapter)]
    rules = [
        "Write the memory anew: what of the old one still matters, in fewer words, and what this session adds.",
        "Keep facts that come up again: people, places, dates, plans, promises, health, tastes, open questions.",
        "Keep what shared images showed, who shared them and why they mattered.",
        "Say how things changed since the session before, and how much time had passed.",
        f"Third person, past tense, 3 to 8 sentences; the person is {row.name}, the other the {ASSISTANT}.",
        "No greeting, no judgement of the talk, no quotation longer than five words.",
    ]
    return Prompt(
        system=SYSTEM,
        user="\n\n".join(
            [
                *memory,
                f"Session {chapter.session_number}, {chapter.session_date:%Y.%m.%d}\n{_script(chapter)}",
                f"Write the memory after this session.\n{bullets(rules)}",
            ]
        ),
        shape=SummaryReply,
        facts={"session": _facts(chapter), "previous": previous},
    )


def _gap(row: SummaryInput, chapter: SummarySession) -> str:
    last = row.sessions[row.sessions.index(chapter) - 1]
    return f"The last session was on {last.session_date:%Y.%m.%d}; {chapter.interval or 'some time'} passed since."


def _script(chapter: SummarySession) -> str:
    lines = []
    for turn in chapter.turns:
        if turn.text:
            lines.append(f"{turn.speaker}: {turn.text}")
        lines.extend(f"{turn.speaker} shares an image: {image.description}" for image in turn.images)
    return "\n".join(lines)


def _facts(chapter: SummarySession) -> dict[str, Json]:
    return {
        "session_number": chapter.session_number,
        "date": chapter.session_date.isoformat(),
        "interval": chapter.interval,
        "turns": [
            {"speaker": turn.speaker, "text": turn.text, "images": [image.description for image in turn.images]}
            for turn in chapter.turns
        ],
    }


def _previous(settings: SummariesSettings, row: SummaryInput, replies: Sequence[SummaryReply]) -> str | None:
    """The memory of the last session that has a usable one."""
    kept = [made.summary for made in parse(settings, row, replies) if isinstance(made, Summary)]
    return kept[-1] if kept else None


def parse(settings: SummariesSettings, row: SummaryInput, replies: Sequence[SummaryReply]) -> list[Summary | Reject]:
    """One row or reject per session."""
    made: list[Summary | Reject] = []
    before: str | None = None
    for chapter, reply in zip(row.sessions, replies, strict=False):
        summary = _summary(settings, row, chapter, reply, before=before)
        made.append(summary)
        if isinstance(summary, Summary):
            before = summary.summary
    return made


def _summary(
    settings: SummariesSettings, row: SummaryInput, chapter: SummarySession, reply: SummaryReply, *, before: str | None
) -> Summary | Reject:
    text = clean(reply.summary)
    key = f"{row.episode_id}:{chapter.session_number}"
    if not text:
        return Reject(reason=RejectReason.EMPTY, detail="no summary", key=key)
    if len(text) > SUMMARY_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(text)} characters", key=key)
    likeness = 0.0 if before is None else jaccard(words_of(before), words_of(text))
    if likeness >= settings.repetitive:
        detail = f"shares {likeness:.2f} of its words with the memory before"
        return Reject(reason=RejectReason.REPETITIVE, detail=detail, key=key)
    return Summary(episode_id=row.episode_id, session_number=chapter.session_number, summary=text)


def select(frames: Frames) -> DataFrame:
    """Every episode with its sessions in order."""
    people = frames[narratives.TABLE.name].select("episode_id", "name")
    chapter = F.struct("session_number", "session_date", "interval", "turns")
    return (
        frames[sessions.TABLE.name]
        .groupBy("episode_id")
        .agg(F.sort_array(F.collect_list(chapter)).alias("sessions"))
        .join(people, "episode_id")
        .select("episode_id", "name", "sessions")
    )


CHECKS = (
    Check("words in a summary", Mean("size(split(summary, ' '))"), low=30, high=220),
    Check("third person", Share("summary rlike '(?i)\\\\b(I|my)\\\\b'"), high=0.1),
)


def stage(settings: "Settings") -> ChatStage[SummaryInput, SummaryReply, Summary]:
    """The stage with these settings."""
    return ChatStage(
        name="summaries",
        reads=(sessions.TABLE, narratives.TABLE),
        select=select,
        each=SummaryInput,
        unit="episode_id",
        ask=partial(ask, settings.summaries),
        parse=partial(parse, settings.summaries),
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.summaries),
        settings=fingerprint_settings(settings.summaries),
        checks=CHECKS,
    )
