"""How sure a measured share or mean is: 95 % confidence intervals, also where rows come in clusters.

Rows of one unit of work come from one reply and resemble each other, so that the unit is what was sampled. Variances
are those of a ratio of sums over units (linearised); shares take the Wilson interval at the effective sample size,
corrected for few units as Korn and Graubard (1998) do.
"""

import math
from dataclasses import dataclass

Z = 1.959964  # standard normal: 95 % lie within
FEWEST = 3  # units below which nothing is said about a mean
T = {2: 4.303, 3: 3.182, 4: 2.776}  # Student's t by degrees of freedom, where the series below is not good yet


@dataclass(frozen=True)
class Interval:
    """Where the true value lies with 95 % confidence."""

    low: float
    high: float


@dataclass(frozen=True)
class Sums:
    """Over units: of the numerators a and denominators b of a ratio; `units` counts those whose b is not 0."""

    units: int
    a: float
    b: float
    aa: float
    ab: float
    bb: float

    @property
    def ratio(self) -> float | None:
        """The measured value; None where nothing was there to measure."""
        return self.a / self.b if self.b else None

    @property
    def variance(self) -> float:
        """Of the ratio, from the spread between units; at least 2 units."""
        ratio = self.a / self.b
        squares = self.aa - 2 * ratio * self.ab + ratio * ratio * self.bb
        if squares <= 1e-9 * self.aa:  # all units agree; the rest is rounding
            return 0.0
        return self.units / (self.units - 1) * squares / self.b**2


def of_share(hits: float, of: float) -> Interval | None:
    """Wilson interval of `hits` among `of` independent ones; None where there are none."""
    if of <= 0:
        return None
    share, square = min(1.0, max(0.0, hits / of)), Z * Z / of
    middle = (share + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(share * (1 - share) / of + square / (4 * of))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def of_clustered_share(sums: Sums) -> Interval | None:
    """Of a ratio of parts to their wholes."""
    share = sums.ratio
    if share is None:
        return None
    number = _effective(sums, share)
    return of_share(share * number, number)


def _effective(sums: Sums, share: float) -> float:
    """As many independent observations as would say as much."""
    if sums.units < 2:
        return 1.0
    spread = share * (1 - share) / sums.b
    if spread <= 0:  # all or none: no spread to judge by, so that each unit counts once
        return float(sums.units)
    design = max(1.0, sums.variance / spread)
    return max(1.0, sums.b / design * (Z / _t(sums.units - 1)) ** 2)


def of_mean(sums: Sums) -> Interval | None:
    """Of any other ratio of sums, such as a mean; None where there are too few units to tell."""
    ratio = sums.ratio
    if ratio is None or sums.units < FEWEST:
        return None
    half = _t(sums.units - 1) * math.sqrt(sums.variance)
    return Interval(ratio - half, ratio + half)


def _t(freedom: int) -> float:
    """The 97.5 % quantile of Student's t (expansion in 1/freedom, within 0.01 from 5 on)."""
    if freedom < 2:
        return 12.706
    if freedom in T:
        return T[freedom]
    first = (Z**3 + Z) / 4
    second = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3
