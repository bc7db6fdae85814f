"""One session as a sampled sequence of dialogue acts, each said in words that come from the episode."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from stark_udfs.demo.author.beats import Line, phrases
from stark_udfs.demo.author.grammar import content_words, render, sentence, to_you
from stark_udfs.demo.author.memory import Thread
from stark_udfs.demo.author.pictures import Shot
from stark_udfs.demo.author.story import Chapter
from stark_udfs.demo.author.voice import Voice

Who = Literal["user", "assistant"]


@dataclass(frozen=True)
class Said:
    """A turn: acts and their words, or a picture."""

    who: Who
    acts: tuple[str, ...]
    text: str
    shot: Shot | None = None


@dataclass(frozen=True)
class Scene:
    """All that a session is about. `pause` names the time since the last one: first, same, days, week, long."""

    chapter: Chapter
    voice: Voice
    pause: str
    interval: str
    event: str
    experience: str
    threads: tuple[Thread, ...]


@dataclass
class Talk:
    """A session in the making: what has been said, what is still to be answered, what is left to say."""

    scene: Scene
    rng: random.Random
    said: list[Said] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    pending: deque[tuple[str, str]] = field(default_factory=deque)  # (act to answer, the answer's words or "")
    threads: list[Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Slots once for each side: the assistant says "your" where the user says "my"."""
        chapter = self.scene.chapter
        mine = chapter.slots | {
            "top": chapter.fixed("top"), "interval": self.scene.interval,
        }  # fmt: skip
        self.slots: dict[Who, dict[str, str]] = {
            "user": mine,
            "assistant": {name: to_you(words) for name, words in mine.items()},
        }
        self.threads = list(self.scene.threads)
        self.lines = {kind: self._shuffled(chapter.lines(kind)) for kind in ("t", "q", "s", "tip")}
        self.pairs = self._shuffled(phrases()["pair"])

    def phrase(self, act: str, who: Who, **more: str) -> str:
        """One way to say an act, not used in this session before if possible."""
        lines = phrases()[act]
        fresh = [line for line in lines if line.text not in self.used] or list(lines)
        line = self.rng.choice(fresh)
        self.used.add(line.text)
        return self.words(line.text, who, **more)

    def words(self, template: str, who: Who, **more: str) -> str:
        """A template in somebody's mouth."""
        return render(template, self.rng, self.slots[who] | more)

    def next(self, kind: str) -> Line | None:
        """The next unused line of a kind."""
        lines = self.lines[kind]
        return lines.pop() if lines else None

    def before(self) -> frozenset[str]:
        """Content words of everything said so far."""
        return content_words(" ".join(turn.text for turn in self.said))

    def add(self, who: Who, moves: Sequence[tuple[str, str]], shot: Shot | None = None) -> None:
        """Add a turn out of moves (act, words)."""
        texts = [sentence(text) for _, text in moves if text]
        text = " ".join(texts)
        if who == "user" and text:
            text = self.scene.voice.say(text, self.rng)
        self.said.append(Said(who, tuple(act for act, _ in moves), text, shot))

    def _shuffled(self, lines: Sequence[Line]) -> list[Line]:
        mixed = list(lines)
        self.rng.shuffle(mixed)
        return mixed
