"""Retrieval metrics by definition, with intervals and paired tests.

A rank counts from 1 and is pessimistic: of equal scores the target comes last, so that a system that gives all
candidates the same score is at the end of the list, not at its head. Shares are in percent, as published tables have
them. Sources: recall at k is Hodosh et al. 2013, MRR is Voorhees 1999; intervals are percentile bootstrap (Efron 1979),
tests are sign-flip permutations of the paired differences (Fisher), adjusted by Holm 1979.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stark_udfs.core.errors import InputError

Scores: TypeAlias = npt.NDArray[np.float32]  # (queries, candidates); -inf: not in the query's pool
Ranks: TypeAlias = npt.NDArray[np.int64]  # (queries,), from 1
Floats: TypeAlias = npt.NDArray[np.float64]

CUTOFFS = (1, 5, 10)
NAMES = ("R_at_1", "R_at_5", "R_at_10", "MRR", "median_rank", "sum_R")
DRAWS = 2000
AT_ONCE = 2_000_000  # resampled queries in memory


@dataclass(frozen=True)
class Estimate:
    """A metric and the interval in which its true value lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """Of two systems over the same queries: `difference` is the first minus the second.

    p: the chance of a difference as large where the systems are equal; adjusted: the same, for all tests of a table.
    """

    metric: str
    difference: Estimate
    p: float
    adjusted: float


def ranks_of(scores: Scores, targets: Sequence[int], groups: npt.NDArray[np.int64] | None = None) -> Ranks:
    """The rank of each query's target: how many candidates score at least as high, itself among them.

    Args:
        scores: of shape (queries, candidates), higher is better.
        targets: the column of each query's target.
        groups: (candidates,), equal for candidates that cannot be told apart; a group counts once, with its highest
            score, and the target's own group never counts against it. None: every candidate for itself.

    Raises:
        InputError: a score is not a number, or a target has none.
    """
    if np.isnan(scores).any():
        raise InputError("scores: not a number among them. Which caption or picture has no vector?")
    columns = np.asarray(targets)
    if groups is not None:
        scores, columns = _best_of_groups(scores, groups), groups[columns]
    own = scores[np.arange(len(scores)), columns]
    if np.isneginf(own).any():
        raise InputError("scores: the target of a query is not in its pool.")
    return np.asarray((scores >= own[:, None]).sum(axis=1), dtype=np.int64)


def _best_of_groups(scores: Scores, groups: npt.NDArray[np.int64]) -> Scores:
    """The highest score of each group; groups are numbered from 0 without a gap."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1))
    return np.maximum.reduceat(scores[:, order], starts, axis=1)


def figures(ranks: Ranks) -> dict[str, float]:
    """All metrics of `NAMES`: percentages, but the median rank is a rank."""
    found = {name: float(values.mean()) for name, values in per_query(ranks).items()}
    return found | {"median_rank": float(np.median(ranks)), "sum_R": sum(found[f"R_at_{k}"] for k in CUTOFFS)}


def per_query(ranks: Ranks) -> dict[str, Floats]:
    """What each query adds to the metrics that are means, in percent."""
    hits: dict[str, Floats] = {f"R_at_{k}": 100.0 * (ranks <= k).astype(np.float64) for k in CUTOFFS}
    return {**hits, "MRR": 100.0 / ranks}


def intervals(ranks: Ranks, *, seed: int, groups: Sequence[str] = (), draws: int = DRAWS) -> dict[str, Estimate]:
    """All metrics with 95 % intervals.

    Args:
        ranks: of the queries.
        seed: of the draws.
        groups: of the queries, as persons: whole groups are drawn, since what one person says is not independent.
            Empty: queries are drawn.
        draws: how often.
    """
    rng, n = np.random.default_rng(seed), len(ranks)
    members, rows = _members(groups, n), max(1, AT_ONCE // n)
    drawn: dict[str, list[float]] = {name: [] for name in NAMES}
    for start in range(0, draws, 1 if members else rows):
        if members:
            sample = np.concatenate([members[at] for at in rng.integers(len(members), size=len(members))])[None]
        else:
            sample = rng.integers(n, size=(min(rows, draws - start), n))
        for name, values in _rowwise(ranks[sample]).items():
            drawn[name].extend(values.tolist())
    return {name: _estimate(value, drawn[name]) for name, value in figures(ranks).items()}


def _rowwise(ranks: Ranks) -> dict[str, Floats]:
    """The metrics of each row of resampled ranks."""
    found: dict[str, Floats] = {f"R_at_{k}": 100.0 * (ranks <= k).mean(axis=1) for k in CUTOFFS}
    total: Floats = np.sum(list(found.values()), axis=0)
    mrr: Floats = (100.0 / ranks).mean(axis=1)
    middle: Floats = np.median(ranks, axis=1).astype(np.float64)
    return {**found, "MRR": mrr, "median_rank": middle, "sum_R": total}


def paired(first: Ranks, second: Ranks, *, seed: int, metric: str = "MRR", draws: int = DRAWS) -> PairedTest:
    """Whether `first` is better than `second` over the same queries, in the same order.

    Raises:
        InputError: they are not over the same queries.
    """
    if len(first) != len(second):
        raise InputError(f"a paired test needs the same queries: {len(first)} and {len(second)}.")
    differences = per_query(first)[metric] - per_query(second)[metric]
    value, n, rng = float(differences.mean()), len(differences), np.random.default_rng(seed)
    drawn: list[float] = []
    as_large = 0
    left = draws
    while left:
        rows = min(left, max(1, AT_ONCE // n))
        drawn.extend(differences[rng.integers(n, size=(rows, n))].mean(axis=1).tolist())
        flipped = (differences * rng.choice((-1.0, 1.0), size=(rows, n))).mean(axis=1)
        as_large += int((np.abs(flipped) >= abs(value) - 1e-12).sum())
        left -= rows
    p = (as_large + 1) / (draws + 1)
    return PairedTest(metric, _estimate(value, drawn), p, p)


def holm(tests: Mapping[str, PairedTest]) -> dict[str, PairedTest]:
    """The same tests with p-values that hold for all of them together."""
    adjusted, highest = {}, 0.0
    for place, (name, test) in enumerate(sorted(tests.items(), key=lambda item: item[1].p)):
        highest = max(highest, min(1.0, test.p * (len(tests) - place)))
        adjusted[name] = PairedTest(test.metric, test.difference, test.p, highest)
    return {name: adjusted[name] for name in tests}


def _members(groups: Sequence[str], count: int) -> list[npt.NDArray[np.int64]]:
    if not groups:
        return []
    if len(groups) != count:
        raise InputError(f"intervals: {count} ranks and {len(groups)} groups.")
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    return [np.flatnonzero(numbers == number) for number in range(int(numbers.max()) + 1)]


def _estimate(value: float, drawn: Sequence[float]) -> Estimate:
    low, high = np.quantile(np.asarray(drawn), (0.025, 0.975))
    return Estimate(value, float(low), float(high))
