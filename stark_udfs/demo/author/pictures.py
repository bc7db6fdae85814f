"""Pictures that are shared in a session: what they show, why they come up, what one says about them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.beats import Line, beats
from stark_udfs.demo.author.grammar import content_words, detail_of, overlap, render
from stark_udfs.demo.author.story import LIFE, Chapter

FAMILIAR = 1 / 3  # more of a picture's words than this must not have been said before it
OFTEN = 2  # times that a picture of the phone comes up in an episode at most
PHONE = ("", "", ", a little out of focus", ", taken from above", ", slightly tilted", ", a thumb at the edge",
         ", framed by a doorway", ", half in shadow", ", shot through a window", ", the flash reflected",
         ", cropped rather close", ", taken from a low angle")  # fmt: skip
WEB = ("", "", ", in faded colours", ", printed in two colours", ", with a torn lower edge",
       ", a museum number in one corner", ", on yellowed paper", ", in crisp black and white",
       ", with handwritten remarks", ", as a wide panorama", ", scanned a little askew")  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """A picture to be shared in a session. `album_id` is set where it comes from the phone's album."""

    description: str
    eye: str
    source: str
    by: str
    album_id: str | None = None

    def item(self, rng: random.Random, about: str, name: str) -> dict[str, Json]:
        """The picture as a reply's item. `about`: what is being talked about."""
        return {
            "description": self.description,
            "rationale": _rationale(self, rng, about, name),
            "source": self.source,
            "keywords": _keywords(self.description),
            "album_id": self.album_id,
        }


@dataclass(frozen=True)
class Wish:
    """A picture that the brief asks for."""

    source: str
    by: str
    reuse: bool


def choose(
    wish: Wish,
    chapter: Chapter,
    *,
    album: Sequence[Mapping[str, Json]],
    shown: Mapping[str, int],
    used: frozenset[str],
    before: frozenset[str],
    rng: random.Random,
) -> Shot:
    """The picture for a wish, new to the words before it.

    shown: descriptions shared in this episode before, and how often; used: album pictures shared in this session.
    """
    if wish.reuse and wish.source == "mobile":
        again = _from_album(
            [item for item in album if shown.get(str(item.get("description")), 0) < OFTEN], before, used, rng
        )
        if again:
            return again
    fallback: Shot | None = None
    for line in _scenes("m" if wish.source == "mobile" else "i", chapter, rng):
        shot = _made(line, wish, chapter, rng)
        if _seen(shot.description, shown):
            continue
        if overlap(shot.description, before) <= FAMILIAR:
            return shot
        fallback = fallback or shot
    return fallback or _made(
        rng.choice(_scenes("m" if wish.source == "mobile" else "i", chapter, rng)), wish, chapter, rng
    )


def _from_album(
    album: Sequence[Mapping[str, Json]], before: frozenset[str], used: frozenset[str], rng: random.Random
) -> Shot | None:
    """A picture of the album that was not shown in this session; those of earlier sessions and the first ones first."""
    items = [item for item in album if str(item.get("handle")) not in used]
    near = [item for item in items if item.get("category") == "shared" or str(item.get("handle")) in {"a1", "a2"}]
    rng.shuffle(items)
    rng.shuffle(near)
    for item in [*near, *items]:
        description = str(item.get("description"))
        if overlap(description, before) <= FAMILIAR:
            return Shot(description, detail_of(description, rng), "mobile", "user", str(item.get("handle")))
    return None


def _scenes(kind: str, chapter: Chapter, rng: random.Random) -> list[Line]:
    """The chapter's own scenes first, then others from the same side of life, the rest of life last."""
    state = chapter.cast.state(chapter.day)
    own = list(chapter.lines(kind))
    near = _lines(chapter.cast.group, kind, state, own)
    far = _lines(LIFE, kind, state, own)
    for lines in (own, near, far):
        rng.shuffle(lines)
    return own + near + far


def _lines(group: str, kind: str, state: frozenset[str], without: Sequence[Line]) -> list[Line]:
    return [line for beat in beats(group) if beat.fits(state) for line in beat.of(kind, state) if line not in without]


def _made(line: Line, wish: Wish, chapter: Chapter, rng: random.Random) -> Shot:
    slots = chapter.slots
    end = rng.choice(PHONE if wish.source == "mobile" else WEB)
    text = render(line.text, rng, slots) + end
    return Shot(text[:1].upper() + text[1:], render(line.second, rng, slots), wish.source, wish.by)


def _seen(description: str, shown: Mapping[str, int]) -> bool:
    words = content_words(description)
    return any(len(words & content_words(old)) > len(words) / 2 for old in shown)


def _keywords(description: str) -> list[Json]:
    words = [word.strip(",.\"'").lower() for word in description.split()]
    picked = [word for word in dict.fromkeys(words) if len(word) > 3 and word.isalpha() and content_words(word)]
    return list(picked[:4]) or ["picture"]


def _rationale(shot: Shot, rng: random.Random, about: str, name: str) -> str:
    if shot.album_id:
        ways: tuple[str, ...] = (
            f"{name} remembers an older photo on the phone that goes with {about}.",
            f"An earlier picture from the album says more about {about} than words.",
        )
    elif shot.by == "assistant":
        ways = (
            f"To add something to {about} that {name} may enjoy.",
            f"A picture from the web that picks up the mood of {about} for {name}.",
            f"To give {name} something to smile at while talking about {about}.",
        )
    elif shot.source == "internet":
        ways = (
            f"{name} found a picture online that goes with {about}.",
            f"To show what came to mind on reading about {about}.",
        )
    else:
        ways = (
            f"To let the assistant see a moment from {about}.",
            f"{name} wants to show what it really looked like.",
            f"A photo makes {about} easier to picture.",
        )
    return rng.choice(ways)
