"""One harness for all systems and benchmarks: scores → ranks → metrics with intervals and tests."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import seed_of
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate
from stark_udfs.ultron.retrieval.metrics import Estimate, PairedTest, Ranks, Scores, holm, intervals, paired, ranks_of
from stark_udfs.ultron.retrieval.systems import System
from stark_udfs.ultron.retrieval.text_metrics import tokens

Duplicates = Literal["separate", "merged"]
QUERIES_AT_ONCE = 2048
DUPLICATES: Mapping[Duplicates, str] = {
    "separate": "equal captions or pictures are candidates of their own, as PhotoChat's results are counted",
    "merged": "candidates of equal caption or equal picture are one",
}


@dataclass(frozen=True)
class Result:
    """How one system did; `ranks` are in the order of the benchmark's queries.

    against: the paired test of its MRR against the baseline's, which has none itself.
    """

    system: str
    ranks: Ranks
    metrics: Mapping[str, Estimate]
    seconds: float
    against: PairedTest | None = None


@dataclass(frozen=True)
class Evaluation:
    """A table: systems over one benchmark, the first of which is the baseline."""

    benchmark: str
    split: str
    queries: int
    candidates: int
    duplicates: Duplicates
    duplicate_candidates: int
    results: tuple[Result, ...]
    notes: tuple[str, ...]


def evaluate(
    benchmark: Benchmark,
    systems: Sequence[System],
    *,
    seed: int = 0,
    duplicates: Duplicates = "merged",
    by_group: bool = False,
) -> Evaluation:
    """Let every system rank every query.

    Args:
        benchmark: queries and pool.
        systems: the first is what the others are tested against.
        seed: of intervals and tests.
        duplicates: whether candidates that cannot be told apart count once or each.
        by_group: whether intervals draw whole groups (persons, conversations) instead of queries. They are wider, and
            right where one is asked how the system does for people who are not in the data.

    Raises:
        InputError: there is no system, two have one name, or one gave scores that are none.
    """
    names = [system.name for system in systems]
    if not names or len(set(names)) < len(names):
        raise InputError(f"{benchmark.title}: systems need a name each: {', '.join(names) or 'none was given'}.")
    groups = groups_of(benchmark.candidates)
    results = [
        _result(benchmark, system, groups if duplicates == "merged" else None, seed, by_group) for system in systems
    ]
    return Evaluation(
        benchmark=benchmark.name,
        split=benchmark.split,
        queries=len(benchmark.queries),
        candidates=len(benchmark.candidates),
        duplicates=duplicates,
        duplicate_candidates=len(groups) - int(groups.max()) - 1,
        results=_tested(benchmark, results, seed),
        notes=benchmark.notes,
    )


def groups_of(candidates: Sequence[Candidate]) -> npt.NDArray[np.int64]:
    """A number for each candidate, equal where caption (by its words) or file is equal; from 0, without a gap."""
    first: dict[object, int] = {}
    parents = list(range(len(candidates)))
    for at, candidate in enumerate(candidates):
        for mark in (" ".join(tokens(candidate.caption)), candidate.path):
            if mark:
                parents[_root(parents, at)] = _root(parents, first.setdefault(mark, at))
    roots = [_root(parents, at) for at in range(len(parents))]
    return np.unique(np.asarray(roots), return_inverse=True)[1].astype(np.int64)


def _root(parents: list[int], at: int) -> int:
    while parents[at] != at:
        parents[at] = parents[parents[at]]
        at = parents[at]
    return at


def _result(
    benchmark: Benchmark, system: System, groups: npt.NDArray[np.int64] | None, seed: int, by_group: bool
) -> Result:
    start = time.perf_counter()
    parts: list[Ranks] = []
    for at in range(0, len(benchmark.queries), QUERIES_AT_ONCE):
        queries = benchmark.queries[at : at + QUERIES_AT_ONCE]
        scores = system.score(queries, benchmark.candidates)
        if scores.shape != (len(queries), len(benchmark.candidates)):
            raise InputError(
                f"{system.name}: scores of shape {scores.shape}, not {len(queries), len(benchmark.candidates)}."
            )
        parts.append(ranks_of(_within_pools(benchmark, at, scores), benchmark.targets(queries), groups))
    ranks = np.concatenate(parts)
    seconds = time.perf_counter() - start
    of = [query.group or query.query_id for query in benchmark.queries] if by_group else ()
    return Result(system.name, ranks, intervals(ranks, seed=seed_of(seed, benchmark.title), groups=of), seconds)


def _within_pools(benchmark: Benchmark, first: int, scores: Scores) -> Scores:
    """Scores with -inf for candidates that are not in a query's own pool."""
    kept = np.array(scores, dtype=np.float32)
    for row in range(len(kept)):
        pool = benchmark.queries[first + row].pool
        if pool is not None:
            outside = np.ones(kept.shape[1], dtype=bool)
            outside[[benchmark.positions[image_id] for image_id in pool]] = False
            kept[row, outside] = -np.inf
    return kept


def _tested(benchmark: Benchmark, results: Sequence[Result], seed: int) -> tuple[Result, ...]:
    baseline, *others = results
    tests = holm(
        {other.system: paired(other.ranks, baseline.ranks, seed=seed_of(seed, other.system)) for other in others}
    )
    return (
        baseline,
        *(Result(other.system, other.ranks, other.metrics, other.seconds, tests[other.system]) for other in others),
    )
