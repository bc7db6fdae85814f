"""Lives with events, asked for as the stages ask."""

import random
from datetime import date
from typing import Any

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.stages import events, sessions
from tests.demo.author.people import block_of, life

PLAN = {"asked": 6, "first": "2021-01-01", "last": "2024-04-30", "update_share": 0.17}


def person(seed: int, category: str = "Preference > Food", **fixed: Any) -> dict[str, Any]:
    return life(category, rng_of("life", seed, category), **fixed) | {"episode_id": f"e{seed}{category}"}


def events_of(row: dict[str, Any], seed: int = 0, **facts: Any) -> list[dict[str, Any]]:
    return events.write(block_of("events", row, **{**PLAN, **facts}), random.Random(seed))["events"]


def accepted(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "event_id": event["id"], "date": event["date"].replace(".", "-")}


def asked(row: dict[str, Any], chain: list[dict[str, Any]], replies: list[Any], **fixed: Any) -> Block:
    place = len(replies)
    event, cause = chain[place], chain[place]["caused_by"] or {}
    days = (day(event) - day(chain[place - 1])).days if place else None
    facts = {
        "session_number": place + 1,
        "date": day(event).isoformat(),
        "event": event["event"],
        "interval": None if days is None else f"{days} days" if days != 1 else "1 day",
        "days_since": days,
        "experience": cause.get("experience"),
        "experience_op": cause.get("experience_op"),
        "brief": None,
        "album": [],
        "speakers": {"user": row["name"], "assistant": "AI Assistant"},
    }
    story = row | {"events": [accepted(item) for item in chain]}
    return Block("sessions", row["episode_id"], story, round=place, replies=tuple(replies), facts=facts | fixed)


def day(event: dict[str, Any]) -> date:
    return date.fromisoformat(event["date"].replace(".", "-"))


def talks_of(row: dict[str, Any], chain: list[dict[str, Any]], **fixed: Any) -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = []
    for place in range(len(chain)):
        replies.append(sessions.write(asked(row, chain, replies, **fixed), rng_of(row["episode_id"], place)))
    return replies


def images_of(reply: dict[str, Any]) -> list[dict[str, Any]]:
    return [image for turn in reply["turns"] for image in turn["images"]]


def text_of(reply: dict[str, Any], speaker: str | None = None) -> str:
    return " ".join(turn["text"] for turn in reply["turns"] if speaker in {None, turn["speaker"]})
