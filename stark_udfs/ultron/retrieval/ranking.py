"""Ranking a million candidates in bounded memory: scores are made block by block and never stand whole.

For Q queries and N candidates the full matrix has 4·Q·N bytes, 40 GB at 10⁴ × 10⁶. Here one block of
`queries_at_once` × `candidates_at_once` scores is in memory, 40 MB as set, and candidates may come from disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.metrics import Ranks, Scores

Vectors: TypeAlias = npt.NDArray[np.float32]  # (rows, dims), unit length
Ids: TypeAlias = npt.NDArray[np.int64]

QUERIES_AT_ONCE = 1024
CANDIDATES_AT_ONCE = 10_000


class Nearest(NamedTuple):
    """The best candidates of each query, best first: both of shape (queries, k). Equal scores: the earlier first."""

    ids: Ids
    scores: Scores


def blocks(vectors: Vectors, rows: int = CANDIDATES_AT_ONCE) -> Iterator[Vectors]:
    """Slices of a matrix, which may be a memory map."""
    for start in range(0, len(vectors), rows):
        yield vectors[start : start + rows]


def nearest(
    queries: Vectors, candidates: Iterable[Vectors], k: int, *, queries_at_once: int = QUERIES_AT_ONCE
) -> Nearest:
    """The k candidates with the highest inner products.

    Args:
        queries: (queries, dims).
        candidates: blocks of (rows, dims), in the order of their ids.
        k: how many; all where there are fewer.
        queries_at_once: rows of a block of scores.
    """
    ids = np.empty((len(queries), 0), dtype=np.int64)
    scores = np.empty((len(queries), 0), dtype=np.float32)
    first = 0
    for block in candidates:
        width = min(k, ids.shape[1] + len(block))
        fresh_ids = np.empty((len(queries), width), dtype=np.int64)
        fresh = np.empty((len(queries), width), dtype=np.float32)
        for start in range(0, len(queries), queries_at_once):
            part = slice(start, start + queries_at_once)
            found = queries[part] @ block.T
            best = _top(found, min(k, len(block)))
            both = np.concatenate([scores[part], np.take_along_axis(found, best, axis=1)], axis=1)
            both_ids = np.concatenate([ids[part], best + first], axis=1)
            order = np.argsort(-both, axis=1, kind="stable")[:, :width]
            fresh[part] = np.take_along_axis(both, order, axis=1)
            fresh_ids[part] = np.take_along_axis(both_ids, order, axis=1)
        ids, scores = fresh_ids, fresh
        first += len(block)
    return Nearest(ids, scores)


def ranks(
    queries: Vectors,
    candidates: Iterable[Vectors],
    targets: Vectors,
    *,
    queries_at_once: int = QUERIES_AT_ONCE,
    tolerance: float = 1e-6,
) -> Ranks:
    """The pessimistic rank of each query's target among all candidates, as `metrics.ranks_of` gives it.

    Args:
        queries: (queries, dims).
        candidates: blocks of (rows, dims); the targets are among them.
        targets: (queries, dims), the vector of each query's target.
        queries_at_once: rows of a block of scores.
        tolerance: scores that differ by less count as equal: products in blocks of another size differ in the last bit.

    Raises:
        InputError: queries and targets are not of one shape.
    """
    if queries.shape != targets.shape:
        raise InputError(f"queries {queries.shape} and targets {targets.shape}: one target for each query.")
    own = np.einsum("ij,ij->i", queries, targets) - np.float32(tolerance)
    counted = np.zeros(len(queries), dtype=np.int64)
    for block in candidates:
        for start in range(0, len(queries), queries_at_once):
            part = slice(start, start + queries_at_once)
            counted[part] += np.count_nonzero(queries[part] @ block.T >= own[part, None], axis=1)
    return np.maximum(counted, 1)


def _top(scores: Scores, k: int) -> Ids:
    """Columns of the k highest scores of each row; of equal ones the earlier, best first."""
    if k >= scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable")
    edge = np.partition(scores, -k, axis=1)[:, -k]
    above = scores > edge[:, None]
    level = scores == edge[:, None]
    room = k - above.sum(axis=1, keepdims=True)
    taken = above | (level & (np.cumsum(level, axis=1) <= room))
    columns = np.nonzero(taken)[1].reshape(len(scores), k)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def full_matrix_bytes(queries: Sequence[object] | int, candidates: Sequence[object] | int) -> int:
    """What all scores at once would take, in bytes."""
    q = queries if isinstance(queries, int) else len(queries)
    n = candidates if isinstance(candidates, int) else len(candidates)
    return 4 * q * n
