import random
from collections.abc import Sequence

import pytest

from stark_udfs.engine.checking.interval import Interval, Sums, of_clustered_share, of_mean, of_share


def sums(units: Sequence[tuple[float, float]]) -> Sums:
    return Sums(
        units=sum(b != 0 for _, b in units),
        a=sum(a for a, _ in units),
        b=sum(b for _, b in units),
        aa=sum(a * a for a, _ in units),
        ab=sum(a * b for a, b in units),
        bb=sum(b * b for _, b in units),
    )


def describe_of_share():
    @pytest.mark.parametrize(
        ("hits", "of", "low", "high"),
        [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (150, 300, 0.444, 0.556)],
    )
    def it_is_the_interval_of_wilson(hits: int, of: int, low: float, high: float):
        found = of_share(hits, of)
        assert found is not None
        assert (found.low, found.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))

    def it_says_nothing_of_none():
        assert of_share(0, 0) is None


def describe_of_clustered_share():
    def it_is_that_of_wilson_where_every_unit_is_one_observation():
        found = of_clustered_share(sums([(1, 1)] * 150 + [(0, 1)] * 150))
        assert found is not None
        assert (found.low, found.high) == (pytest.approx(0.444, abs=2e-3), pytest.approx(0.556, abs=2e-3))

    def it_is_wider_where_the_parts_of_a_unit_are_alike():
        alone, alike = sums([(1, 1)] * 100 + [(0, 1)] * 100), sums([(10, 10)] * 10 + [(0, 10)] * 10)
        assert width(of_clustered_share(alike)) > 3 * width(of_clustered_share(alone))

    @pytest.mark.parametrize("units", [[(5, 5)], [(9, 9)] * 3])
    def it_stays_wide_where_a_few_units_are_all_of_one_kind(units: list[tuple[float, float]]):
        found = of_clustered_share(sums(units))
        assert found is not None
        assert (found.low < 0.6, found.high) == (True, 1.0)

    def it_says_nothing_where_there_are_no_parts():
        assert of_clustered_share(sums([(0, 0)] * 5)) is None

    def it_holds_the_true_share_about_95_times_in_100():
        assert coverage(lambda rng: of_clustered_share(sums([clustered(rng) for _ in range(25)])), 0.7) >= 0.93


def describe_of_mean():
    def it_is_that_of_student():
        found = of_mean(sums([(value, 1) for value in (4.0, 5.0, 6.0, 5.0, 5.0)]))
        assert found is not None
        assert (found.low, found.high) == (pytest.approx(4.122, abs=2e-3), pytest.approx(5.878, abs=2e-3))

    def it_says_nothing_of_one_or_two_units():
        assert of_mean(sums([(4, 1)])) is None
        assert of_mean(sums([(4, 1), (4, 1)])) is None
        assert of_mean(sums([])) is None

    def it_holds_the_true_mean_about_95_times_in_100():
        assert coverage(lambda rng: of_mean(sums([(rng.gauss(10.5, 3), 1) for _ in range(8)])), 10.5) >= 0.93


def width(found: Interval | None) -> float:
    assert found is not None
    return found.high - found.low


def clustered(rng: random.Random) -> tuple[float, float]:
    """Five parts of a unit; its own share lies around 0.7."""
    share = rng.betavariate(7, 3)
    return (sum(rng.random() < share for _ in range(5)), 5)


def coverage(interval, truth: float, times: int = 1000) -> float:
    found = [interval(random.Random(seed)) for seed in range(times)]
    return sum(one.low <= truth <= one.high for one in found) / times
