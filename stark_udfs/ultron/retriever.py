"""From a description to a picture: what a retriever is, and the simplest one, by words, over a person's album."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

WORD = re.compile(r"\w+")
K1, B = 1.2, 0.75  # of BM25; the usual values (Robertson and Zaragoza 2009)


@dataclass(frozen=True)
class FoundImage:
    """A picture that may be what was asked for."""

    image_id: str
    description: str
    path: str | None
    score: float = 0.0


class ImageRetriever(Protocol):
    """Finds pictures by a description."""

    def search(self, description: str, k: int) -> Sequence[FoundImage]:
        """The best `k` pictures, best first; none where nothing fits."""
        ...


class AlbumRetriever:
    """BM25 over the descriptions of an album.

    Example:
        ```python
        AlbumRetriever([FoundImage("1", "a red kite over the sea", "images/1.png")]).search("a kite", 1)
        ```
    """

    def __init__(self, album: Sequence[FoundImage]) -> None:
        self.album = tuple(album)
        self.words = [Counter(WORD.findall(image.description.casefold())) for image in self.album]
        self.mean = sum(sum(words.values()) for words in self.words) / max(1, len(self.words))
        self.holders = Counter(word for words in self.words for word in words)

    def search(self, description: str, k: int) -> list[FoundImage]:
        """As of `ImageRetriever`; equal scores in the order of ids."""
        asked = set(WORD.findall(description.casefold()))
        scored = [
            FoundImage(image.image_id, image.description, image.path, self._score(asked, words))
            for image, words in zip(self.album, self.words, strict=True)
        ]
        found = [image for image in scored if image.score > 0]
        return sorted(found, key=lambda image: (-image.score, image.image_id))[:k]

    def _score(self, asked: set[str], words: Counter[str]) -> float:
        length = sum(words.values()) / max(1.0, self.mean)
        total = 0.0
        for word in asked & words.keys():
            held = self.holders[word]
            rarity = math.log(1 + (len(self.album) - held + 0.5) / (held + 0.5))
            total += rarity * words[word] * (K1 + 1) / (words[word] + K1 * (1 - B + B * length))
        return total
