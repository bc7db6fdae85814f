"""Histories made of `tests/replies`: sessions and memories as a real model wrote them, in offline lives."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from stark_udfs.calls.reply.decode import decode
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record
from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.text.events.stage import Event
from stark_udfs.stages.text.history import ChosenImage, EpisodeHistory, ToldSession, ToldSummary
from stark_udfs.stages.text.profile import EpisodeProfile
from stark_udfs.stages.text.sessions.stage import Session, SessionInput, prepare_sessions
from stark_udfs.stages.text.sessions.turns import SessionReply
from stark_udfs.stages.text.summaries import SummaryInput

FOLDER = Path(__file__).parent.parent / "tests" / "replies"
EPISODES = FOLDER / "episodes"
Row = Mapping[str, Json]


def lines(name: str, folder: Path = FOLDER) -> list[dict[str, Json]]:
    """The records of one file of replies; none where it is not there."""
    path = folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


@cache
def recorded_sessions() -> tuple[tuple[EpisodeHistory, frozenset[int]], ...]:
    """Episodes up to their last recorded session, and the numbers of the sessions that the real model wrote.

    The sessions between them are the offline author's, as the model saw them.
    """
    rows: dict[str, SessionInput] = {}
    replies: dict[str, dict[int, tuple[bool, SessionReply]]] = {}
    for record in lines("sessions"):
        row = SessionInput.model_validate(record["row"])
        rows[row.episode_id] = row
        told = replies.setdefault(row.episode_id, {})
        for place, earlier in enumerate(record["earlier"]):  # type: ignore[arg-type]
            told.setdefault(place, (False, SessionReply.model_validate(earlier)))
        told[len(record["earlier"])] = (True, SessionReply.model_validate_json(str(record["reply"])))  # type: ignore[arg-type]
    return tuple((_history(rows[key], told), _written(told)) for key, told in replies.items())


def whole_episodes() -> list[EpisodeHistory]:
    """Episodes of which every session was written by a real model, as `bench.record_episodes` keeps them."""
    made = []
    for path in sorted(EPISODES.glob("*.json")):
        record = json.loads(path.read_text("utf-8"))
        row = SessionInput.model_validate(record["row"])
        replies = [decode(text, SessionReply) for text in record["replies"]]
        usable = [one for one in replies if isinstance(one, SessionReply)]
        if len(usable) > 1:
            made.append(_told(row, usable))
    return made


@cache
def recorded_summaries() -> tuple[tuple[EpisodeHistory, frozenset[int]], ...]:
    """Offline episodes with one memory by the real model, and the number of its session."""
    made = []
    for record in lines("summaries"):
        row = SummaryInput.model_validate(record["row"])
        number = len(record["earlier"]) + 1  # type: ignore[arg-type]
        sessions = [
            ToldSession(**dict(one), event_id=one.session_number, experience_op=None, experience=None, album_after=[])
            for one in row.sessions[:number]
        ]
        summary = ToldSummary(session_number=number, summary=json.loads(str(record["reply"]))["summary"])
        profile = _profile_of(row.episode_id, row.name)
        history = EpisodeHistory(
            **{**dict(profile), "events": [], "album": [], "sessions": sessions, "summaries": [summary], "images": []}
        )
        made.append((history, frozenset({number})))
    return tuple(made)


def _profile_of(episode_id: str, name: str) -> EpisodeProfile:
    rows = [record["row"] for record in lines("sessions")]
    known = next((row for row in rows if row["episode_id"] == episode_id), None)  # type: ignore[index, call-overload]
    if known is not None:
        return EpisodeProfile(**{field: known[field] for field in EpisodeProfile.model_fields})  # type: ignore[index, call-overload]
    blank = SessionInput.model_validate(rows[0])
    return EpisodeProfile(
        **{
            **{field: getattr(blank, field) for field in EpisodeProfile.model_fields},
            "episode_id": episode_id,
            "name": name,
        }
    )


def _history(row: SessionInput, told: Mapping[int, tuple[bool, SessionReply]]) -> EpisodeHistory:
    return _told(row, [told[place][1] for place in range(len(told))])


def _written(told: Mapping[int, tuple[bool, SessionReply]]) -> frozenset[int]:
    return frozenset(place + 1 for place, (real, _) in told.items() if real)


def _told(row: SessionInput, replies: Sequence[SessionReply]) -> EpisodeHistory:
    sessions = prepare_sessions(load_settings("base").sessions, row, replies).sessions
    return EpisodeHistory(
        **{
            **{name: getattr(row, name) for name in EpisodeProfile.model_fields},
            "events": list[Event](row.events),
            "album": row.album,
            "sessions": [_session(one) for one in sessions],
            "summaries": [],
            "images": [],
        }
    )


def _session(one: Session) -> ToldSession:
    return ToldSession(**{name: getattr(one, name) for name in ToldSession.model_fields})


def warehouse_histories(folder: Path) -> list[EpisodeHistory]:
    """The episodes of a warehouse, read without Spark."""
    sql = DuckSql(str(folder / "tables"))
    profiles = sql.ask(
        "SELECT n.*, c.persona_id, c.relation, c.inference, p.category, p.entity_key, p.entity_value, p.sentence "
        "FROM narratives n JOIN commonsense c USING (commonsense_id) JOIN personas p USING (persona_id) "
        "ORDER BY episode_id"
    ).dicts()
    listed = {name: sql.ask(f"SELECT * FROM {name}").dicts() for name in ("events", "albums", "sessions", "summaries")}
    listed["images"] = sql.ask("SELECT episode_id, image_id, module, text_score FROM images WHERE chosen").dicts()

    def of(name: str, episode: object, record: type[Record]) -> list[dict[str, object]]:
        rows = [row for row in listed[name] if row["episode_id"] == episode]
        rows.sort(key=lambda row: row.get("session_number", 0))  # type: ignore[arg-type, return-value]
        return [{field: row[field] for field in record.model_fields} for row in rows]

    made = []
    for person in profiles:
        key = person["episode_id"]
        told = of("sessions", key, ToldSession)
        if told:
            parts = {
                "events": next(row["events"] for row in listed["events"] if row["episode_id"] == key),
                "album": next(row["images"] for row in listed["albums"] if row["episode_id"] == key),
                "sessions": told,
                "summaries": of("summaries", key, ToldSummary),
                "images": of("images", key, ChosenImage),
            }
            own = {field: person[field] for field in EpisodeProfile.model_fields}
            made.append(EpisodeHistory.model_validate({**own, **parts}))
    return made
