"""The tables as the report reads them: every number is aggregated in SQL that DuckDB and Spark both speak."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from stark_udfs.engine.checking.interval import Interval, Sums, of_clustered_share, of_mean, of_share
from stark_udfs.release.text import shortened
from stark_udfs.sql.duckdb import SqlEngine

OFFLINE = "offline"
SUMS = """\
  sum(CASE WHEN b > 0 THEN 1 ELSE 0 END) AS units, sum(a) AS a, sum(b) AS b,
  sum(a * a) AS aa, sum(a * b) AS ab, sum(b * b) AS bb"""


@dataclass(frozen=True)
class Measured:
    """A share or mean of one group with its 95 % interval; `n` is what it is a share or mean of, in `clusters`."""

    group: str
    value: float
    low: float
    high: float
    n: int
    hits: float
    clusters: int


@dataclass(frozen=True)
class Source:
    """Answers questions about one warehouse."""

    sql: SqlEngine

    def has(self, *tables: str) -> bool:
        """Whether all these tables are there."""
        return set(tables) <= set(self.sql.tables)

    def missing(self, *tables: str) -> tuple[str, ...]:
        """Those that are not there."""
        return tuple(table for table in tables if table not in self.sql.tables)

    def rows(self, query: str) -> list[dict[str, object]]:
        """The answer to a query."""
        return self.sql.ask(query).dicts()

    def columns(self, table: str) -> tuple[str, ...]:
        """Names of a table's columns."""
        return self.sql.ask(f"SELECT * FROM {table} LIMIT 0").columns

    @cached_property
    def offline(self) -> frozenset[str]:
        """Stages of which some reply comes from the offline author or its drawings."""
        if not self.has("replies"):
            return frozenset()
        found = self.rows(f"SELECT DISTINCT stage FROM replies WHERE provider = '{OFFLINE}'")
        return frozenset(str(row["stage"]) for row in found)


def share(group: str, hits: float, of: float) -> Measured | None:
    """A share of independent ones with its Wilson interval; None where there are none."""
    interval = of_share(hits, of)
    return None if interval is None else Measured(group, hits / of, interval.low, interval.high, int(of), hits, int(of))


def shares(counts: Iterable[tuple[str, float]]) -> list[Measured]:
    """Of each group among all."""
    counted = list(counts)
    total = sum(count for _, count in counted)
    return [found for name, count in counted if (found := share(name, count, total)) is not None]


def clustered(source: Source, query: str, *, mean: bool = False) -> list[Measured]:
    """By group, a ratio of sums with an interval that respects clusters.

    Args:
        source: the warehouse.
        query: gives `grp`, `a` and `b`, one row per cluster (an episode, a person) and group.
        mean: whether the ratio is a mean; else it is a share in [0, 1].
    """
    rows = source.rows(f"SELECT grp, {SUMS} FROM (\n{query}\n) clusters GROUP BY grp ORDER BY grp")
    found = []
    for row in rows:
        sums = Sums(int(number(row["units"])), *(number(row[name]) for name in ("a", "b", "aa", "ab", "bb")))
        if sums.ratio is None:
            continue
        interval = of_mean(sums) if mean else of_clustered_share(sums)
        low, high = (sums.ratio, sums.ratio) if interval is None else _within(interval, mean=mean)
        found.append(Measured(shortened(row["grp"], 60), sums.ratio, low, high, int(sums.b), sums.a, sums.units))
    return found


def number(value: object) -> float:
    """A number of a query's answer; nothing is 0."""
    return 0.0 if value is None else float(str(value))


def count(value: object) -> int:
    """As `number`, whole."""
    return int(number(value))


def names(rows: Sequence[dict[str, object]], column: str, amount: str = "n") -> list[tuple[str, float]]:
    """Name and count of each row."""
    return [(shortened(row[column], 60), number(row[amount])) for row in rows]


def _within(interval: Interval, *, mean: bool) -> tuple[float, float]:
    return (interval.low, interval.high) if mean else (max(0.0, interval.low), min(1.0, interval.high))
