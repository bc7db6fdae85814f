"""Small benchmarks and systems that tests ask about."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn

THINGS = ("dog", "kettle", "bicycle", "river", "letter", "cake", "violin", "ladder", "tent", "shoe", "map", "owl",
          "bridge", "clock", "lamp", "drum", "boat", "fence", "scarf", "stove")  # fmt: skip
PLACES = ("park", "kitchen", "yard", "valley", "desk", "table", "stage", "roof", "field", "hall", "wall", "barn",
          "bay", "tower", "porch", "street", "quay", "lane", "shop", "attic")  # fmt: skip


def said(*texts: str, target: str, group: str = "", **more: object) -> Query:
    """A query whose turns are of Ana and Ben in turn; Ana shares."""
    turns = tuple(Turn(("Ana", "Ben")[(len(texts) - 1 - at) % 2], text) for at, text in enumerate(texts))
    return Query(f"{target}:{texts[-1]}", turns, target, group, "Ana", **more)  # type: ignore[arg-type]


def benchmark(*pairs: tuple[Query, str], extra: Sequence[str] = ()) -> Benchmark:
    """Queries with the captions of their targets, and captions that nobody is after."""
    captions = dict.fromkeys((query.target, caption) for query, caption in pairs)
    candidates = [Candidate(target, caption) for target, caption in captions]
    candidates += [Candidate(f"x{at}", caption) for at, caption in enumerate(extra)]
    return Benchmark("Small", "test", tuple(query for query, _ in pairs), tuple(candidates))


def lessons(count: int, code: dict[str, str], start: int = 0) -> Benchmark:
    """Dialogues that name a thing by a code word which captions do not hold: only training can find the image."""
    pairs = []
    for at in range(start, start + count):
        thing, place = THINGS[at % 20], PLACES[at // 20 % 20]
        query = said(
            "what is new", f"I have the {code[thing]} here, near the {code[place]}", target=f"i{at}", group=f"g{at}"
        )
        pairs.append((query, f"A {thing} by the {place}"))
    return benchmark(*pairs)


CODE = {word: f"{word[::-1]}ix" for word in (*THINGS, *PLACES)}


@dataclass(frozen=True)
class Given:
    """A system with the scores that it is given."""

    name: str
    scores: Sequence[Sequence[float]]

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> np.ndarray:
        return np.array(self.scores, dtype=np.float32)


@dataclass(frozen=True)
class Letters:
    """A text encoder of three dimensions: how often a, e and o stand in a text."""

    name: str = "letters"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[text.lower().count(letter) for letter in "aeo"] for text in texts], dtype=np.float32)
        return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
