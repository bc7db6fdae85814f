"""Whether pictures of a person look like that person: likeness to their own face, less likeness to others' faces.

Raw similarity says little: two young women in front of a bookshelf are alike. So each person is compared with people of
the same group, such as gender and age band, and the difference is what counts. Around 0, nobody is recognised.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.core.ids import seed_of
from stark_udfs.images.protocols import Box, Embedder, FaceFinder, Pixels, Vectors

MARGIN = 0.25  # of the box's sides: hair and chin belong to a likeness


@dataclass(frozen=True, eq=False)
class Portrait:
    """A person's face and the pictures that should show them; people of one `group`, such as "female 30-40", meet."""

    person: str
    group: str
    face: Pixels
    pictures: tuple[Pixels, ...]


@dataclass(frozen=True)
class Likeness:
    """Mean cosine of a person's pictures with their own face and with `compared` other faces of the group."""

    person: str
    own: float
    others: float
    compared: int

    @property
    def margin(self) -> float:
        """In [-2, 2]; over 0: the pictures are more like their own person than like others."""
        return self.own - self.others


@dataclass(frozen=True)
class NotCompared:
    """A person whose likeness cannot be told, and why."""

    person: str
    why: str


def likenesses(
    portraits: Sequence[Portrait], embedder: Embedder, *, finder: FaceFinder | None = None, others: int = 8
) -> list[Likeness | NotCompared]:
    """The likeness of each person, in the order given.

    Args:
        portraits: of all people who may be compared, each person once.
        embedder: of pictures; one that was trained on faces tells people apart best.
        finder: pictures are cut to their largest face first; None: compared whole.
        others: faces of the group that a person is compared with, at most; drawn by the person's name.
    """
    faces = _embed([portrait.face for portrait in portraits], embedder, finder)
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, portrait in enumerate(portraits):
        groups[portrait.group].append(at)
    results: list[Likeness | NotCompared] = []
    for at, portrait in enumerate(portraits):
        peers = _drawn(portraits, [peer for peer in groups[portrait.group] if peer != at], portrait.person, others)
        if not portrait.pictures:
            results.append(NotCompared(portrait.person, "no picture"))
        elif not peers:
            results.append(NotCompared(portrait.person, f"nobody else in {portrait.group}"))
        else:
            shown = _embed(portrait.pictures, embedder, finder)
            own, strange = float((shown @ faces[at]).mean()), float((shown @ faces[peers].T).mean())
            results.append(Likeness(portrait.person, own, strange, len(peers)))
    return results


@dataclass(frozen=True)
class FaceCount:
    """How many faces a picture should have and how many were found."""

    expected: int
    found: int

    @property
    def agrees(self) -> bool:
        """Whether it has as many as it should."""
        return self.expected == self.found


def count_faces(pictures: Sequence[Pixels], expected: Sequence[int], finder: FaceFinder) -> list[FaceCount]:
    """Faces found against faces expected, picture by picture."""
    return [FaceCount(wanted, len(boxes)) for wanted, boxes in zip(expected, finder.find(pictures), strict=True)]


def cut_to_face(picture: Pixels, boxes: Sequence[Box]) -> Pixels:
    """The largest face with a margin around it; the whole picture where there is none."""
    if not boxes:
        return picture
    box = max(boxes, key=lambda box: box.area)
    x, y = round((box.right - box.left) * MARGIN), round((box.bottom - box.top) * MARGIN)
    cut = picture[max(0, box.top - y) : box.bottom + y, max(0, box.left - x) : box.right + x]
    return cut if cut.size else picture


def _embed(pictures: Sequence[Pixels], embedder: Embedder, finder: FaceFinder | None) -> Vectors:
    if finder is not None and pictures:
        pictures = [cut_to_face(*pair) for pair in zip(pictures, finder.find(pictures), strict=True)]
    return embedder.embed_pictures(pictures)


def _drawn(portraits: Sequence[Portrait], peers: Sequence[int], person: str, count: int) -> list[int]:
    return sorted(peers, key=lambda peer: seed_of(person, portraits[peer].person, "likeness"))[:count]
