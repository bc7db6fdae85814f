"""How far the people of the final set are distributed as they were meant to be.

For each of age band, gender and country: shares with Wilson intervals, Pearson's χ² against the target with its p, and
the Jensen–Shannon distance with the interval of resampled sets and with what chance alone gives at this size.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.ids import seed_of
from stark_udfs.engine.checking.interval import of_share
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people.sampler import Profile, sampler
from stark_udfs.stages.people.strata import band_of

if TYPE_CHECKING:
    import numpy as np

BAND, GENDER, COUNTRY = "age band", "gender", "country"
DIMENSIONS = (BAND, GENDER, COUNTRY)
REST = "all others"
LEAST_EXPECTED = 5.0  # of a class in χ²: rarer ones are taken together (Cochran's rule)
DRAWS = 2000

Target = Mapping[str, Mapping[str, float]]  # dimension → value → share or weight

PAPER: Target = {  # paper, Table 2: its age bands share their ends; its ten most frequent countries
    BAND: {
        "10-19": 9.76,
        "20-29": 13.68,
        "30-39": 12.10,
        "40-49": 13.19,
        "50-59": 14.12,
        "60-69": 13.29,
        "70-79": 10.96,
        "80+": 12.88,
    },
    GENDER: {"male": 51.29, "female": 48.71},
    COUNTRY: {
        "China": 7.85,
        "United States": 7.79,
        "United Kingdom": 6.73,
        "Russia": 6.43,
        "India": 5.75,
        "Japan": 5.72,
        "Brazil": 5.64,
        "Germany": 5.60,
        "Italy": 5.41,
        "South Korea": 5.23,
        REST: 33.85,
    },
}


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
    `high` are 95 % of resampled sets; `by_chance`: 95 % of sets drawn from the target itself lie below it.
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
        return (self.p is None or self.p >= 0.01) and self.distance <= self.by_chance


def audits(people: Sequence[Profile], target: Target, *, seed: int = 0) -> tuple[DistributionAudit, ...]:
    """Every dimension that the target has.

    Args:
        people: one per episode of the set.
        target: from `population_target`, `people_target`, or `PAPER`.
        seed: of the resampling.

    Example:
        ```python
        audits(people, population_target(settings.people))
        ```
    """
    return tuple(audit(name, _counts(name, people), target[name], seed=seed) for name in DIMENSIONS if name in target)


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
    low, high = _resampled(draws, share, meant, total, (2.5, 97.5))
    (by_chance,) = _resampled(draws, meant, meant, total, (95,))
    strata = []
    for place, value in enumerate(values):
        interval = of_share(found[value], total)
        between = (0.0, 1.0) if interval is None else (interval.low, interval.high)
        strata.append(Stratum(value, found[value], float(share[place]), *between, float(meant[place])))
    distance = float(_distances(share[None, :], meant)[0]) if total else 0.0
    return DistributionAudit(
        dimension, total, tuple(strata), chi2, dof, p, pooled, distance, low=low, high=high, by_chance=by_chance
    )


def population_target(people: PeopleSettings) -> Target:
    """The real population of 2024 (or the even one) that the settings draw from: what people are born as.

    Raises:
        SettingsError: nobody can be drawn by them.
    """
    found: dict[str, dict[str, float]] = {name: defaultdict(float) for name in DIMENSIONS}
    for cell, weight in sampler(people).births:
        found[GENDER][cell.gender] += weight
        found[COUNTRY][cell.country] += weight
        for age in cell.ages:
            found[BAND][band_of(age)] += weight / len(cell.ages)
    return found


def people_target(profiles: Iterable[Profile]) -> Target:
    """The distribution of given people: the user's own table, or all that were drawn."""
    given = list(profiles)
    return {name: {value: float(count) for value, count in _counts(name, given).items()} for name in DIMENSIONS}


def _counts(dimension: str, people: Iterable[Profile]) -> Counter[str]:
    if dimension == BAND:
        return Counter(band_of(one.age) for one in people)
    return Counter(one.gender if dimension == GENDER else one.birthplace for one in people)


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


def _resampled(
    draws: "np.random.Generator", share: "np.ndarray", meant: "np.ndarray", total: int, percentiles: Sequence[float]
) -> tuple[float, ...]:
    import numpy as np

    if not total:
        return tuple(0.0 for _ in percentiles)
    made = draws.multinomial(total, share / share.sum(), size=DRAWS) / total
    return tuple(float(one) for one in np.percentile(_distances(made, meant), percentiles))


def _distances(shares: "np.ndarray", meant: "np.ndarray") -> "np.ndarray":
    """Jensen–Shannon distances of shape (sets,): of each row of `shares` (sets, values) to `meant` (values,)."""
    import numpy as np
    from scipy.spatial.distance import jensenshannon

    found: np.ndarray = np.nan_to_num(jensenshannon(shares, meant[None, :], base=2, axis=1))
    return found
