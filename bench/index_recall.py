"""Recall and speed of a picture index beside exact search: `python bench/index_recall.py [--rows 100000]`.

Vectors of 768 numbers around cluster centres, as those of similar pictures are; the queries are others of the same
clusters. Writes bench/out/index_recall.json; exits 1 where recall at 10 is under the target.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stark_udfs.images.protocols import Vectors
from stark_udfs.images.retrieval.build import IndexRule, build
from stark_udfs.images.retrieval.index import PictureIndex
from stark_udfs.images.retrieval.shards import PictureRow, Shards, exact, recall, write_shard

OUT = Path(__file__).parent / "out" / "index_recall.json"
DIMS, QUERIES, SHARD, NEAREST = 768, 1000, 10_000, 10


def clustered(count: int, seed: int, clusters: int, spread: float = 0.7) -> Vectors:
    """Unit vectors around centres that are the same for every seed; `spread` is noise over the length of a centre."""
    centres = np.random.default_rng(0).normal(size=(clusters, DIMS)).astype(np.float32)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(count, DIMS)).astype(np.float32)
    vectors: Vectors = centres[rng.integers(0, clusters, count)] + spread * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def seconds(work: Callable[[], object], *, at_least: float = 2.0) -> float:
    """Of one call, over as many as fit."""
    work()
    start, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < at_least:
        work()
        calls += 1
    return spent / calls


def measure(rows: int, rule: IndexRule, folder: Path) -> dict[str, object]:
    """Build an index of so many rows and ask it."""
    import faiss

    clusters = max(16, rows // 100)
    vectors, queries = clustered(rows, 1, clusters), clustered(QUERIES, 2, clusters)
    shards = []
    for start in range(0, rows, SHARD):
        shards.append(folder / f"{start:09}.parquet")
        end = min(start + SHARD, rows)
        known = [PictureRow(f"{at}.jpg", f"picture {at}", "bench", "cc0", "") for at in range(start, end)]
        write_shard(shards[-1], vectors[start : start + SHARD], known)
    started = time.perf_counter()
    card = build(shards, folder / "index", source="bench", embedder="random", rule=rule)
    built = time.perf_counter() - started
    index = PictureIndex.open(folder / "index", embedder="random")
    flat = faiss.IndexFlatIP(DIMS)
    flat.add(vectors)
    true = exact(Shards(shards), queries, NEAREST)
    single = queries[:1]
    batch, one = seconds(lambda: index.search(queries, NEAREST)), seconds(lambda: index.search(single, NEAREST))
    flat_batch, flat_one = seconds(lambda: flat.search(queries, NEAREST)), seconds(lambda: flat.search(single, NEAREST))
    return {
        "rows": rows,
        "dims": DIMS,
        "kind": card.kind,
        "lists": card.lists,
        "probes": card.probes,
        "recall_at_10": recall(index.search(queries, NEAREST).ids, true),
        "build_s": round(built, 1),
        "memory_mb": round((folder / "index" / "vectors.faiss").stat().st_size / 1e6, 1),
        "disk_mb": round(sum(path.stat().st_size for path in (folder / "index").iterdir()) / 1e6, 1),
        "queries_per_s": round(QUERIES / batch),
        "queries_per_s_one_by_one": round(1 / one),
        "exact_queries_per_s": round(QUERIES / flat_batch),
        "exact_queries_per_s_one_by_one": round(1 / flat_one),
        "threads": faiss.omp_get_max_threads(),
    }


def main() -> int:
    """Measure both kinds of index that are not exact."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--target", type=float, default=0.98)
    options = parser.parse_args()
    results = []
    for rule in (IndexRule(flat_up_to=0), IndexRule(flat_up_to=0, ivf_up_to=0)):
        with tempfile.TemporaryDirectory() as folder:
            results.append(measure(options.rows, rule, Path(folder)))
        print(json.dumps(results[-1]))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    short = [result["kind"] for result in results if float(str(result["recall_at_10"])) < options.target]
    if short:
        print(f"recall at 10 is under {options.target}: {short}", file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
