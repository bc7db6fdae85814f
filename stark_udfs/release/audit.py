"""How far the people of the final set are distributed as they were meant to be.

For each of age band, gender, country and category: shares with Wilson intervals, Pearson's χ² against the target with
its p, and the Jensen–Shannon distance with the interval of resampled sets and with what chance gives at this size.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.ids import seed_of
from stark_udfs.engine.checking.interval import of_share
from stark_udfs.engine.system_tables import CheckResult, Outcome
from stark_udfs.release.targets import CATEGORY, DIMENSIONS, REST, Target, people_counts
from stark_udfs.stages.people.sampler import Profile

if TYPE_CHECKING:
    import numpy as np

STAGE = "audit"  # under which results stand in `checks`
LEAST_P = 0.01
LEAST_EXPECTED = 5.0  # of a class in χ²: rarer ones are taken together (Cochran's rule)
DRAWS = 2000

_Measure = tuple[str, float, float | None, float | None, float | None, float | None]  # name, value, bounds, interval


@dataclass(frozen=True)
class Stratum:
    """One value of a dimension: how many people have it, their share with its 95 % interval, and what was meant."""

    value: str
    count: int
    share: float
    low: float
    high: float
    target: float

    @property
    def off(self) -> bool:
        """Whether the target lies outside the interval."""
        return not self.low <= self.target <= self.high


@dataclass(frozen=True)
class DistributionAudit:
    """One dimension against its target.

    chi2, p: of `dof` degrees of freedom; None where fewer than two classes are left. pooled: values that were too rare
    for χ² and are taken together. distance: Jensen–Shannon, to the base of 2: 0 equal, 1 nothing in common; `low` and
    `high` are 95 % of resampled sets, moved back by what resampling adds to a distance on average; `by_chance`: 95 % of
    sets drawn from the target itself lie below it.
    """

    dimension: str
    people: int
    strata: tuple[Stratum, ...]
    chi2: float | None
    dof: int
    p: float | None
    pooled: tuple[str, ...]
    distance: float
    low: float
    high: float
    by_chance: float

    @property
    def ok(self) -> bool:
        """Whether chance alone can give such a set: p of 0.01 or more, and no larger distance than by chance."""
        return (self.p is None or self.p >= LEAST_P) and self.distance <= self.by_chance


def audits(
    people: Sequence[Profile], target: Target, *, categories: Iterable[str] = (), seed: int = 0
) -> tuple[DistributionAudit, ...]:
    """Every dimension that the target has.

    Args:
        people: one per episode of the set.
        target: from `release.targets`.
        categories: of the personas, one per episode.
        seed: of the resampling.

    Example:
        ```python
        audits(people, population_target(settings.people))
        ```
    """
    found = {name: people_counts(name, people) for name in DIMENSIONS} | {CATEGORY: Counter(categories)}
    return tuple(audit(name, counts, target[name], seed=seed) for name, counts in found.items() if name in target)


def as_checks(found: Iterable[DistributionAudit], against: str, run_id: str) -> list[CheckResult]:
    """The rows of `checks`: of each dimension its distance, and p where there are people enough for χ².

    Args:
        found: the audit.
        against: the target, as the check's name has it.
        run_id: of the audit, later than that of any run before it.
    """
    rows = []
    for one in found:
        name = f"{one.dimension}: Jensen–Shannon distance to {against}"
        measured: list[_Measure] = [(name, one.distance, None, one.by_chance, one.low, one.high)]
        if one.p is not None:
            measured.append((f"{one.dimension}: p of χ² against {against}", one.p, LEAST_P, None, None, None))
        for title, value, low, high, interval_low, interval_high in measured:
            ok = (low is None or value >= low) and (high is None or value <= high)
            rows.append(
                CheckResult(
                    run_id=run_id,
                    stage=STAGE,
                    name=title,
                    value=value,
                    low=low,
                    high=high,
                    kind="expected",
                    ok=ok,
                    state=(Outcome.PASSED if ok else Outcome.FAILED).value,
                    n=one.people,
                    interval_low=interval_low,
                    interval_high=interval_high,
                )
            )
    return rows


def audit(
    dimension: str, counts: Mapping[str, int], target: Mapping[str, float], *, seed: int = 0
) -> DistributionAudit:
    """One dimension.

    Args:
        dimension: its name.
        counts: people by value. Values that the target does not have count as `all others`, where it has that.
        target: weights by value, in any unit; they need not sum to 1.
        seed: of the resampling.
    """
    import numpy as np

    found: Counter[str] = Counter()
    for value, count in counts.items():
        found[REST if value not in target and REST in target else value] += count
    whole = sum(target.values()) or 1.0
    values = sorted(target.keys() | found.keys(), key=lambda one: (-target.get(one, 0.0), one))
    total = sum(found.values())
    share = np.array([found[value] for value in values], dtype=float) / max(1, total)
    meant = np.array([target.get(value, 0.0) / whole for value in values])
    chi2, dof, p, pooled = _chi2(values, found, meant, total)
    draws = np.random.default_rng(seed_of(seed, dimension))
    distance = float(_distances(share[None, :], meant)[0]) if total else 0.0
    again = _resampled(draws, share, meant, total)
    low, high = np.clip(np.percentile(again, (2.5, 97.5)) - (again.mean() - distance), 0.0, 1.0)
    by_chance = np.percentile(_resampled(draws, meant, meant, total), 95)
    strata = []
    for place, value in enumerate(values):
        interval = of_share(found[value], total)
        between = (0.0, 1.0) if interval is None else (interval.low, interval.high)
        strata.append(Stratum(value, found[value], float(share[place]), *between, float(meant[place])))
    return DistributionAudit(
        dimension,
        total,
        tuple(strata),
        chi2,
        dof,
        p,
        pooled,
        distance,
        low=float(low),
        high=float(high),
        by_chance=float(by_chance),
    )


def _chi2(
    values: Sequence[str], found: Mapping[str, int], meant: "np.ndarray", total: int
) -> tuple[float | None, int, float | None, tuple[str, ...]]:
    """χ², degrees of freedom, p, and the values that are taken together since fewer than 5 are expected of them."""
    from scipy.stats import chisquare

    rare = {value for value, share in zip(values, meant, strict=True) if share * total < LEAST_EXPECTED}
    classes = [([value], share) for value, share in zip(values, meant, strict=True) if value not in rare]
    if rare:
        classes.append((sorted(rare), float(sum(s for v, s in zip(values, meant, strict=True) if v in rare))))
    impossible = any(share == 0 and any(found.get(value) for value in names) for names, share in classes)
    classes = [(names, share) for names, share in classes if share > 0]
    if impossible:
        return float("inf"), max(0, len(classes) - 1), 0.0, tuple(sorted(rare))
    if len(classes) < 2 or not total:
        return None, 0, None, tuple(sorted(rare))
    seen = [sum(found.get(value, 0) for value in names) for names, _ in classes]
    expected = [share * total for _, share in classes]
    test = chisquare(seen, expected)
    return float(test.statistic), len(classes) - 1, float(test.pvalue), tuple(sorted(rare))


def _resampled(draws: "np.random.Generator", share: "np.ndarray", meant: "np.ndarray", total: int) -> "np.ndarray":
    """Distances to `meant` of sets of this size that are drawn from `share`."""
    import numpy as np

    if not total:
        return np.zeros(1)
    return _distances(draws.multinomial(total, share / share.sum(), size=DRAWS) / total, meant)


def _distances(shares: "np.ndarray", meant: "np.ndarray") -> "np.ndarray":
    """Jensen–Shannon distances of shape (sets,): of each row of `shares` (sets, values) to `meant` (values,)."""
    import numpy as np
    from scipy.spatial.distance import jensenshannon

    found: np.ndarray = np.nan_to_num(jensenshannon(shares, meant[None, :], base=2, axis=1))
    return found
