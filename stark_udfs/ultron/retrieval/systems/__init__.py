"""What can be compared: each system gives every candidate of a query a score."""

from collections.abc import Sequence
from typing import Protocol

from stark_udfs.ultron.retrieval.benchmark import Candidate, Query
from stark_udfs.ultron.retrieval.metrics import Scores
from stark_udfs.ultron.retrieval.ranking import Vectors


class System(Protocol):
    """Ranks the images of a pool for dialogues."""

    @property
    def name(self) -> str:
        """As it stands in tables: model and query form, so that two results with one name were made in one way."""

    def score(self, queries: Sequence[Query], candidates: Sequence[Candidate]) -> Scores:
        """Higher is better.

        Returns:
            float32 of shape (len(queries), len(candidates)), no NaN. A row depends on its own query and the pool, and
            on no other query, or results would not hold for one query alone.
        """


class TextEncoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Of the vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 of shape (len(texts), dims), each row of length 1 (or 0 where a text has nothing in it)."""
