"""How a model is told a sample: from a row of `training_samples`, of `summaries` or of an instruction set to one shape.

`Sample` has one image at the head, lines of dialogue and a target. What is too long loses its oldest lines; head, tail
and target stay whole.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from stark_udfs.core.errors import InputError
from stark_udfs.core.image_words import image_words

Row = Mapping[str, object]
EarlierImages = Literal["text", "pixels"]


@dataclass(frozen=True)
class Line:
    """A line of the dialogue so far, and the path of the picture it shows; None: none."""

    text: str
    image: str | None = None


@dataclass(frozen=True)
class Sample:
    """What a model is told, and what it has to answer.

    Attributes:
        sample_id: of the row it came from.
        head: what comes first: who talks, the date, the memory.
        image: path of the picture at the head: the person's face; None: none.
        lines: the dialogue so far, oldest first.
        tail: what comes last: whose turn it is.
        target: the answer; empty where a model is to give it.
        begun: how the answer begins, where a model is to go on from there.
    """

    sample_id: str
    head: str
    image: str | None
    lines: tuple[Line, ...]
    tail: str
    target: str = ""
    begun: str = ""

    def as_json(self) -> str:
        """As a column of text holds it."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Sample":
        """What `as_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            told = json.loads(text)
            return cls(**{**told, "lines": tuple(Line(**line) for line in told["lines"])})
        except (ValueError, TypeError, KeyError) as error:
            raise InputError(f"not a sample as JSON: {text[:80]!r} ({error}). Make it by Sample.as_json.") from error

    def shortened(self, lines: int) -> "Sample":
        """The same with the last `lines` lines only."""
        return replace(self, lines=self.lines[len(self.lines) - lines :] if lines else ())

    def images(self) -> list[str]:
        """Paths of the pictures in the order in which they are told."""
        first = [] if self.image is None else [self.image]
        return first + [line.image for line in self.lines if line.image is not None]

    def messages(self) -> list[dict[str, object]]:
        """The prompt as a chat template takes it: one user message of texts and images."""
        parts: list[dict[str, str]] = []
        if self.image is not None:
            parts.append({"type": "image"})
        text = [self.head]
        for line in self.lines:
            text.append(line.text)
            if line.image is not None:
                parts += [{"type": "text", "text": "\n".join(text)}, {"type": "image"}]
                text = []
        parts.append({"type": "text", "text": "\n".join([*text, self.tail])})
        return [{"role": "user", "content": parts}]


def of_dialogue(row: Row, *, earlier_images: EarlierImages = "text", face: bool = True) -> Sample:
    """A row of `training_samples`, whole or without its target.

    Args:
        row: needs name, context and speaker; session_date, interval, memory, face, target and sample_id if it has them.
        earlier_images: an image before the target as its description, or as its picture where there is one.
        face: whether the person's face is shown.

    Example:
        ```python
        of_dialogue({"name": "Hana", "session_date": date(2024, 2, 1), "interval": None, "memory": None, "face": None,
                     "context": [], "speaker": "AI Assistant"}).tail  # "AI Assistant:"
        ```
    """
    name = str(row["name"])
    shown = str(row["face"]) if face and row.get("face") else None
    since = f", {row['interval']} after the last conversation" if row.get("interval") else ""
    head = [
        f"You take part in a conversation in which images are shared. To share one, write {image_words('…')} with "
        "what it shows in place of the dots. Use it where a picture says more, and nowhere else.",
        f"The person is {name}." + (f" Today is {row['session_date']}{since}." if row.get("session_date") else ""),
    ]
    if shown:
        head.append(f"The image shows what {name} looks like.")
    if row.get("memory"):
        head.append(f"What is remembered of earlier conversations: {row['memory']}")
    head.append("The conversation so far:")
    lines = tuple(_lines(_dicts(row["context"]), earlier_images))
    return Sample(
        sample_id=str(row.get("sample_id", "")),
        head="\n".join(head),
        image=shown,
        lines=lines,
        tail=f"{row['speaker']}:",
        target=str(row.get("target", "")).strip(),
    )


def of_summary(row: Row) -> Sample:
    """A session that is to be remembered: needs name, session_date, interval, before and turns; summary if it has one.

    As in the paper, the prompt holds the memory before, the time since, the date and the dialogue.
    """
    before = str(row["before"]) if row.get("before") else "nothing yet"
    since = f", {row['interval']} after the conversation before" if row.get("interval") else ""
    head = (
        f"Keep the memory of conversations between {row['name']} and an AI assistant.\n"
        f"Memory so far: {before}\nThe conversation of {row['session_date']}{since}:"
    )
    return Sample(
        sample_id=str(row.get("sample_id", "")),
        head=head,
        image=None,
        lines=tuple(_lines(_dicts(row["turns"]), "text")),
        tail="The memory after it, 3 to 8 sentences in the third person and the past tense:",
        target=str(row.get("summary", "")),
    )


def of_instruction(record: Mapping[str, object], images: str | None) -> Iterator[Sample]:
    """The answers of one record in LLaVA's JSON form: `id`, `image`, `conversations` of `from` and `value`.

    Args:
        record: as read from JSON; what has another form gives no sample.
        images: the folder of the images; None: their names are paths.
    """
    name = record.get("image")
    path = None if not isinstance(name, str) else name if images is None else f"{images.rstrip('/')}/{name}"
    turns = [turn for turn in _dicts(record.get("conversations")) if isinstance(turn.get("value"), str)]
    for place, turn in enumerate(turns):
        if turn.get("from") != "gpt" or not place:
            continue
        told = [str(earlier["value"]).replace("<image>", "").strip() for earlier in turns[:place]]
        lines = tuple(Line(text) for text in told[:-1])
        yield Sample(f"{record.get('id', '')}:{place}", "", path, lines, told[-1], str(turn["value"]).strip())


def _lines(turns: Sequence[Row], earlier_images: EarlierImages) -> Iterator[Line]:
    for turn in turns:
        text = str(turn["text"])
        pictures: list[str] = []
        for image in _dicts(turn["images"]):
            path = image.get("path")
            if earlier_images == "pixels" and path:
                pictures.append(str(path))
            else:
                text = f"{text} {image_words(str(image['description']))}".strip()
        yield Line(f"{turn['speaker']}: {text}", pictures[0] if pictures else None)
        yield from (Line(f"{turn['speaker']}:", path) for path in pictures[1:])


def _dicts(value: object) -> list[dict[str, object]]:
    return [dict(one) for one in value if isinstance(one, Mapping)] if isinstance(value, Sequence) else []
