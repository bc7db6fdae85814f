"""Ranking in blocks against the whole matrix."""

import numpy as np
import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.metrics import ranks_of
from stark_udfs.ultron.retrieval.ranking import blocks, nearest, ranks
from stark_udfs.ultron.retrieval.systems.dense import unit

RNG = np.random.default_rng(1)
CANDIDATES = unit(RNG.standard_normal((157, 16)).astype(np.float32))
QUERIES = unit(RNG.standard_normal((23, 16)).astype(np.float32))
TARGETS = RNG.integers(157, size=23)


@pytest.mark.parametrize("rows", [1, 10, 157, 1000])
def test_blocks_of_any_size_give_the_ranks_of_the_whole_matrix(rows: int):
    whole = ranks_of(QUERIES @ CANDIDATES.T, TARGETS.tolist())
    found = ranks(QUERIES, blocks(CANDIDATES, rows), CANDIDATES[TARGETS], queries_at_once=7)
    assert found.tolist() == whole.tolist()


@pytest.mark.parametrize("rows", [3, 50, 157])
def test_the_nearest_are_those_of_the_whole_matrix(rows: int):
    order = np.argsort(-(QUERIES @ CANDIDATES.T), axis=1, kind="stable")[:, :10]
    found = nearest(QUERIES, blocks(CANDIDATES, rows), 10, queries_at_once=5)
    assert found.ids.tolist() == order.tolist()
    assert (np.diff(found.scores, axis=1) <= 0).all()


def test_of_equal_candidates_the_earlier_is_nearer_and_the_target_is_ranked_last():
    same = np.tile(CANDIDATES[:1], (30, 1))
    assert nearest(QUERIES[:2], blocks(same, 7), 4).ids.tolist() == [[0, 1, 2, 3]] * 2
    assert ranks(QUERIES[:2], blocks(same, 7), same[:2]).tolist() == [30, 30]


def test_fewer_candidates_than_asked_for_are_all_given():
    assert nearest(QUERIES, blocks(CANDIDATES[:4]), 10).ids.shape == (23, 4)


def test_each_query_needs_a_target():
    with pytest.raises(InputError, match="one target for each query"):
        ranks(QUERIES, blocks(CANDIDATES), CANDIDATES[:2])
