"""What the guard decides, without Spark: which open calls may be made, and how many rows may go."""

import pytest

from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.guard import Allowed, OpenCalls, removes_too_much, verdict
from stark_udfs.engine.replay import ReplayCause

FRESH = OpenCalls(None, units=5, rounds=2, money=0.5)
CHANGED = OpenCalls(ReplayCause.ROW, units=3, rounds=1, money=0.3)
REWORDED = OpenCalls(ReplayCause.CODE, units=1_200, rounds=0, money=12.0)


def decided(*groups: OpenCalls, currency: str = "USD", remake: bool = False, keep_stale: bool = False) -> Allowed:
    return verdict(groups, stage="events", currency=currency, remake=remake, keep_stale=keep_stale)


def describe_verdict():
    def it_allows_what_was_never_answered():
        assert decided(FRESH) == Allowed(units=5, rounds=2, money=0.5, stale=False)
        assert decided() == Allowed(units=0, rounds=0, money=0, stale=False)

    def it_stops_before_units_with_a_verdict_are_paid_for_again():
        with pytest.raises(GuardStopped) as stopped:
            decided(FRESH, CHANGED, REWORDED)
        said = str(stopped.value)
        assert "stage events would pay again for what it has" in said
        assert "3 units because the rows that they are made from changed: first calls up to 0.30 USD" in said
        assert "1,200 units because the prompt, the model or the settings changed: first calls up to 12.00 USD" in said
        assert said.endswith("To do it: --remake events. To leave these rows and mark them: --keep-stale.")

    def it_speaks_of_work_where_nothing_is_paid():
        with pytest.raises(GuardStopped, match="would work again") as stopped:
            decided(CHANGED, currency="")
        assert "first calls" not in str(stopped.value)

    def it_allows_all_to_who_says_remake():
        assert decided(FRESH, CHANGED, remake=True) == Allowed(units=8, rounds=3, money=0.8, stale=False)

    def it_leaves_the_others_to_who_says_keep_stale():
        assert decided(FRESH, CHANGED, keep_stale=True) == Allowed(units=5, rounds=2, money=0.5, stale=True)
        assert not decided(FRESH, keep_stale=True).stale

    def it_keeps_stale_units_though_remake_is_said_too():
        assert decided(FRESH, CHANGED, remake=True, keep_stale=True).units == 5


def describe_removes_too_much():
    @pytest.mark.parametrize(
        ("gone", "rows", "share", "too_much"),
        [(0, 0, 0.01, False), (1, 100, 0.01, False), (2, 100, 0.01, True), (1, 0, 0.5, True), (100, 100, 1.0, False)],
    )
    def it_is_more_than_the_share(gone: int, rows: int, share: float, too_much: bool):
        assert removes_too_much(gone, rows, share) is too_much
