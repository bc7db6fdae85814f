"""One index of pictures per source: which of them are nearest to a vector, and what is known about them.

On disk an index is a folder: `vectors.faiss`, `rows.parquet` (one row per vector, in its order), `card.json`, and where
the index holds vectors in one byte per number, `vectors.f16` with whole ones, by which what it found is put in order.
It is built from shards: beside the index itself, one batch of them is in memory at a time, and the sample that its
lists are learnt from.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.core.ids import SEPARATOR, fingerprint
from stark_udfs.images.models.processors import ALIKE, PROCESSOR
from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.shards import BATCH, ROWS, TEXTS, Ids, PictureRow, Shards, exact, recall, vectors_of

if TYPE_CHECKING:
    import faiss

Whole: TypeAlias = npt.NDArray[np.float16]
Kind = Literal["flat", "ivf", "ivf_sq8"]

CARD = "card.json"
WHOLE = "vectors.f16"
NEAREST = 10  # that recall is measured over
FETCHED = 4  # times as many as asked for, where they are put in order by whole vectors
AT_ONCE = 64  # queries
SAMPLE = 256  # queries that recall is measured with
PROBES = (8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class IndexRule:
    """How an index is built, by its number of rows.

    flat_up_to: exact search; ivf_up_to: lists of whole vectors; above: lists of vectors in one byte per number, whole
        ones on disk.
    train_per_list: vectors per list that the lists are learnt from.
    recall: share of the true nearest ten to find; the least number of lists with it is searched.
    batch: vectors in memory at once.
    """

    flat_up_to: int = 20_000
    ivf_up_to: int = 1_000_000
    train_per_list: int = 64
    recall: float = 0.98
    batch: int = BATCH

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


def build(
    shards: Sequence[Path],
    folder: Path,
    *,
    source: str,
    embedder: str,
    rule: IndexRule = IndexRule(),
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
    vectors, content = _trained(read, rule), hashlib.sha256()
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    with pq.ParquetWriter(making / "rows.parquet", ROWS) as rows:
        for batch in read.batches(rule.batch):
            _add(vectors, vectors_of(batch), making)
            content.update(_bytes_of(batch))
            rows.write_table(pa.Table.from_batches([batch]).select(ROWS.names).cast(ROWS))
    probes, found = _tuned(vectors, _whole(making, _kind(vectors), vectors), read, queries, rule)
    card = IndexCard(
        source=source,
        kind=_kind(vectors),
        rows=read.rows,
        dims=vectors.d,
        embedder=embedder,
        processor=PROCESSOR,
        lists=getattr(vectors, "nlist", 1),
        probes=probes,
        recall=found,
        content=content.hexdigest(),
    )
    faiss.write_index(vectors, str(making / "vectors.faiss"))
    (making / CARD).write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")
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
            whole = _whole(folder, card.kind, vectors)
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
        return _search(self.vectors, self.whole, queries, min(k, self.card.rows))

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


def _trained(shards: Shards, rule: IndexRule) -> "faiss.Index":
    import faiss

    dims = vectors_of(next(shards.batches(1))).shape[1]
    kind = rule.kind(shards.rows)
    if kind == "flat":
        return faiss.IndexFlatIP(dims)
    lists = rule.lists(shards.rows)
    storage = "Flat" if kind == "ivf" else "SQ8"
    index = faiss.index_factory(dims, f"IVF{lists},{storage}", faiss.METRIC_INNER_PRODUCT)
    faiss.extract_index_ivf(index).cp.spherical = True
    index.train(shards.sample(lists * rule.train_per_list, rule.batch))
    return index


def _add(index: "faiss.Index", vectors: Vectors, folder: Path) -> None:
    index.add(vectors)
    if _kind(index) == "ivf_sq8":
        with (folder / WHOLE).open("ab") as file:
            file.write(vectors.astype(np.float16).tobytes())


def _bytes_of(batch: pa.RecordBatch) -> bytes:
    """What makes an index another one: where in an archive a picture lies does not."""
    texts = (SEPARATOR.join(batch.column(name).to_pylist()) for name in TEXTS)
    return vectors_of(batch).tobytes() + SEPARATOR.join(texts).encode()


def _kind(index: "faiss.Index") -> Kind:
    names: dict[str, Kind] = {"IndexFlatIP": "flat", "IndexIVFFlat": "ivf", "IndexIVFScalarQuantizer": "ivf_sq8"}
    return names[type(index).__name__]


def _whole(folder: Path, kind: Kind, index: "faiss.Index") -> Whole | None:
    if kind != "ivf_sq8":
        return None
    return np.memmap(folder / WHOLE, dtype=np.float16, mode="r", shape=(index.ntotal, index.d))


def _search(index: "faiss.Index", whole: Whole | None, queries: Vectors, k: int) -> Hits:
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


def _tuned(
    index: "faiss.Index", whole: Whole | None, shards: Shards, queries: Vectors | None, rule: IndexRule
) -> tuple[int, float]:
    """The least number of lists that finds enough, set on the index, and the recall it gives."""
    lists = getattr(index, "nlist", 1)
    if lists == 1:
        return 1, 1.0
    asked = shards.sample(SAMPLE, rule.batch) if queries is None else queries
    true = exact(shards, asked, NEAREST, batch=rule.batch)
    for probes in [p for p in PROBES if p < lists] + [lists]:
        _probe(index, probes)
        share = recall(_search(index, whole, asked, true.shape[1]).ids, true)
        if share >= rule.recall:
            break
    return probes, share


def _probe(index: "faiss.Index", probes: int) -> None:
    if hasattr(index, "nprobe"):
        index.nprobe = probes


def _replace(folder: Path, made: Path) -> None:
    """Put a made folder in the place of another, which stays beside it, hidden, until that is done."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(made, folder)
    shutil.rmtree(old, ignore_errors=True)
