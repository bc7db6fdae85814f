"""The harness: pools, duplicates, tests, tables."""

import json
from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate
from stark_udfs.ultron.retrieval.harness import evaluate, groups_of
from stark_udfs.ultron.retrieval.report import markdown, write
from tests.ultron.retrieval.worlds import Given, benchmark, said

PAIRS = benchmark(
    (said("a", target="i1"), "A dog."), (said("b", target="i2"), "a dog"), (said("c", target="i3"), "A cat")
)
GOOD = Given("good", [[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])
BAD = Given("bad", [[0.1, 0.1, 0.9], [0.1, 0.1, 0.9], [0.9, 0.9, 0.1]])


def describe_evaluate():
    def it_tests_every_system_against_the_first():
        found = evaluate(PAIRS, [BAD, GOOD])
        assert [result.against is None for result in found.results] == [True, False]
        assert found.results[1].metrics["R_at_1"].value == 100

    def it_counts_equal_captions_once_or_each_and_says_which():
        level = Given("level", [[0.5, 0.5, 0.1], [0.5, 0.5, 0.1], [0.1, 0.1, 0.9]])
        merged, separate = evaluate(PAIRS, [level]), evaluate(PAIRS, [level], duplicates="separate")
        assert merged.results[0].ranks.tolist() == [1, 1, 1]
        assert separate.results[0].ranks.tolist() == [2, 2, 1]
        assert merged.duplicate_candidates == separate.duplicate_candidates == 1
        assert "are one" in markdown(merged)
        assert "of their own" in markdown(separate)

    def it_ranks_a_query_within_its_own_pool():
        query = said("c", target="i3", pool=("i3", "i1"))
        few = Benchmark("Few", "test", (query,), PAIRS.candidates)
        assert evaluate(few, [Given("g", [[0.1, 0.9, 0.5]])]).results[0].ranks.tolist() == [1]

    def it_refuses_scores_of_another_shape():
        with pytest.raises(InputError, match="shape"):
            evaluate(PAIRS, [Given("g", [[0.1, 0.9]])])

    def it_refuses_two_systems_of_one_name():
        with pytest.raises(InputError, match="a name each"):
            evaluate(PAIRS, [GOOD, GOOD])


def describe_benchmark():
    def it_refuses_a_target_that_is_not_in_the_pool():
        with pytest.raises(InputError, match="not in its pool"):
            Benchmark("Few", "test", (said("c", target="i9"),), PAIRS.candidates)

    def it_refuses_an_empty_split():
        with pytest.raises(InputError, match="no query"):
            Benchmark("Few", "validation", (), PAIRS.candidates)


def describe_groups_of():
    def it_joins_by_caption_and_by_file():
        candidates = [
            Candidate("a", "A dog"), Candidate("b", "A cat", Path("x.jpg")), Candidate("c", "a DOG!", Path("x.jpg")),
            Candidate("d", ""), Candidate("e", ""),
        ]  # fmt: skip
        assert groups_of(candidates).tolist() == [0, 0, 0, 1, 2]


def describe_report():
    def it_marks_published_results_and_shows_them_for_photochats_test_split_alone():
        test = Benchmark("PhotoChat", "test", PAIRS.queries, PAIRS.candidates)
        assert "Ultron 7B (published) | 31.2 | 53.7 | 65.0 | 46.1" in markdown(evaluate(test, [GOOD]))
        validation = Benchmark("PhotoChat", "validation", PAIRS.queries, PAIRS.candidates)
        assert "published)" not in markdown(evaluate(validation, [GOOD]))

    def it_is_written_with_the_rank_of_every_query(tmp_path: Path):
        write(evaluate(PAIRS, [GOOD]), tmp_path / "new" / "table.json")
        assert json.loads((tmp_path / "new" / "table.json").read_text())["results"][0]["ranks"] == [1, 1, 1]
