"""A second look at the first fifty: a cross-encoder, or a chat model, orders what a cheap system has found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import SettingsError
from stark_udfs.ultron.retrieval.benchmark import Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.queries import LAST_TURN, QueryForm
from stark_udfs.ultron.retrieval.systems import System

DEPTH = 50


class PairScorer(Protocol):
    """Judges a dialogue and captions together."""

    @property
    def name(self) -> str:
        """As it stands in tables."""

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> npt.NDArray[np.float32]:
        """One score per candidate, higher is better."""


@dataclass(frozen=True)
class Reranked:
    """The first `depth` of a system in a scorer's order; the rest follows as it was."""

    first: System
    scorer: PairScorer
    depth: int = DEPTH

    @property
    def name(self) -> str:
        """Of both."""
        return f"{self.first.name}, first {self.depth} by {self.scorer.name}"

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """See `System.score`: above every other candidate, the first have 1 to 2 more than the best."""
        scores = np.array(self.first.score(queries, candidates), dtype=np.float32)
        for row, query in enumerate(queries):
            places = shortlist(scores[row], query, candidates, self.depth)
            judged = self.scorer.judge(query, [candidates[at] for at in places])
            order = np.unique(judged, return_inverse=True)[1]
            top = float(np.max(scores[row][places]))
            step = 1.0 / (len(places) + 1)
            scores[row, places] = top + 1 + order * step
        return scores


def shortlist(
    scores: npt.NDArray[np.float32], query: Query, candidates: Sequence[Candidate], depth: int = DEPTH
) -> list[int]:
    """The positions of the best candidates in the query's pool, best first; of equal ones the earlier."""
    order = np.argsort(-scores, kind="stable")
    if query.pool is not None:
        pool = set(query.pool)
        order = np.array([at for at in order if candidates[at].image_id in pool])
    return [int(at) for at in order[:depth]]


@dataclass(frozen=True)
class ListOrder:
    """A scorer by given orders, as of a chat model: positions, best first; those left out come last, level.

    order: asked with the query and its short list.
    """

    name: str
    order: Callable[[Query, Sequence[Candidate]], Sequence[int]]

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> npt.NDArray[np.float32]:
        """See `PairScorer.judge`."""
        found = np.zeros(len(candidates), dtype=np.float32)
        for place, at in enumerate(self.order(query, candidates)):
            found[at] = len(candidates) - place
        return found


@dataclass(frozen=True)
class CrossEncoder:
    """A sequence classifier with one output over (dialogue, caption), by folder or id."""

    name: str
    model: object
    tokenizer: object
    form: QueryForm = LAST_TURN
    length: int = 256

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> npt.NDArray[np.float32]:
        """See `PairScorer.judge`."""
        import torch

        text = " ".join(part for part, _ in self.form.parts(query))
        asked, shown = [text] * len(candidates), [candidate.caption for candidate in candidates]
        tokens = self.tokenizer(  # type: ignore[operator]
            asked, shown, padding=True, truncation="only_first", max_length=self.length, return_tensors="pt"
        )
        with torch.inference_mode():
            found = self.model(**tokens).logits[:, 0].float().numpy()  # type: ignore[operator]
        return np.asarray(found, dtype=np.float32)


def cross_encoder(model: str, form: QueryForm = LAST_TURN) -> CrossEncoder:
    """Load one.

    Raises:
        SettingsError: it is not there, or has more outputs than one.
    """
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(model, truncation_side="left")
        loaded = AutoModelForSequenceClassification.from_pretrained(model).eval()
    except (OSError, ValueError) as error:
        raise SettingsError(f"cross-encoder {model}: {error}. Give a folder, or an id that can be reached.") from error
    if loaded.config.num_labels != 1:
        raise SettingsError(f"cross-encoder {model}: {loaded.config.num_labels} outputs; one score is needed.")
    return CrossEncoder(Path(model).name or model, loaded, tokenizer, form)
