"""The embeddings of one source's pictures on disk: Parquet files with one vector and one `PictureRow` in each row."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stark_udfs.core.errors import InputError
from stark_udfs.images.protocols import Vectors

Ids: TypeAlias = npt.NDArray[np.int64]

BATCH = 8192  # rows
SEED = 42  # of samples


class PictureRow(NamedTuple):
    """What is known about a picture of an index; unknown texts are empty.

    `offset` and `size` are of the piece of an archive that holds it (`images.retrieval.archives`): null for a file of
    its own, and in indexes that were built before they were kept.
    """

    path: str  # where the picture is: a path or a URL
    caption: str
    source: str
    licence: str
    page: str  # where it was published
    offset: int | None = None
    size: int | None = None


TEXTS = ("path", "caption", "source", "licence", "page")
PIECE = ("offset", "size")
ROWS = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in TEXTS),
        *(pa.field(name, pa.int64()) for name in PIECE),
    ]
)


class Shards:
    """The shards of one source, read in a fixed order.

    Raises:
        InputError: there is none, or none holds a row.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = sorted(paths)
        self.rows = sum(pq.read_metadata(path).num_rows for path in self.paths)
        if not self.rows:
            raise InputError(f"no vectors to index in {len(self.paths)} shards.")

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """All rows, at most `size` at once."""
        for path in self.paths:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=size)

    def sample(self, count: int, size: int) -> Vectors:
        """`count` vectors of rows drawn without regard to order; all of them where there are fewer."""
        chosen = np.sort(np.random.default_rng(SEED).choice(self.rows, min(count, self.rows), replace=False))
        parts, start = [], 0
        for batch in self.batches(size):
            here = chosen[(chosen >= start) & (chosen < start + len(batch))] - start
            if len(here):
                parts.append(vectors_of(batch)[here])
            start += len(batch)
        return np.concatenate(parts)


def write_shard(path: Path, vectors: Vectors, rows: Sequence[PictureRow]) -> None:
    """Write embeddings and what is known about their pictures as one shard."""
    flat = pa.array(vectors.astype(np.float32).ravel())
    known = list(zip(*rows, strict=True)) or [()] * len(ROWS)
    columns = [pa.array(column, of.type) for column, of in zip(known, ROWS, strict=True)]
    table = pa.table([pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]), *columns], ["vector", *ROWS.names])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def vectors_of(batch: pa.RecordBatch) -> Vectors:
    """The vectors of a batch of a shard."""
    column = batch.column("vector")
    numbers: Vectors = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return numbers.reshape(len(batch), -1)


def exact(shards: Shards, queries: Vectors, k: int, *, batch: int = BATCH) -> Ids:
    """The ids of the true k nearest of each query, best first, by comparing it with every vector."""
    k = min(k, shards.rows)
    best = np.full((len(queries), k), -np.inf, dtype=np.float32)
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    start = 0
    for rows in shards.batches(batch):
        scores = np.hstack([best, queries @ vectors_of(rows).T])
        here = np.broadcast_to(np.arange(start, start + len(rows)), (len(queries), len(rows)))
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(scores, order, axis=1)
        ids = np.take_along_axis(np.hstack([ids, here]), order, axis=1)
        start += len(rows)
    return ids


def recall(found: Ids, true: Ids) -> float:
    """Share of the true nearest that were found; both of shape (queries, k)."""
    hits = sum(len(np.intersect1d(mine, theirs)) for mine, theirs in zip(found, true, strict=True))
    return hits / true.size
