"""What earlier sessions left to come back to: intentions, worries, pictures, people, as far as they were said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import items, mapping
from stark_udfs.demo.author.grammar import content_words
from stark_udfs.demo.author.story import Chapter

SAID = 0.7  # share of a phrase's content words that must have been said for it to count as said


@dataclass(frozen=True)
class Thread:
    """Something open from an earlier session. `kind`: n (intention), w (worry), picture, friend."""

    kind: str
    text: str
    outcome: str
    session: int


def turns_of(reply: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The turns of a session's reply."""
    return [mapping(turn) for turn in items(reply.get("turns"))]


def pictures_of(reply: Mapping[str, Json]) -> list[str]:
    """The descriptions of the pictures in a session."""
    return [str(mapping(image).get("description")) for turn in turns_of(reply) for image in items(turn.get("images"))]


def said_in(reply: Mapping[str, Json]) -> frozenset[str]:
    """Content words of a session's turns."""
    return content_words(" ".join(str(turn.get("text")) for turn in turns_of(reply)))


def said(phrase: str, words: frozenset[str]) -> bool:
    """Whether most of a phrase stands among the words."""
    own = content_words(phrase)
    return bool(own) and len(own & words) / len(own) >= SAID


def open_threads(chapters: Sequence[Chapter | None], replies: Sequence[Mapping[str, Json]]) -> list[Thread]:
    """Intentions and worries that were spoken of and not closed since, newest first.

    chapters: those of the earlier sessions, None where the event is not one of the author's own.
    """
    words = [said_in(reply) for reply in replies]
    found: list[Thread] = []
    since: frozenset[str] = frozenset()
    for place in range(len(replies) - 1, -1, -1):
        chapter = chapters[place] if place < len(chapters) else None
        for kind in ("n", "w"):
            if chapter is None:
                break
            text, outcome = chapter.fixed(kind), chapter.fixed(kind, second=True)
            if text and outcome and said(text, words[place]) and not said(outcome, since):
                found.append(Thread(kind, text, outcome, place))
        since |= words[place]
    return found
