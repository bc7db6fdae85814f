import numpy as np
import pytest

from stark_udfs.core.ids import rng_of
from stark_udfs.release.judging.agreement import Score, agreement, agreements, alpha, medians
from stark_udfs.stages.verdicts.criteria import Criterion

C = Criterion.COHERENCE


def scores(rater: str, values: list[int | None], criterion: Criterion = C) -> list[Score]:
    return [Score(rater, f"s{place}", criterion, value) for place, value in enumerate(values) if value is not None]


def drawn(rater: str, count: int) -> list[int]:
    rng = rng_of(rater)
    return [rng.randint(1, 4) for _ in range(count)]


def describe_alpha():
    def it_is_that_of_a_case_worked_by_hand():
        # two raters: 1-1, 2-2, 4-3. Ranks 1 1 2 2 3 4; ordinal distances squared from the marginals.
        counts = np.array([[2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 1]])
        marginal = counts.sum(axis=0)

        def distance(low: int, high: int) -> float:
            between = marginal[low : high + 1].sum() - (marginal[low] + marginal[high]) / 2
            return float(between**2)

        pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
        observed = 2 * distance(2, 3) / 6
        expected = sum(2 * marginal[a] * marginal[b] * distance(a, b) for a, b in pairs) / (6 * 5)
        assert alpha(counts) == pytest.approx(1 - observed / expected)

    def it_is_one_where_all_agree_and_undefined_without_variation():
        assert alpha(np.array([[2, 0, 0, 0], [0, 0, 0, 2]])) == pytest.approx(1)
        assert alpha(np.array([[2, 0, 0, 0]])) is None


def describe_agreement():
    def it_gives_an_interval_around_the_value():
        mine = drawn("x", 60)
        near = [min(4, value + (place % 5 == 0)) for place, value in enumerate(mine)]
        found = agreement("judges", C, [*scores("a", mine), *scores("b", near)])
        assert found.alpha is not None
        assert found.low is not None
        assert found.high is not None
        assert 0.8 < found.low < found.alpha < found.high <= 1
        assert found == agreement("judges", C, [*scores("a", mine), *scores("b", near)])

    def it_holds_zero_where_scores_are_chance():
        found = agreement("judges", C, [*scores("a", drawn("a", 200)), *scores("b", drawn("b", 200))])
        assert found.low is not None
        assert found.high is not None
        assert found.low < 0 < found.high

    def it_counts_only_sessions_with_two_scores():
        found = agreement("people", C, [*scores("a", [1, 2, 3]), *scores("b", [None, 2, 4])])
        assert (found.sessions, found.raters, found.low) == (2, 2, None)

    def it_says_why_there_is_none():
        assert agreement("people", C, scores("a", [1, 2])).why == "no session has two scores"
        assert agreement("people", C, [*scores("a", [4, 4]), *scores("b", [4, 4])]).why == "all scores are equal"


def describe_agreements():
    def it_never_sets_an_offline_judge_beside_people():
        judges = [*scores("gpt", [1, 2, 3]), *scores("default", [1, 2, 3]), *scores("other", [2, 2, 3])]
        people = [*scores("p1", [1, 2, 4]), *scores("p2", [1, 3, 4])]
        found = agreements(judges, people, offline=frozenset({"default", "other"}))
        assert {one.group for one in found} == {"judges, offline", "people", "gpt with people"}
        assert {one.criterion for one in found} == set(Criterion)

    def it_is_empty_without_two_raters():
        assert agreements(scores("gpt", [1, 2]), [], offline=frozenset()) == []


def describe_medians():
    def it_takes_the_lower_of_two_middle_scores():
        people = [*scores("a", [1, 1]), *scores("b", [4, 2]), *scores("c", [None, 4])]
        assert [one.value for one in medians(people)] == [1, 2]
