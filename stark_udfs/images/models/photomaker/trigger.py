"""The trigger word of a personalised prompt: "a photo of a woman img, reading" says whose picture the woman is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.images.protocols import Unpaintable

TRIGGER = "img"


def without_trigger(prompt: str) -> str:
    """The prompt for whoever does not read the trigger: "a photo of a woman, reading"."""
    return re.sub(rf"\s*\b{TRIGGER}\b", "", prompt).strip()


def without_person(prompt: str) -> str:
    """The prompt without the person whom the trigger marks: "a photo of a , reading"."""
    return re.sub(rf"[^\s,]+\s+{TRIGGER}\b", "", prompt).strip()


@dataclass(frozen=True)
class Frame:
    """How a tokenizer frames a text: `length` tokens in all, the first `start`, one `end`, then `pad`."""

    start: int
    end: int
    pad: int
    length: int

    def around(self, words: Sequence[int]) -> tuple[int, ...]:
        """The framed tokens; what is too long loses its last words, never its end."""
        kept = [self.start, *words[: self.length - 2], self.end]
        return (*kept, *[self.pad] * (self.length - len(kept)))


@dataclass(frozen=True)
class Triggered:
    """A prompt without its trigger.

    plain: the framed tokens.
    repeated: the framed tokens with the class word once for each face.
    places: where those class words stand in `repeated`.
    """

    plain: tuple[int, ...]
    repeated: tuple[int, ...]
    places: tuple[int, ...]


def take_out_trigger(words: Sequence[int], trigger: int, faces: int, frame: Frame) -> Triggered:
    """Take the trigger out of a prompt and remember the word before it.

    Args:
        words: the prompt's tokens without frame.
        trigger: the token of the trigger word.
        faces: pictures of the person, at least 1.
        frame: of the tokenizer.

    Raises:
        Unpaintable: no trigger, several, none with a word before it, or one past the end of what the model reads.
    """
    found = list(words).count(trigger)
    if found != 1:
        raise Unpaintable(f"the prompt has the word {TRIGGER!r} {found} times; it has to stand there once.")
    if faces < 1:
        raise Unpaintable("no face: a personalised picture needs at least one picture of the person.")
    at = list(words).index(trigger)
    if at == 0:
        raise Unpaintable(f"the prompt begins with {TRIGGER!r}; it has to follow a class word such as 'woman'.")
    before, after = list(words[:at]), list(words[at + 1 :])
    places = tuple(range(at, at + faces))  # one further than in `words`: the frame's start token
    if places[-1] > frame.length - 2:
        raise Unpaintable(f"{TRIGGER!r} stands at token {places[-1]} of the {frame.length - 2} that the model reads.")
    return Triggered(
        plain=frame.around(before + after),
        repeated=frame.around([*before, *[before[-1]] * (faces - 1), *after]),
        places=places,
    )
