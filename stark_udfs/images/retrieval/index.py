"""One index of pictures per source: which of them are nearest to a vector, and what is known about them.

On disk an index is a folder: `vectors.faiss`, `rows.parquet` (one row per vector, in its order), `card.json`, and where
the index holds vectors in one byte per number, `vectors.f16` with whole ones, by which what it found is put in order.
It is built from shards: beside the index itself, one batch of them is in memory at a time, and the sample that its
lists are learnt from.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.core.ids import fingerprint
from stark_udfs.images.models.processors import ALIKE, PROCESSOR
from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.shards import Ids, PictureRow

if TYPE_CHECKING:
    import faiss

Whole: TypeAlias = npt.NDArray[np.float16]
Kind = Literal["flat", "ivf", "ivf_sq8"]

CARD = "card.json"
WHOLE = "vectors.f16"
FETCHED = 4  # times as many as asked for, where they are put in order by whole vectors
AT_ONCE = 64  # queries


@dataclass(frozen=True)
class IndexCard:
    """What an index is: kept beside it, and checked when it is asked.

    embedder: the model that made the vectors; processor: the code that prepared its pictures.
    recall: at 10, measured when it was built, over `probes` lists.
    content: SHA-256 of vectors and rows; empty for an index that was built before there was one.
    """

    source: str
    kind: Kind
    rows: int
    dims: int
    embedder: str
    processor: str
    lists: int
    probes: int
    recall: float
    content: str = ""

    @property
    def version(self) -> str:
        """16 hex digits that depend on what is in the index and on how it is searched."""
        return fingerprint(asdict(self))

    @classmethod
    def read(cls, text: str | bytes) -> "IndexCard":
        """The card in a `card.json`; ValueError or TypeError if it is none."""
        return cls(**json.loads(text))


class Hits(NamedTuple):
    """What a search found, best first: both of shape (queries, k); id -1 where fewer were found."""

    ids: Ids
    scores: Vectors  # inner products: cosines of unit vectors, in [-1, 1]


@dataclass(frozen=True)
class PictureIndex:
    """An opened index."""

    folder: Path
    card: IndexCard
    vectors: "faiss.Index"
    whole: Whole | None

    @classmethod
    def open(cls, folder: Path, *, embedder: str) -> "PictureIndex":
        """Open an index that was built with vectors of `embedder`.

        Raises:
            StorageError: there is no index, a part of it is missing, or its vectors are of another embedder.
        """
        import faiss

        try:
            card = IndexCard.read((folder / CARD).read_bytes())
            vectors = faiss.read_index(str(folder / "vectors.faiss"))
            whole = whole_vectors(folder, card.kind, vectors)
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise StorageError(f"no picture index in {folder}: {error}. Build it first.") from error
        if card.embedder != embedder or card.processor not in ALIKE:
            raise StorageError(
                f"the index in {folder} has vectors of {card.embedder} with {card.processor}, "
                f"not of {embedder} with {PROCESSOR}: nothing comparable. Build it anew."
            )
        return cls(folder, card, vectors, whole)

    def search(self, queries: Vectors, k: int) -> Hits:
        """The k pictures nearest to each query, or all where there are fewer."""
        return search(self.vectors, self.whole, queries, min(k, self.card.rows))

    def rows(self, ids: Sequence[int]) -> list[PictureRow]:
        """What is known about pictures, in the order of the ids.

        Raises:
            InputError: an id that the index does not have.
        """
        if any(not 0 <= at < self.card.rows for at in ids):
            last = self.card.rows - 1
            raise InputError(f"the index of {self.card.source} has ids from 0 to {last}; got {list(ids)}.")
        found: dict[int, PictureRow] = {}
        with pq.ParquetFile(self.folder / "rows.parquet") as file:
            groups = np.searchsorted(self._ends, ids, side="right")
            for group in sorted(set(groups.tolist())):
                table = file.read_row_group(group)
                start = self._ends[group] - table.num_rows
                here = [at for at, of in zip(ids, groups, strict=True) if of == group]
                for at, row in zip(here, table.take([at - start for at in here]).to_pylist(), strict=True):
                    found[at] = PictureRow(**row)
        return [found[at] for at in ids]

    @cached_property
    def _ends(self) -> Ids:
        metadata = pq.read_metadata(self.folder / "rows.parquet")
        return np.cumsum([metadata.row_group(at).num_rows for at in range(metadata.num_row_groups)])


def kind_of(index: "faiss.Index") -> Kind:
    """Of an index of faiss."""
    names: dict[str, Kind] = {"IndexFlatIP": "flat", "IndexIVFFlat": "ivf", "IndexIVFScalarQuantizer": "ivf_sq8"}
    return names[type(index).__name__]


def whole_vectors(folder: Path, kind: Kind, index: "faiss.Index") -> Whole | None:
    """The whole vectors on disk, of an index that holds others in memory."""
    if kind != "ivf_sq8":
        return None
    return np.memmap(folder / WHOLE, dtype=np.float16, mode="r", shape=(index.ntotal, index.d))


def search(index: "faiss.Index", whole: Whole | None, queries: Vectors, k: int) -> Hits:
    """The k nearest to each query."""
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    if whole is None:
        scores, ids = index.search(queries, k)
        return Hits(ids, scores)
    parts = [_ordered(index, whole, queries[at : at + AT_ONCE], k) for at in range(0, len(queries), AT_ONCE)]
    return Hits(np.concatenate([part.ids for part in parts]), np.concatenate([part.scores for part in parts]))


def _ordered(index: "faiss.Index", whole: Whole, queries: Vectors, k: int) -> Hits:
    _, ids = index.search(queries, min(k * FETCHED, len(whole)))
    scores = np.einsum("qd,qnd->qn", queries, whole[ids].astype(np.float32))
    scores[ids < 0] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return Hits(np.take_along_axis(ids, order, axis=1), np.take_along_axis(scores, order, axis=1))
