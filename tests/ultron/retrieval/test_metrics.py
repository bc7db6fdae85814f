"""Ranks and metrics, by hand and against torchmetrics."""

import numpy as np
import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.metrics import figures, holm, intervals, paired, ranks_of


def of(*rows: list[float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def describe_ranks_of():
    def it_counts_candidates_that_score_at_least_as_high():
        assert ranks_of(of([0.9, 0.5, 0.1], [0.1, 0.2, 0.3]), [1, 1]).tolist() == [2, 2]

    def it_puts_the_target_last_among_equal_scores():
        assert ranks_of(of([0.5, 0.5, 0.5, 0.1]), [0]).tolist() == [3]

    def it_counts_a_group_once_and_never_against_its_own_target():
        scores, twins = of([0.5, 0.5, 0.9, 0.8, 0.1]), np.array([0, 0, 1, 1, 2])
        assert ranks_of(scores, [0]).tolist() == [4]
        assert ranks_of(scores, [0], twins).tolist() == [2]

    def it_takes_the_best_of_the_targets_twins():
        assert ranks_of(of([0.1, 0.9, 0.5]), [0], np.array([1, 1, 0])).tolist() == [1]

    @pytest.mark.parametrize("bad", [np.nan, -np.inf])
    def it_refuses_a_target_without_a_score(bad: float):
        with pytest.raises(InputError, match="scores"):
            ranks_of(of([bad, 0.5]), [0])


def describe_figures():
    def it_is_what_one_counts_by_hand():
        found = figures(np.array([1, 2, 6, 20]))
        assert found == pytest.approx(
            {
                "R_at_1": 25, "R_at_5": 50, "R_at_10": 75, "sum_R": 150, "median_rank": 4,
                "MRR": 100 * (1 + 1 / 2 + 1 / 6 + 1 / 20) / 4,
            }
        )  # fmt: skip

    def it_agrees_with_torchmetrics_on_random_scores():
        import torch
        from torchmetrics.retrieval import RetrievalMRR, RetrievalRecall

        rng = np.random.default_rng(3)
        scores = rng.random((40, 30)).astype(np.float32)  # torchmetrics takes only positive scores for answers
        targets = rng.integers(30, size=40)
        true = torch.zeros(40, 30, dtype=torch.bool)
        true[torch.arange(40), torch.from_numpy(targets)] = True
        asked = (torch.from_numpy(scores).flatten(), true.flatten())
        indexes = torch.arange(40).repeat_interleave(30)
        found = figures(ranks_of(scores, targets.tolist()))
        assert found["MRR"] == pytest.approx(100 * float(RetrievalMRR()(*asked, indexes=indexes)), rel=1e-5)
        for k in (1, 5, 10):
            theirs = 100 * float(RetrievalRecall(top_k=k)(*asked, indexes=indexes))
            assert found[f"R_at_{k}"] == pytest.approx(theirs, rel=1e-5)


def describe_intervals():
    ranks = np.array([1] * 30 + [2] * 30 + [50] * 40)

    def it_holds_the_value_and_is_as_wide_as_a_share_of_a_hundred_is():
        found = intervals(ranks, seed=1)
        one = found["R_at_1"]
        assert one.low < one.value == 30 < one.high
        assert one.high - one.low == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 100) * 100, rel=0.15)

    def it_is_the_same_for_the_same_seed():
        assert intervals(ranks, seed=1) == intervals(ranks, seed=1) != intervals(ranks, seed=2)

    def it_is_wider_where_queries_of_a_person_are_alike():
        persons = [f"p{at // 10}" for at in range(100)]
        alone, together = intervals(ranks, seed=1)["MRR"], intervals(ranks, seed=1, groups=persons)["MRR"]
        assert together.high - together.low > 1.5 * (alone.high - alone.low)


def describe_paired():
    def it_tells_a_small_steady_difference_that_intervals_do_not_tell():
        rng = np.random.default_rng(0)
        worse = rng.integers(2, 100, size=300)
        better = np.where(rng.random(300) < 0.3, worse - 1, worse)
        test = paired(better, worse, seed=1)
        assert test.difference.low > 0
        assert test.p < 0.001
        assert intervals(better, seed=1)["MRR"].low < intervals(worse, seed=1)["MRR"].high

    def it_finds_nothing_between_equal_systems():
        ranks = np.arange(1, 50)
        assert paired(ranks, ranks, seed=1).p == 1

    def it_needs_the_same_queries():
        with pytest.raises(InputError, match="same queries"):
            paired(np.array([1]), np.array([1, 2]), seed=1)


def describe_holm():
    def it_multiplies_the_smallest_p_by_the_number_of_tests_and_never_falls():
        first, second = np.array([1] * 9), np.array([2] * 9)
        low, none = paired(first, second, seed=1), paired(first, first, seed=1)
        found = holm({"a": none, "b": low})
        assert found["b"].adjusted == pytest.approx(min(1, 2 * low.p))
        assert found["a"].adjusted == 1
