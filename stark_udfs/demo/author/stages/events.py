"""The offline author's event sequences."""

import random

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.story import VARIANTS, Chapter, interval, plan_of, story_of


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """A reply of the shape EventsReply: dated events, each after the first with the one that led to it."""
    story = story_of(block.row, plan_of(block.facts), rng.randrange(VARIANTS))
    return {"events": [_event(story, place) for place in range(len(story))]}


def _event(story: tuple[Chapter, ...], place: int) -> dict[str, Json]:
    chapter = story[place]
    return {
        "id": place + 1,
        "date": chapter.day.strftime("%Y.%m.%d"),
        "event": chapter.event,
        "caused_by": _cause(story, place),
    }


def _cause(story: tuple[Chapter, ...], place: int) -> dict[str, Json] | None:
    chapter = story[place]
    if chapter.cause is None:
        return None
    between = sum(step.hours for step in story[chapter.cause + 1 : place + 1])
    return {
        "id": chapter.cause + 1,
        "time_interval": interval(story[chapter.cause], chapter, between),
        "experience_op": "update" if chapter.updates else "add",
        "experience": chapter.experience,
    }
