"""What a check measures. An invariant is exact; everything else is a sample, and its bound is held against chance."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Exact:
    """An invariant: an aggregate that has to lie within its bounds, however few rows there are."""

    value: str


@dataclass(frozen=True)
class Counted:
    """A share of independent things: two aggregates, so many `hits` among `of`, such as distinct values among rows."""

    hits: str
    of: str = "count(1)"


@dataclass(frozen=True)
class Share:
    """A share of parts: of each row the number (or truth) `part` and the number `of` that it is a part of.

    A row whose part is null does not count.
    """

    part: str
    of: str = "1"


@dataclass(frozen=True)
class Mean:
    """The mean of a number of each row; a row where it is null does not count."""

    each: str


Measure: TypeAlias = Exact | Counted | Share | Mean
