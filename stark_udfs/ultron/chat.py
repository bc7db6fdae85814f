"""A conversation with a person's assistant, over several sessions: memory from a table, pictures from the album."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

from stark_udfs.core.errors import NotFound
from stark_udfs.core.ids import seed_of
from stark_udfs.core.image_words import ASSISTANT, read_turn
from stark_udfs.tables.address import address
from stark_udfs.ultron.retriever import FoundImage, ImageRetriever
from stark_udfs.ultron.samples import Row, Sample, of_dialogue, of_summary
from stark_udfs.ultron.source import Source, Where

MEMORIES = "chat_memories"  # table of sessions that were talked with `stark chat`
WORD, FEWEST = re.compile(r"\w+"), 3  # words of a memory: with fewer a model has written none
LINE_LIMIT, TURNS_LIMIT = 2000, 200  # characters of what a person types; turns of a session


class Model(Protocol):
    """Whoever takes the assistant's turn, or writes a memory."""

    def answer(self, sample: Sample, *, seed: int) -> str:
        """The text, with the words that ask for an image."""
        ...


@dataclass(frozen=True)
class Person:
    """Whose assistant it is.

    Attributes:
        episode_id: of the tables.
        name: of the person.
        memory: of all sessions before; None: none.
        last: day of the last session; None: there is none.
        chats: sessions that were talked here before.
        face: path of the face's picture; None: nobody is shown.
        album: the pictures on the phone.
    """

    episode_id: str
    name: str
    memory: str | None
    last: date | None
    chats: int
    face: str | None
    album: tuple[FoundImage, ...]


@dataclass(frozen=True)
class Shown:
    """A turn of the assistant: its words, and for each image that it asks for what was found; None: nothing was."""

    text: str
    images: tuple[tuple[str, FoundImage | None], ...]


@dataclass
class Conversation:
    """One session, as it goes on."""

    person: Person
    model: Model
    retriever: ImageRetriever
    today: date
    seed: int = 42
    turns: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str) -> Shown:
        """The person's turn, and what the assistant answers.

        Args:
            text: as typed; longer ones are cut at 2,000 characters.
        """
        self.turns.append({"speaker": self.person.name, "text": text[:LINE_LIMIT], "images": []})
        draw = seed_of(self.seed, self.person.episode_id, self.person.chats, len(self.turns))
        said, asked = read_turn(self.model.answer(of_dialogue(self._row()), seed=draw))
        found = [(words, next(iter(self.retriever.search(words, 1)), None)) for words in asked]
        images = [
            {"description": words, "image_id": None if image is None else image.image_id} for words, image in found
        ]
        self.turns.append({"speaker": ASSISTANT, "text": said, "images": images})
        return Shown(said, tuple(found))

    def memory(self, writer: Model | None) -> str:
        """What stays of the session: written by the summariser, or without one a list of what was said and shown."""
        row = self._row()
        if writer is not None:
            told = {**row, "before": self.person.memory, "turns": self.turns}
            written = " ".join(writer.answer(of_summary(told), seed=self.seed).split())[:3000]
            if len(WORD.findall(written)) >= FEWEST:
                return written
        return listed(self.person, self.today, self.turns)

    def _row(self) -> Row:
        return {
            "name": self.person.name,
            "session_date": self.today,
            "interval": since(self.person.last, self.today),
            "memory": self.person.memory,
            "face": self.person.face,
            "context": self.turns[-TURNS_LIMIT:],
            "speaker": ASSISTANT,
        }


def since(last: date | None, today: date) -> str | None:
    """How long ago the last session was, in words; None: there was none, or it was in the future."""
    if last is None or last > today:
        return None
    days = (today - last).days
    for unit, length in (("year", 365), ("month", 30), ("week", 7), ("day", 1)):
        if days >= length:
            count = days // length
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a few hours"


def listed(person: Person, today: date, turns: Sequence[Row], limit: int = 3000) -> str:
    """A memory without a model: the memory before, then the person's own words and the pictures, newest kept."""
    said = [str(turn["text"]) for turn in turns if turn["speaker"] == person.name and turn["text"]]
    shown = [str(image["description"]) for turn in turns for image in turn["images"]]  # type: ignore[attr-defined]
    new = f"On {today}, {person.name} said: {' / '.join(said)}"
    if shown:
        new += f". The assistant showed: {' / '.join(shown)}"
    return f"{person.memory or ''} {new}".strip()[-limit:]


def person_of(root: str, files: str, episode_id: str) -> Person:
    """A person out of the tables.

    Raises:
        NotFound: there is no such episode, or it has no session yet.
        StorageError: a table is not there.
    """
    mine = {"episode_id": episode_id}
    named = list(Source(root, "narratives").rows(["name"], mine))
    sessions = list(Source(root, "sessions").rows(["session_number", "session_date", "album_after"], mine))
    if not named or not sessions:
        raise NotFound(f"episode {episode_id} has no sessions: `stark trace {episode_id}` tells how far it came.")
    last = max(sessions, key=lambda row: int(str(row["session_number"])))
    summaries = _optional(root, "summaries", ["session_number", "summary"], mine)
    newest = max(summaries, key=lambda row: int(str(row["session_number"])), default=None)
    chats = sorted(_chats(root, mine), key=lambda row: int(str(row["chat_number"])))
    where = {
        str(row["image_id"]): str(row["path"])
        for row in _optional(root, "images", ["image_id", "path", "chosen"], mine)
        if row["chosen"] and row["path"]
    }
    faces = [str(row["path"]) for row in _optional(root, "faces", ["path"], mine)]
    album = last["album_after"]
    return Person(
        episode_id=episode_id,
        name=str(named[0]["name"]),
        memory=str(chats[-1]["memory"]) if chats else None if newest is None else str(newest["summary"]),
        last=_day(chats[-1]["chat_date"]) if chats else _day(last["session_date"]),
        chats=len(chats),
        face=f"{files.rstrip('/')}/{faces[0]}" if faces else None,
        album=tuple(
            FoundImage(
                str(image["image_id"]), str(image["description"]), _path(files, where.get(str(image["image_id"])))
            )
            for image in (album if isinstance(album, list) else [])
        ),
    )


def keep(root: str, conversation: Conversation, memory: str) -> None:
    """Add a session to `chat_memories`, made with the first."""
    import pyarrow as pa
    from deltalake import write_deltalake

    person = conversation.person
    row = {
        "episode_id": person.episode_id,
        "chat_number": person.chats + 1,
        "chat_date": conversation.today,
        "turns": json.dumps(conversation.turns, ensure_ascii=False),
        "memory": memory,
        "written_at": datetime.now().astimezone().isoformat(timespec="seconds"),
    }
    write_deltalake(address(root, MEMORIES), pa.Table.from_pylist([row]), mode="append")


def _chats(root: str, mine: Where) -> list[Row]:
    return _optional(root, MEMORIES, ["chat_number", "chat_date", "memory"], mine)


def _optional(root: str, table: str, columns: list[str], mine: Where) -> list[Row]:
    """Rows of a table that need not be there."""
    if not (Path(address(root, table)) / "_delta_log").exists():
        return []
    return list(Source(root, table).rows(columns, mine))


def _path(files: str, path: str | None) -> str | None:
    return None if path is None else f"{files.rstrip('/')}/{path}"


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


class Trained:
    """A trained model as a `Model`."""

    def __init__(self, folder: str | Path) -> None:
        from stark_udfs.ultron.generate import Ultron

        self.ultron = Ultron.load(folder)

    def answer(self, sample: Sample, *, seed: int) -> str:
        """As of `Model`."""
        return self.ultron.answer([sample], seed=seed)[0]


class Served:
    """Any OpenAI-protocol server as a `Model`; `ask` sends messages and gives the text back."""

    def __init__(self, ask: Callable[[list[dict[str, Any]], int], str]) -> None:
        self.ask = ask

    def answer(self, sample: Sample, *, seed: int) -> str:
        """As of `Model`; pictures go as data URLs."""
        parts: list[dict[str, Any]] = []
        images = iter(sample.images())
        content = sample.messages()[0]["content"]
        for part in content if isinstance(content, list) else []:
            if part["type"] == "image":
                parts.append({"type": "image_url", "image_url": {"url": data_url(next(images))}})
            else:
                parts.append(part)
        return self.ask([{"role": "user", "content": parts}], seed % 2**31)


def data_url(path: str) -> str:
    """A picture as a data URL of a JPEG, at most 1,024 px wide or high."""
    import base64
    import io

    from stark_udfs.ultron.training.collate import picture

    image = picture(path)
    image.thumbnail((1024, 1024))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=90)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode('ascii')}"
