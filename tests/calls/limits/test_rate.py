import random
from bisect import bisect_left

import pytest

from stark_udfs.calls.limits.rate import LEASE_S, WAY_S, RateWindow


def taken(window: RateWindow, seconds: float, *, step: float = 0.05, amount: float = 1.0) -> list[float]:
    """When something was taken by takers that are always there."""
    times: list[float] = []
    now = 100.0
    while now < 100.0 + seconds:
        while window.fits(amount, now):
            window.take(amount, now)
            times.append(now)
        now += step
    return times


def most(times: list[float], seconds: float = 60.0) -> int:
    return max(bisect_left(times, start + seconds) - n for n, start in enumerate(times))


def describe_window():
    @pytest.mark.parametrize("limit", [1, 7, 100, 600, 3_000])
    def it_never_passes_the_limit_in_any_minute(limit):
        assert most(taken(RateWindow(limit), 300)) <= limit

    @pytest.mark.parametrize("limit", [100, 600, 3_000])
    def it_gets_within_two_percent_of_it(limit):
        times = taken(RateWindow(limit), 600)
        assert len(times) / 10 >= 0.98 * limit

    @pytest.mark.parametrize("limit", [600, 3_000])
    def it_flows_evenly(limit):
        assert most(taken(RateWindow(limit), 300), 5.0) <= limit / 12 * 1.3

    def it_holds_for_permits_that_are_used_late():
        draw = random.Random(3)
        used = sorted(time + draw.uniform(0, LEASE_S + WAY_S) for time in taken(RateWindow(600), 300))
        assert most(used) <= 600

    def it_takes_amounts_too():
        times = taken(RateWindow(60_000), 600, amount=1_500)
        assert most(times) <= 40
        assert len(times) / 10 >= 0.95 * 40

    def it_lets_one_go_alone_that_is_larger_than_the_limit():
        assert len(taken(RateWindow(100), 300, amount=150)) in {3, 4, 5}

    def it_takes_back_what_was_not_used():
        window = RateWindow(10)
        for second in range(0, 50, 5):
            window.take(1, 100.0 + second)
        assert not window.fits(1, 155.0)
        window.back(2)
        assert window.fits(2, 155.0)
        assert not window.fits(3, 155.0)

    def it_says_how_long_to_wait():
        window = RateWindow(10)
        for _ in range(10):
            window.take(1, 100.0)
        assert window.wait(1, 159.0) == pytest.approx(1 + LEASE_S + WAY_S)
        assert window.wait(1, 170.0) == 0.0
