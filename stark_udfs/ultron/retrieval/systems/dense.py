"""Ranking by the cosine of a dialogue's vector and a candidate's, whatever made them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from stark_udfs.ultron.retrieval.benchmark import Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.queries import LAST_TURN, QueryForm
from stark_udfs.ultron.retrieval.ranking import Vectors
from stark_udfs.ultron.retrieval.systems import System, TextEncoder


@dataclass(frozen=True)
class DenseText:
    """A text bi-encoder: dialogue against caption."""

    encoder: TextEncoder
    form: QueryForm = LAST_TURN

    @property
    def name(self) -> str:
        """Encoder and query form."""
        return f"{self.encoder.name}, {self.form.name}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        captions = self.encoder.encode([candidate.caption for candidate in candidates])
        return query_vectors(self.encoder, self.form, queries) @ captions.T


@dataclass(frozen=True)
class Described:
    """A model says what the image shows, and its words are searched for: the way of Ultron and of DribeR.

    describe: one description per query, in their order.
    picture_vectors: of the candidates; None: their captions are encoded. With CLIP these are its pictures.
    """

    label: str
    describe: Callable[[Sequence[Query]], Sequence[str]]
    encoder: TextEncoder
    picture_vectors: Callable[[Sequence[Candidate]], Vectors] | None = None

    @property
    def name(self) -> str:
        """Who describes, and what ranks."""
        return f"{self.label} → {self.encoder.name}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        described = self.encoder.encode(list(self.describe(queries)))
        if self.picture_vectors is not None:
            return described @ self.picture_vectors(candidates).T
        return described @ self.encoder.encode([candidate.caption for candidate in candidates]).T


@dataclass(frozen=True)
class Centred:
    """A system whose candidates lose what they score for any dialogue at all: a caption near to everything is no hit.

    background: queries from other dialogues, as of the training data; the mean of their scores is taken away.
    """

    system: System
    background: tuple[Query, ...]
    strength: float = 1.0

    @property
    def name(self) -> str:
        """Of the system, and that it is centred."""
        return f"{self.system.name}, centred"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        usual = self.system.score(self.background, candidates).mean(axis=0)
        return np.asarray(self.system.score(queries, candidates) - np.float32(self.strength) * usual, dtype=np.float32)


@dataclass(frozen=True)
class Fused:
    """A weighted sum of systems, each brought to mean 0 and deviation 1 over the pool of a query."""

    parts: tuple[tuple[System, float], ...]

    @property
    def name(self) -> str:
        """Of the parts, with their weights."""
        return " + ".join(f"{weight:g} × ({system.name})" for system, weight in self.parts)

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        total = np.zeros((len(queries), len(candidates)), dtype=np.float32)
        for system, weight in self.parts:
            total += np.float32(weight) * standardised(system.score(queries, candidates))
        return total


def standardised(scores: Scores) -> Scores:
    """Each row with mean 0 and deviation 1; a row of equal scores becomes zeros."""
    middle = scores - scores.mean(axis=1, keepdims=True)
    deviation = middle.std(axis=1, keepdims=True)
    divided = np.divide(middle, deviation, out=np.zeros_like(middle), where=deviation > 1e-9)
    return np.asarray(divided, dtype=np.float32)


def query_vectors(encoder: TextEncoder, form: QueryForm, queries: Sequence[Query]) -> Vectors:
    """One unit vector per query: of its text, or of the weighted sum of its turns. Equal texts are encoded once."""
    parts = [form.parts(query) for query in queries]
    texts = sorted({text for part in parts for text, _ in part})
    places = {text: at for at, text in enumerate(texts)}
    vectors = encoder.encode(texts)
    summed = np.stack([sum(np.float32(weight) * vectors[places[text]] for text, weight in part) for part in parts])
    return unit(summed)


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))
