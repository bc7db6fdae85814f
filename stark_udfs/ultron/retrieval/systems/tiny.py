"""A dual encoder so small that it is trained in seconds without a GPU or a framework: hashed n-grams, two projections.

Both towers begin as one random projection, so that before training a score is about the share of common words and
parts of words (Johnson & Lindenstrauss 1984); training moves the towers apart. Features are hashed (Weinberger et al.
2009), the loss is the in-batch softmax in both directions, the optimiser Adam (Kingma & Ba 2015). Equal data and seed
give equal weights on one machine.
"""

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import seed_of
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.pairs import batches, false_negatives, pairs_of
from stark_udfs.ultron.retrieval.queries import QueryForm
from stark_udfs.ultron.retrieval.ranking import Vectors
from stark_udfs.ultron.retrieval.systems.dense import unit
from stark_udfs.ultron.retrieval.text_metrics import tokens

if TYPE_CHECKING:
    from scipy import sparse

Weights = npt.NDArray[np.float32]  # (features, dims)
FORM = QueryForm(turns=None, weights=(1.0, 0.1))


@dataclass(frozen=True)
class TinySettings:
    """Sizes and training.

    features: buckets of the hash; parts: lengths of parts of words.
    pull: how strongly weights are held to where they began, which is what keeps words that no pair has taught.
    """

    features: int = 1 << 13
    dims: int = 256
    parts: tuple[int, ...] = (4,)
    epochs: int = 4
    batch: int = 64
    learning_rate: float = 1e-3
    scale: float = 12.0
    pull: float = 1e-2
    hard: int = 2
    seed: int = 0


@dataclass(frozen=True)
class TinyDualEncoder:
    """The trained retriever: a tower for dialogues, a tower for captions."""

    settings: TinySettings
    asked: Weights
    shown: Weights
    rarity: npt.NDArray[np.float32]  # (features,)
    trained: bool = True

    @property
    def name(self) -> str:
        """With its size."""
        said = "trained" if self.trained else "before training"
        return f"tiny dual encoder, {self.settings.features} × {self.settings.dims}, {said}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`."""
        captions = [[(candidate.caption, 1.0)] for candidate in candidates]
        return self.embed(self.asked, [FORM.parts(query) for query in queries]) @ self.embed(self.shown, captions).T

    def embed(self, tower: Weights, texts: Sequence[Sequence[tuple[str, float]]]) -> Vectors:
        """Unit vectors of weighted texts."""
        return unit(np.asarray(features(texts, self.settings, self.rarity) @ tower, dtype=np.float32))

    def save(self, file: Path) -> None:
        """Write everything that `load` needs: arrays alone, nothing that runs code."""
        numbers = {name: getattr(self.settings, name) for name in TinySettings.__dataclass_fields__}
        np.savez_compressed(file, asked=self.asked, shown=self.shown, rarity=self.rarity, **numbers)

    @classmethod
    def load(cls, file: Path) -> "TinyDualEncoder":
        """Read what `save` wrote.

        Raises:
            InputError: it is none.
        """
        try:
            with np.load(file, allow_pickle=False) as found:
                values = {name: found[name].tolist() for name in TinySettings.__dataclass_fields__}
                settings = TinySettings(**{**values, "parts": tuple(values["parts"])})
                return cls(settings, found["asked"], found["shown"], found["rarity"])
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{file}: not a retriever that was saved here: {error}") from error


def untrained(data: Benchmark, settings: TinySettings = TinySettings()) -> TinyDualEncoder:
    """The encoder before training: a random projection, and how rare each feature is in the texts of `data`."""
    texts = {candidate.caption for candidate in data.candidates}
    texts |= {turn.text for query in data.queries for turn in query.context}
    plain = features([[(text, 1.0)] for text in sorted(texts)], settings, np.ones(settings.features, np.float32))
    held = np.asarray((plain > 0).sum(axis=0)).ravel()
    rarity = np.log((1 + len(texts)) / (1 + held)).astype(np.float32)
    rng = np.random.default_rng(seed_of(settings.seed, "tiny"))
    start = rng.standard_normal((settings.features, settings.dims)).astype(np.float32) / np.sqrt(settings.dims)
    return TinyDualEncoder(settings, start.astype(np.float32), start.astype(np.float32), rarity, trained=False)


def train(data: Benchmark, settings: TinySettings = TinySettings()) -> tuple[TinyDualEncoder, list[float]]:
    """Train on the queries of `data`: the encoder, and the mean loss of each epoch.

    Raises:
        InputError: there is nothing to tell captions from, or the loss is no number.
    """
    before = untrained(data, settings)
    pairs = pairs_of(data, hard=settings.hard, seed=settings.seed)
    asked = features([FORM.parts(query) for query in data.queries], settings, before.rarity)
    texts = sorted({caption for pair in pairs for caption in (pair.caption, *pair.negatives)})
    places = {text: at for at, text in enumerate(texts)}
    shown = features([[(text, 1.0)] for text in texts], settings, before.rarity)
    towers = [_Adam(before.asked, settings), _Adam(before.shown, settings)]
    losses = []
    for epoch in range(settings.epochs):
        found = []
        for batch in batches(len(pairs), settings.batch, seed=settings.seed, epoch=epoch):
            targets = [pairs[at].caption for at in batch]
            offered = targets + [text for at in batch for text in pairs[at].negatives]
            wrong = false_negatives(targets, offered)
            made = _Batch(asked[batch], shown[[places[text] for text in offered]], wrong)
            loss, gradients = _step(made, towers[0].weights, towers[1].weights, settings.scale)
            for tower, gradient in zip(towers, gradients, strict=True):
                tower.move(gradient)
            found.append(loss)
        losses.append(float(np.mean(found)))
    if not np.isfinite(losses).all():
        raise InputError("tiny retriever: the loss is no number any more. Lower the learning rate.")
    return TinyDualEncoder(settings, towers[0].weights, towers[1].weights, before.rarity), losses


def features(
    texts: Sequence[Sequence[tuple[str, float]]], settings: TinySettings, rarity: npt.NDArray[np.float32]
) -> "sparse.csr_matrix":
    """(texts, features): square roots of weighted counts times rarity, rows of length 1."""
    from scipy import sparse

    rows, columns, values = [], [], []
    for row, parts in enumerate(texts):
        counts: Counter[int] = Counter()
        for text, weight in parts:
            for mark in marks(text, settings.parts):
                counts[zlib.crc32(mark.encode()) % settings.features] += weight  # type: ignore[assignment]
        weights = {column: float(np.sqrt(count)) * float(rarity[column]) for column, count in counts.items()}
        length = float(np.sqrt(sum(value * value for value in weights.values()))) or 1.0
        for column, value in weights.items():
            rows.append(row)
            columns.append(column)
            values.append(value / length)
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(texts), settings.features), dtype=np.float32)


def marks(text: str, parts: Sequence[int]) -> list[str]:
    """Words, pairs of words, and parts of words with their edges."""
    words = tokens(text)
    pieces = [f"#{word}#"[at : at + size] for word in words for size in parts for at in range(len(word) + 3 - size)]
    return [*words, *(f"{first} {second}" for first, second in pairwise(words)), *pieces]


@dataclass(frozen=True)
class _Batch:
    """Features of dialogues and of captions, the first of which are theirs; `wrong`: captions that must not count."""

    asked: "sparse.csr_matrix"
    shown: "sparse.csr_matrix"
    wrong: npt.NDArray[np.bool_]


def _step(batch: _Batch, one: Weights, other: Weights, scale: float) -> tuple[float, tuple[Weights, Weights]]:
    """Loss of a batch and its gradients by the two towers."""
    raw_a, raw_b = batch.asked @ one, batch.shown @ other
    a, b = unit(raw_a), unit(raw_b)
    scores = scale * (a @ b.T)
    scores[batch.wrong] = -np.inf
    size = len(a)
    rows = _softmax(scores)
    back = _softmax(scores[:, :size].T).T
    right = np.arange(size)
    loss = -float(np.log(rows[right, right] + 1e-12).mean() + np.log(back[right, right] + 1e-12).mean()) / 2
    slope = rows.copy()
    slope[:, :size] += back
    slope[right, right] -= 2
    slope *= scale / (2 * size)
    by_one, by_other = _through_unit(raw_a, a, slope @ b), _through_unit(raw_b, b, slope.T @ a)
    return loss, (batch.asked.T @ by_one, batch.shown.T @ by_other)


def _through_unit(raw: Vectors, found: Vectors, gradient: Vectors) -> Vectors:
    """The gradient before rows were brought to length 1."""
    lengths = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-6)
    return np.asarray((gradient - found * (gradient * found).sum(axis=1, keepdims=True)) / lengths, dtype=np.float32)


def _softmax(scores: Scores) -> Scores:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


class _Adam:
    """Weights and the two moments of their gradients."""

    def __init__(self, start: Weights, settings: TinySettings) -> None:
        self.start, self.weights, self.settings = start, start.copy(), settings
        self.first, self.second = np.zeros_like(start), np.zeros_like(start)
        self.steps = 0

    def move(self, gradient: Weights) -> None:
        self.steps += 1
        gradient = gradient + self.settings.pull * (self.weights - self.start)
        self.first += 0.1 * (gradient - self.first)
        self.second += 0.001 * (gradient * gradient - self.second)
        first = self.first / (1 - 0.9**self.steps)
        second = self.second / (1 - 0.999**self.steps)
        self.weights = self.weights - np.float32(self.settings.learning_rate) * first / (np.sqrt(second) + 1e-8)
