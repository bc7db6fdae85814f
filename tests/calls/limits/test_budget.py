import random

from stark_udfs.calls.limits.budget import Budget


def describe_purse():
    def it_lends_what_is_left_and_no_more():
        purse = Budget(1.0)
        assert purse.lend("a", 0.4, 0.4) == 0.4
        assert purse.lend("b", 0.4, 0.4) == 0.4
        assert purse.lend("a", 0.4, 0.4) == 0.0
        purse.settle("a", spent=0.1, back=0.2)
        assert purse.lend("b", 0.25, 0.25) == 0.25

    def it_keeps_something_for_the_others():
        purse = Budget(1.0)
        purse.lend("a", 0.1, 0.1)
        assert purse.lend("a", 100.0, 0.05) == 0.45

    def it_counts_without_a_cap():
        purse = Budget(None)
        assert purse.lend("a", 1e9, 1.0) == 1e9
        purse.settle("a", spent=5.0, back=0.0)
        assert purse.spent == 5.0

    def it_counts_what_a_lost_asker_held_as_spent():
        purse = Budget(1.0)
        purse.lend("a", 0.6, 0.6)
        purse.leave("a", lost=True)
        assert purse.free == 0.4
        purse.lend("b", 0.3, 0.3)
        purse.leave("b", lost=False)
        assert purse.free == 0.4
        assert purse.idle

    def it_never_lends_beyond_the_cap():
        draw = random.Random(1)
        purse = Budget(10.0)
        for _ in range(5_000):
            asker = draw.choice("abcd")
            least = draw.uniform(0.01, 1.0)
            purse.lend(asker, least * draw.uniform(1, 20), least)
            held = purse.leases.get(asker, 0.0)
            spent = draw.uniform(0, held) * 0.01
            purse.settle(asker, spent=spent, back=draw.uniform(0, held - spent))
            assert purse.spent + sum(purse.leases.values()) <= 10.0 + 1e-6
