"""One index of pictures per source: which of them are nearest to a vector, and what is known about them.

On disk an index is a folder: `vectors.faiss`, `rows.parquet` (one row per vector, in its order) and `card.json`.
It is built from shards, Parquet files with one vector and one `PictureRow` in each row. Beside the index itself, one batch
of them is in memory at a time, and the sample that its lists are learnt from.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.vision.processors import PROCESSOR
from stark_udfs.vision.protocols import Vectors

if TYPE_CHECKING:
    import faiss

Ids = npt.NDArray[np.int64]
Kind = Literal["flat", "ivf", "ivf_sq8"]

NEAREST = 10  # that recall is measured over
PROBES = (8, 16, 32, 64, 128, 256, 512, 1024)
SEED = 42  # of the training sample


class PictureRow(NamedTuple):
    """What is known about a picture of an index; unknown texts are empty."""

    path: str  # where the picture is: a path or a URL
    caption: str
    source: str
    licence: str
    page: str  # where it was published


ROWS = pa.schema([pa.field(name, pa.string(), nullable=False) for name in PictureRow._fields])


@dataclass(frozen=True)
class IndexRule:
    """How an index is built, by its number of rows.

    flat_up_to: exact search; ivf_up_to: lists of whole vectors; above: lists of vectors in one byte per number.
    train_per_list: vectors per list that the lists are learnt from.
    recall: share of the true nearest ten to find; the least number of lists with it is searched.
    batch: vectors in memory at once.
    """

    flat_up_to: int = 20_000
    ivf_up_to: int = 1_000_000
    train_per_list: int = 64
    recall: float = 0.98
    batch: int = 8192

    def kind(self, rows: int) -> Kind:
        """The kind of index for so many rows."""
        if rows <= self.flat_up_to:
            return "flat"
        return "ivf" if rows <= self.ivf_up_to else "ivf_sq8"

    def lists(self, rows: int) -> int:
        """The power of two next below 2 √rows, from 16 to 65,536."""
        return int(2 ** np.clip(np.floor(np.log2(2 * np.sqrt(rows))), 4, 16))


@dataclass(frozen=True)
class IndexCard:
    """What an index is: kept beside it, and checked when it is asked.

    embedder: the model that made the vectors; processor: the code that prepared its pictures.
    recall: at 10, measured when it was built, over `probes` lists.
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
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] or [[] for _ in ROWS]
    table = pa.table([pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]), *columns], ["vector", *ROWS.names])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def vectors_of(batch: pa.RecordBatch) -> Vectors:
    """The vectors of a batch of a shard."""
    column = batch.column("vector")
    return column.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False).reshape(len(batch), -1)


def build(
    shards: Sequence[Path],
    folder: Path,
    *,
    source: str,
    embedder: str,
    rule: IndexRule = IndexRule(),  # noqa: B008
    queries: Vectors | None = None,
) -> IndexCard:
    """Build the index of one source; it takes the place of an older one only when it is whole.

    Args:
        shards: files of `write_shard`.
        folder: of the index.
        source: its name.
        embedder: the model that made the vectors.
        rule: by size.
        queries: unit vectors to measure recall with, such as of captions; None: a sample of the pictures themselves,
            which are easier to find than texts are.

    Raises:
        InputError: there are no vectors.
    """
    import faiss

    read = Shards(shards)
    vectors = _trained(read, rule)
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    with pq.ParquetWriter(making / "rows.parquet", ROWS) as rows:
        for batch in read.batches(rule.batch):
            vectors.add(vectors_of(batch))
            rows.write_table(pa.Table.from_batches([batch]).select(ROWS.names).cast(ROWS))
    asked = read.sample(256, rule.batch) if queries is None else queries
    probes, recall = _tuned(vectors, read, asked, rule)
    card = IndexCard(
        source=source,
        kind=rule.kind(read.rows),
        rows=read.rows,
        dims=vectors.d,
        embedder=embedder,
        processor=PROCESSOR,
        lists=getattr(vectors, "nlist", 1),
        probes=probes,
        recall=recall,
    )
    faiss.write_index(vectors, str(making / "vectors.faiss"))
    (making / "card.json").write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")
    _replace(folder, making)
    return card


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

    @classmethod
    def open(cls, folder: Path, *, embedder: str) -> "PictureIndex":
        """Open an index that was built with vectors of `embedder`.

        Raises:
            StorageError: there is no index, a part of it is missing, or its vectors are of another embedder.
        """
        import faiss

        try:
            card = IndexCard(**json.loads((folder / "card.json").read_text(encoding="utf-8")))
            vectors = faiss.read_index(str(folder / "vectors.faiss"))
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise StorageError(f"no picture index in {folder}: {error}. Build it first.") from error
        if (card.embedder, card.processor) != (embedder, PROCESSOR):
            raise StorageError(
                f"the index in {folder} has vectors of {card.embedder} with {card.processor}, "
                f"not of {embedder} with {PROCESSOR}: nothing comparable. Build it anew."
            )
        _probe(vectors, card.probes)
        return cls(folder, card, vectors)

    def search(self, queries: Vectors, k: int) -> Hits:
        """The k pictures nearest to each query, or all where there are fewer."""
        scores, ids = self.vectors.search(np.ascontiguousarray(queries, dtype=np.float32), min(k, self.card.rows))
        return Hits(ids, scores)

    def rows(self, ids: Sequence[int]) -> list[PictureRow]:
        """What is known about pictures, in the order of the ids.

        Raises:
            InputError: an id that the index does not have.
        """
        if any(not 0 <= at < self.card.rows for at in ids):
            raise InputError(f"the index of {self.card.source} has ids from 0 to {self.card.rows - 1}; got {list(ids)}.")
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


def exact(shards: Sequence[Path], queries: Vectors, k: int, *, batch: int = 8192) -> Ids:
    """The ids of the true k nearest of each query, best first, by comparing it with every vector."""
    return _exact(Shards(shards), queries, k, batch)


def recall(found: Ids, true: Ids) -> float:
    """Share of the true nearest that were found; both of shape (queries, k)."""
    hits = sum(len(np.intersect1d(mine, theirs)) for mine, theirs in zip(found, true, strict=True))
    return hits / true.size


def _exact(shards: Shards, queries: Vectors, k: int, batch: int) -> Ids:
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


def _trained(shards: Shards, rule: IndexRule) -> "faiss.Index":
    import faiss

    dims = vectors_of(next(shards.batches(1))).shape[1]
    kind = rule.kind(shards.rows)
    if kind == "flat":
        return faiss.IndexFlatIP(dims)
    lists = rule.lists(shards.rows)
    storage = "Flat" if kind == "ivf" else "SQ8"
    index = faiss.index_factory(dims, f"IVF{lists},{storage}", faiss.METRIC_INNER_PRODUCT)
    index.cp.spherical = True
    index.train(shards.sample(lists * rule.train_per_list, rule.batch))
    return index


def _tuned(index: "faiss.Index", shards: Shards, queries: Vectors, rule: IndexRule) -> tuple[int, float]:
    """The least number of lists that finds enough, set on the index, and the recall it gives."""
    if rule.kind(shards.rows) == "flat":
        return 1, 1.0
    true = _exact(shards, queries, NEAREST, rule.batch)
    lists = rule.lists(shards.rows)
    for probes in [p for p in PROBES if p < lists] + [lists]:
        _probe(index, probes)
        share = recall(index.search(queries, true.shape[1])[1], true)
        if share >= rule.recall:
            break
    return probes, share


def _probe(index: "faiss.Index", probes: int) -> None:
    if hasattr(index, "nprobe"):
        index.nprobe = probes


def _replace(folder: Path, made: Path) -> None:
    """Put a made folder in the place of another; a crash leaves one of the two there."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(made, folder)
    shutil.rmtree(old, ignore_errors=True)
