"""Rates drawings without a model: words of their captions, and where the drawn face is, its colours."""

from collections import Counter

import numpy as np
from PIL import Image

from stark_udfs.demo.drawings import scene
from stark_udfs.demo.drawings.catalogue import caption_index, norm, stems
from stark_udfs.demo.drawings.colours import SKIN
from stark_udfs.demo.drawings.pen import rgb
from stark_udfs.images.protocols import Pixels

SCORER = "words: TF-IDF cosine of caption and text"
EMBEDDER = "drawn head: 8 x 8 colours"
GRID = 8
HEAD = (0.36, 0.25, 0.64, 0.60)  # of a person's box: left, top, right, bottom
NEAR = 12  # summed difference of the channels up to which a colour is one of skin


def overlap(caption: str, text: str) -> float:
    """The TF-IDF cosine of two texts, in [0, 1]; how rare a word is, the shelf's captions say."""
    rarity = caption_index().weights
    most = max(rarity.values())
    one, other = Counter(stems(caption)), Counter(stems(text))
    weights = {stem: rarity.get(stem, most) for stem in one | other}
    shared = sum(one[stem] * other[stem] * weights[stem] ** 2 for stem in one & other)
    return min(1.0, shared / (norm(one, weights) * norm(other, weights)))


def head_colours(picture: Pixels) -> list[float]:
    """A unit vector of the colours of a drawn head, less their mean: 8 × 8 × 3; zeros where all are one colour.

    It tells drawn people apart, and nobody else.
    """
    head = max((cut(picture, corner) for corner in corners(picture)), key=skin_share)
    cells = Image.fromarray(head).resize((GRID, GRID), Image.Resampling.BOX)
    colours = np.asarray(cells, dtype=np.float32)
    colours = colours - colours.mean(axis=(0, 1))
    length = float(np.linalg.norm(colours)) or 1.0
    return [round(float(value), 5) for value in (colours / length).ravel()]


def corners(picture: Pixels) -> list[tuple[float, float, float]]:
    """Where a person's box may be: left and top edge and height, in units of the picture's height."""
    height, width = picture.shape[:2]
    if height == width:  # an avatar
        return [(0.0, 0.0, 1.0)]
    top, half = scene.PERSON_FOOT - scene.PERSON, scene.PERSON / 2
    return [(scene.PERSON_X - half, top, scene.PERSON), (width / height - scene.PERSON_X - half, top, scene.PERSON)]


def cut(picture: Pixels, corner: tuple[float, float, float]) -> Pixels:
    """The head in a person's box; the whole picture where the box lies outside."""
    left, top, size = corner
    unit = picture.shape[0]
    x0, x1 = (max(0, round((left + size * x) * unit)) for x in (HEAD[0], HEAD[2]))
    y0, y1 = (round((top + size * y) * unit) for y in (HEAD[1], HEAD[3]))
    head = picture[y0:y1, x0:x1]
    return head if head.size else picture


def skin_share(picture: Pixels) -> float:
    """Share of the pixels that have a colour of drawn skin."""
    tones = np.array([rgb(colour) for colour in SKIN])
    away = np.abs(picture.reshape(-1, 1, 3).astype(int) - tones).sum(axis=2)
    return float((away.min(axis=1) < NEAR).mean())
