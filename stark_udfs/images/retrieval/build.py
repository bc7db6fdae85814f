"""Building the index of one source from its shards; how an index is built depends on its size."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from stark_udfs.core.ids import SEPARATOR
from stark_udfs.images.models.processors import PROCESSOR
from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.index import CARD, WHOLE, IndexCard, Kind, Whole, kind_of, search, whole_vectors
from stark_udfs.images.retrieval.shards import BATCH, ROWS, TEXTS, Shards, exact, recall, vectors_of

if TYPE_CHECKING:
    import faiss

NEAREST = 10  # that recall is measured over
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
    probes, found = _tuned(vectors, whole_vectors(making, kind_of(vectors), vectors), read, queries, rule)
    card = IndexCard(
        source=source,
        kind=kind_of(vectors),
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
    if kind_of(index) == "ivf_sq8":
        with (folder / WHOLE).open("ab") as file:
            file.write(vectors.astype(np.float16).tobytes())


def _bytes_of(batch: pa.RecordBatch) -> bytes:
    """What makes an index another one: where in an archive a picture lies does not."""
    texts = (SEPARATOR.join(batch.column(name).to_pylist()) for name in TEXTS)
    return vectors_of(batch).tobytes() + SEPARATOR.join(texts).encode()


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
        share = recall(search(index, whole, asked, true.shape[1]).ids, true)
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
