"""A small shelf of captioned pictures that the project draws itself, found by words: retrieval without a model.

The pictures are drawn when they are asked for, so the package carries captions alone. The shelf stands in twice: as an
image source for retrieval, and as a web search whose results say that they come from here.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from stark_udfs.core.errors import NotFound
from stark_udfs.core.ids import seed_of
from stark_udfs.demo.drawings.scene import scene_card
from stark_udfs.images.decode import Picture
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, Refused
from stark_udfs.images.web.results import WebImage

LICENCE = "CC0-1.0 (drawn by this project)"
LICENCE_URL = "https://creativecommons.org/publicdomain/zero/1.0/"
SOURCE = "offline shelf"
SCHEME = "offline-shelf:"
CREATOR = "stark offline drawing"
FUNCTION_WORDS = """
a an and are as at be by for from had has have he her his i in into is it its me my of on or our she so some that the
their them then there they this to under up was we were while with you your photo picture image showing shows
"""


@dataclass(frozen=True)
class Hit:
    """A picture that was found."""

    scene: str  # its id
    caption: str
    score: float  # cosine of the TF-IDF vectors, in (0, 1]


@dataclass(frozen=True)
class DemoCatalogue:
    """Captioned drawings. Shelves of other names hold other drawings of the same captions."""

    name: str = "retrieval"

    def scenes(self) -> dict[str, str]:
        """All captions by id."""
        return {f"scene-{n:03d}": caption for n, caption in enumerate(captions())}

    def search(self, query: str, count: int) -> list[Hit]:
        """The scenes nearest to the words, best first; none that shares no word."""
        ids = list(self.scenes())
        return [Hit(ids[n], captions()[n], score) for n, score in caption_index().nearest(query, count)]

    def picture(self, scene: str) -> Picture:
        """The drawing of a scene; NotFound if the shelf has none of that id."""
        caption = self.scenes().get(scene)
        if caption is None:
            raise NotFound(
                f"The shelf has no scene {scene[:60]!r}; they read scene-000 to scene-{len(captions()) - 1}."
            )
        return _drawn(caption, seed_of(self.name, scene))


_drawn = lru_cache(maxsize=512)(scene_card)  # both shelves, about 20 MB: a drawing is found again and again


@dataclass(frozen=True)
class DemoWebSearch:
    """A stand-in for the web: finds and gives pictures of a catalogue of its own, marked as such."""

    shelf: DemoCatalogue = DemoCatalogue("web")

    async def search(self, query: str, count: int) -> list[WebImage]:
        """At most `count` drawings, best first."""
        return [
            WebImage(
                url=f"{SCHEME}{self.shelf.name}/{hit.scene}",
                page="",
                title=hit.caption,
                licence=LICENCE,
                licence_url=LICENCE_URL,
                creator=CREATOR,
                source=SOURCE,
                width=640,
                height=480,
            )
            for hit in self.shelf.search(query, count)
        ]

    async def fetch(self, url: str) -> Fetched | Refused:
        """The drawing behind a result's URL; any other URL is refused."""
        prefix = f"{SCHEME}{self.shelf.name}/"
        if not url.startswith(prefix):
            return Refused(FetchRefusal.SCHEME, f"the offline web has {prefix}… alone")
        try:
            drawn = self.shelf.picture(url.removeprefix(prefix))
        except NotFound as error:
            return Refused(FetchRefusal.STATUS, str(error))
        return Fetched(drawn.data, drawn.width, drawn.height, drawn.format, drawn.sha256, url)


@dataclass(frozen=True)
class TextIndex:
    """Texts by TF-IDF cosine; small sets only, every search reads the postings of its words."""

    weights: dict[str, float]  # rarity of a stem
    postings: dict[str, tuple[tuple[int, float], ...]]  # stem → (text, its weight in the text)

    @classmethod
    def of(cls, texts: Sequence[str]) -> "TextIndex":
        """Index the texts; they are numbered from 0."""
        counts = [Counter(stems(text)) for text in texts]
        seen = Counter(stem for count in counts for stem in count)
        weights = {stem: math.log(1 + len(texts) / n) for stem, n in seen.items()}
        postings: dict[str, list[tuple[int, float]]] = {stem: [] for stem in weights}
        for number, count in enumerate(counts):
            length = norm(count, weights)
            for stem, n in count.items():
                postings[stem].append((number, n * weights[stem] / length))
        return cls(weights, {stem: tuple(found) for stem, found in postings.items()})

    def nearest(self, query: str, count: int) -> list[tuple[int, float]]:
        """Numbers and cosines of at most `count` texts that share a word with the query, best first."""
        asked = Counter(stem for stem in stems(query) if stem in self.weights)
        length = norm(asked, self.weights)
        scores: dict[int, float] = {}
        for stem, n in asked.items():
            for number, weight in self.postings[stem]:
                scores[number] = scores.get(number, 0.0) + n * self.weights[stem] / length * weight
        best = sorted(scores.items(), key=lambda found: (-found[1], found[0]))[:count]
        return [(number, min(1.0, score)) for number, score in best]


def norm(count: Counter[str], weights: dict[str, float]) -> float:
    """Length of a TF-IDF vector; 1 for an empty one."""
    return math.sqrt(sum((n * weights[stem]) ** 2 for stem, n in count.items())) or 1.0


def stems(text: str) -> list[str]:
    """Words without function words, plurals cut to their singular."""
    words = re.findall(r"[a-zà-ÿ]+", text.lower())
    return [stem(word) for word in words if word not in function_words() and len(word) > 1]


@cache
def function_words() -> frozenset[str]:
    """Words that say nothing of what a picture shows."""
    return frozenset(FUNCTION_WORDS.split())


def stem(word: str) -> str:
    """A plural's singular, roughly; the same cut on both sides of a comparison is what counts."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word


@cache
def captions() -> tuple[str, ...]:
    """The captions, read once per process; appended to, never reordered: their place is their id."""
    text = files("stark_udfs.demo.drawings").joinpath("data/catalogue.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line)


@cache
def caption_index() -> TextIndex:
    """The index of the captions, built once per process (about 5 ms)."""
    return TextIndex.of(captions())
