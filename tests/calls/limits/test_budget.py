import random

from stark_udfs.calls.limits.budget import Budget


def describe_budget():
    def it_lends_what_is_left_and_no_more():
        budget = Budget(1.0)
        assert budget.lend("a", 0.4, 0.4) == 0.4
        assert budget.lend("b", 0.4, 0.4) == 0.4
        assert budget.lend("a", 0.4, 0.4) == 0.0
        budget.settle("a", spent=0.1, back=0.2)
        assert budget.lend("b", 0.25, 0.25) == 0.25

    def it_keeps_something_for_the_others():
        budget = Budget(1.0)
        budget.lend("a", 0.1, 0.1)
        assert budget.lend("a", 100.0, 0.05) == 0.45

    def it_counts_without_a_cap():
        budget = Budget(None)
        assert budget.lend("a", 1e9, 1.0) == 1e9
        budget.settle("a", spent=5.0, back=0.0)
        assert budget.spent == 5.0

    def it_counts_what_a_lost_asker_held_as_spent():
        budget = Budget(1.0)
        budget.lend("a", 0.6, 0.6)
        budget.leave("a", lost=True)
        assert budget.free == 0.4
        budget.lend("b", 0.3, 0.3)
        budget.leave("b", lost=False)
        assert budget.free == 0.4
        assert budget.idle

    def it_never_lends_beyond_the_cap():
        draw = random.Random(1)
        budget = Budget(10.0)
        for _ in range(5_000):
            worker = draw.choice("abcd")
            least = draw.uniform(0.01, 1.0)
            budget.lend(worker, least * draw.uniform(1, 20), least)
            held = budget.leases.get(worker, 0.0)
            spent = draw.uniform(0, held) * 0.01
            budget.settle(worker, spent=spent, back=draw.uniform(0, held - spent))
            assert budget.spent + sum(budget.leases.values()) <= 10.0 + 1e-6
