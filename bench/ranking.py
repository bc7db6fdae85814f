"""Ranking many candidates for many queries: block by block against the full matrix, each in a process of its own.

    python -m bench.ranking                       # 1,000,000 candidates × 10,000 queries, and both ways at 100,000
    python -m bench.ranking --candidates 200000 --queries 2000

Vectors are random unit vectors, candidates in a file of float16 that is mapped into memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stark_udfs.ultron.retrieval.metrics import ranks_of
from stark_udfs.ultron.retrieval.ranking import CANDIDATES_AT_ONCE, Vectors, full_matrix_bytes, nearest, ranks

K = 10


def vectors(count: int, dims: int, seed: int) -> Vectors:
    """Random unit vectors."""
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((count, dims), dtype=np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def write(file: Path, count: int, dims: int) -> None:
    """The candidates as a file."""
    mapped = np.lib.format.open_memmap(file, mode="w+", dtype=np.float16, shape=(count, dims))
    for number, start in enumerate(range(0, count, CANDIDATES_AT_ONCE)):
        end = min(count, start + CANDIDATES_AT_ONCE)
        mapped[start:end] = vectors(end - start, dims, number + 1)
    mapped.flush()


def read(file: Path) -> Iterator[Vectors]:
    """Blocks of the file; its pages are given back, so that they do not count as ours."""
    count = len(np.load(file, mmap_mode="r"))
    for start in range(0, count, CANDIDATES_AT_ONCE):
        yield np.asarray(np.load(file, mmap_mode="r")[start : start + CANDIDATES_AT_ONCE], dtype=np.float32)


def targets_of(file: Path, queries: int) -> list[int]:
    """Which candidate each query is after."""
    count = len(np.load(file, mmap_mode="r"))
    return [int(at) for at in np.random.default_rng(5).integers(count, size=queries)]


def measured(way: str, file: Path, queries: int) -> dict[str, float | str]:
    """Time and peak memory of one way, in this process."""
    stored = np.load(file, mmap_mode="r")
    places = targets_of(file, queries)
    aims = np.asarray(stored[places], dtype=np.float32)
    asked = aims + vectors(queries, aims.shape[1], 7) * 2.2
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    start = time.perf_counter()
    if way == "full":
        found = ranks_of(asked @ np.concatenate(list(read(file))).T, places)
    elif way == "blocks":
        found = ranks(asked, read(file), aims)
    else:
        best = nearest(asked, read(file), K)
        found = np.where((best.ids == np.array(places)[:, None]).any(axis=1), 1, K + 1)
    return {
        "way": way,
        "seconds": time.perf_counter() - start,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "R_at_10": 100 * float((found <= K).mean()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--candidates", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--full-up-to", type=int, default=100_000, help="candidates that the full matrix is tried with")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measured(options.way, options.file, options.queries)))
        return
    small = min(options.candidates, options.full_up_to)
    print(
        "| candidates × queries | way | seconds | peak memory, MB | full matrix alone, MB | R@10 |\n"
        "|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for count, ways in ((small, ("full", "blocks", "nearest")), (options.candidates, ("blocks", "nearest"))):
            if count == small and ways[0] == "blocks":
                continue
            file = Path(folder) / f"{count}.npy"
            write(file, count, options.dims)
            for way in ways:
                command = [
                    sys.executable,
                    "-m",
                    "bench.ranking",
                    "--way",
                    way,
                    "--file",
                    str(file),
                    "--queries",
                    str(options.queries),
                ]
                ran = subprocess.run(command, check=True, capture_output=True, text=True)
                row = json.loads(ran.stdout)
                whole = full_matrix_bytes(options.queries, count) / 2**20
                cells = (f"{row['seconds']:.1f}", f"{row['peak_mb']:,.0f}", f"{whole:,.0f}", f"{row['R_at_10']:.1f}")
                print(f"| {count:,} × {options.queries:,} | {way} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
