"""The offline author's sessions."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.beats import Beat, Line
from stark_udfs.demo.author.block import Block, items, mapping
from stark_udfs.demo.author.cast import cast_of
from stark_udfs.demo.author.direction import Brief, play
from stark_udfs.demo.author.grammar import detail_of, spoken, tidy
from stark_udfs.demo.author.memory import Thread, open_threads, pictures_of, said, said_in
from stark_udfs.demo.author.person import person_of
from stark_udfs.demo.author.pictures import Wish
from stark_udfs.demo.author.story import Chapter, bare, retold
from stark_udfs.demo.author.talk import Said, Scene, Talk
from stark_udfs.demo.author.voice import voice_of

ASSISTANT = "AI Assistant"
TURNS_MEAN, TURNS_SPREAD, TURNS = 10.5, 2.0, (7, 16)  # mean as in the paper: set, not measured
IMAGE_COUNTS, IMAGE_WEIGHTS = (1, 2, 3), (0.33, 0.48, 0.19)  # mean 1.86, as in the paper: set, not measured
INTERNET = 0.608
MARKUP = str.maketrans(dict.fromkeys("{}[]<>|", " "))


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """A reply of the shape SessionReply."""
    scene = scene_of(block)
    speakers = mapping(block.facts.get("speakers") or {})
    name = str(speakers.get("user") or block.row.get("name"))
    names = {"user": name, "assistant": str(speakers.get("assistant") or ASSISTANT)}
    about = scene.chapter.fixed("top").replace("my ", f"{name.split(' ', maxsplit=1)[0]}'s ")
    return {"turns": [_turn(turn, names, rng, about) for turn in talk_of(block, scene, rng)]}


def acts_of(block: Block, rng: random.Random) -> tuple[str, ...]:
    """The dialogue acts of the session that `write` gives for the same block and generator state."""
    turns = talk_of(block, scene_of(block), rng)
    return tuple(f"{turn.who}:{act}" for turn in turns for act in turn.acts)


def talk_of(block: Block, scene: Scene, rng: random.Random) -> list[Said]:
    """The session, turn by turn."""
    brief = _brief(block.facts, rng)
    talk = Talk(scene, rng)
    album = [mapping(item) for item in items(block.facts.get("album"))]
    shown = Counter(text for reply in block.replies for text in pictures_of(reply))
    return play(talk, brief, album, shown)


def scene_of(block: Block) -> Scene:
    """What the session is about: the author's own chapter if the event is one, else one made of the event's words."""
    row, facts = block.row, block.facts
    number = int(str(facts.get("session_number") or 1))
    events = [mapping(event) for event in items(row.get("events"))]
    days = [date.fromisoformat(str(event.get("date"))[:10].replace(".", "-")) for event in events]
    story = retold(row, [str(event.get("event")) for event in events], days)
    own = next((chapter for chapter in story if bare(chapter.event) == bare(str(facts.get("event")))), None)
    chapter = own or foreign(row, facts)
    earlier = [story[place] if place < len(story) else None for place in range(number - 1)]
    pause = facts.get("days_since")
    return Scene(
        chapter=chapter,
        voice=voice_of(chapter.cast.person),
        pause=_pause(pause if isinstance(pause, int) else None, number),
        interval=spoken(str(facts.get("interval") or "a while")),
        event=chapter.told_event if own else f'My notes say it best: "{_plain(facts.get("event"))}"',
        experience=_lived(facts, own=own is not None),
        threads=_threads(earlier, block.replies),
    )


def _lived(facts: Mapping[str, Json], *, own: bool) -> str:
    """The experience as its person says it; another author's words, perhaps in the third person, as a quotation."""
    text = _plain(facts.get("experience"))
    return text if own or not text else f'my notes put it like this: "{text}"'


def foreign(row: Mapping[str, Json], facts: Mapping[str, Json]) -> Chapter:
    """A chapter for an event that another author wrote: its words, and nothing made up about it."""
    beat = Beat(
        group="foreign",
        key=str(facts.get("session_number")),
        needs=frozenset(),
        gives="",
        gap="days",
        mood="~",
        lines={"top": (Line("what happened there"),), "ev": (Line(_plain(facts.get("event"))),)},
    )
    return Chapter(beat, date.fromisoformat(str(facts.get("date"))[:10]), None, 0, False, cast_of(person_of(row), row))


def _pause(days: int | None, number: int) -> str:
    if number == 1 or days is None:
        return "first"
    return "same" if days == 0 else "days" if days < 6 else "week" if days < 27 else "long"


def _threads(earlier: Sequence[Chapter | None], replies: Sequence[Mapping[str, Json]]) -> tuple[Thread, ...]:
    """Open threads, then pictures and people of earlier sessions as a second choice."""
    found = open_threads(earlier, replies)
    pictures = [picture for reply in replies[::-1] for picture in pictures_of(reply)]
    if pictures:
        found.append(Thread("picture", detail_of(pictures[0], random.Random(len(pictures[0]))), "", len(replies) - 1))
    for place in range(len(replies) - 1, -1, -1):
        chapter = earlier[place]
        if chapter and said(chapter.cast.fixed["friend"], said_in(replies[place])):
            found.append(Thread("friend", chapter.fixed("top"), "", place))
            break
    return tuple(found)


def _brief(facts: Mapping[str, Json], rng: random.Random) -> Brief:
    given = facts.get("brief")
    if given is None:
        return _drawn(rng)
    brief = mapping(given)
    wishes = tuple(
        Wish(str(wish.get("source")), str(wish.get("by")), bool(wish.get("reuse")))
        for wish in map(mapping, items(brief.get("images")))
    )
    return Brief("assistant" if brief.get("opener") == "assistant" else "user", int(str(brief.get("turns"))), wishes)


def _drawn(rng: random.Random) -> Brief:
    turns = min(max(round(rng.gauss(TURNS_MEAN, TURNS_SPREAD)), TURNS[0]), TURNS[1])
    wishes = []
    for _ in range(rng.choices(IMAGE_COUNTS, IMAGE_WEIGHTS)[0]):
        internet = rng.random() < INTERNET
        by = "assistant" if internet and rng.random() < 0.6 else "user"
        wishes.append(Wish("internet" if internet else "mobile", by, not internet and rng.random() < 0.25))
    return Brief("user" if rng.random() < 0.6 else "assistant", turns, tuple(wishes))


def _turn(turn: Said, names: Mapping[str, str], rng: random.Random, about: str) -> dict[str, Json]:
    images: list[Json] = [turn.shot.item(rng, about, names["user"].split(" ")[0])] if turn.shot else []
    return {"speaker": names[turn.who], "text": turn.text, "images": images}


def _plain(text: Json) -> str:
    return tidy(str(text or "").translate(MARKUP))
