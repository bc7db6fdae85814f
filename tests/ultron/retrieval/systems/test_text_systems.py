"""BM25, dense systems, fusion, re-ranking, albums."""

from datetime import date

import numpy as np
import pytest

from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate
from stark_udfs.ultron.retrieval.harness import evaluate
from stark_udfs.ultron.retrieval.queries import LAST_TURN, QueryForm
from stark_udfs.ultron.retrieval.systems.album import Album, Span, own_album, span_of
from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
from stark_udfs.ultron.retrieval.systems.dense import Centred, DenseText, Described, Fused, query_vectors, standardised
from stark_udfs.ultron.retrieval.systems.rerank import ListOrder, Reranked
from stark_udfs.ultron.retrieval.text_metrics import tokens
from tests.ultron.retrieval.worlds import CODE, Given, Letters, benchmark, lessons, said

CAPTIONS = ["A dog in the park", "A dog and a cat", "The river in the valley at night", "Cake"]
DATA = benchmark(
    *(
        (said("hello", text, target=f"i{at}"), CAPTIONS[at])
        for at, text in enumerate(("the dog in a park", "my cat", "night river", "no"))
    )
)


def describe_bm25():
    def it_scores_as_another_implementation_does():
        import bm25s

        theirs = bm25s.BM25(method="lucene", k1=1.5, b=0.75)
        theirs.index([tokens(caption) for caption in CAPTIONS], show_progress=False)
        ours = Bm25(LAST_TURN).score(DATA.queries, DATA.candidates)
        for row, query in enumerate(DATA.queries[:3]):
            expected = theirs.get_scores([word for word in tokens(query.context[-1].text) if word in theirs.vocab_dict])
            assert ours[row] / 2.5 == pytest.approx(expected, abs=1e-5)  # Lucene leaves out the constant k1 + 1

    def it_ranks_a_query_without_a_common_word_last():
        assert evaluate(DATA, [Bm25(LAST_TURN)]).results[0].ranks.tolist() == [1, 1, 1, 4]


def describe_dense():
    def it_adds_turns_by_their_weights():
        form = QueryForm(turns=None, weights=(1.0, 0.5))
        query = said("eee", "aaa", target="i")
        assert query_vectors(Letters(), form, [query])[0] == pytest.approx(np.array([1, 0.5, 0]) / np.sqrt(1.25))

    def it_gives_a_query_the_same_score_whoever_else_asks():
        system = DenseText(Letters())
        together = system.score(DATA.queries, DATA.candidates)
        assert together[1] == pytest.approx(system.score(DATA.queries[1:2], DATA.candidates)[0])

    def it_searches_with_a_description_where_there_is_one():
        system = Described("ada", lambda queries: [CAPTIONS[2]] * len(queries), Letters())
        assert system.score(DATA.queries, DATA.candidates).argmax(axis=1).tolist() == [2] * 4
        assert system.name == "ada → letters"

    def it_takes_away_what_a_caption_scores_for_anybody():
        near_to_all = Given("g", [[0.9, 0.8], [0.9, 0.1]])
        centred = Centred(near_to_all, DATA.queries[:2])
        assert centred.score(DATA.queries[:2], DATA.candidates[:2])[0].argmax() == 1

    def it_weighs_standardised_scores():
        fused = Fused(((Given("a", [[10, 20, 30, 0]]), 1.0), (Given("b", [[3, 2, 1, 0]]), 10.0)))
        assert fused.score(DATA.queries[:1], DATA.candidates).argmax() == 0
        assert standardised(np.ones((1, 3), np.float32)).tolist() == [[0, 0, 0]]


def describe_reranked():
    def it_orders_the_first_and_leaves_the_rest_below():
        first = Given("first", [[0.9, 0.8, 0.7, 0.6]])
        system = Reranked(first, ListOrder("llm", lambda query, few: [2, 0]), depth=3)
        found = system.score(DATA.queries[:1], DATA.candidates)[0]
        assert np.argsort(-found).tolist() == [2, 0, 1, 3]

    def it_keeps_what_the_scorer_cannot_tell_apart_level():
        system = Reranked(Given("first", [[0.9, 0.8, 0.7, 0.6]]), ListOrder("llm", lambda query, few: []), depth=2)
        found = system.score(DATA.queries[:1], DATA.candidates)[0]
        assert found[0] == found[1] > found[2]


def describe_album():
    today = date(2026, 6, 10)

    @pytest.mark.parametrize(
        ("text", "span"),
        [
            ("from last summer", Span(date(2025, 6, 1), date(2025, 8, 31))),
            ("last winter was cold", Span(date(2025, 12, 1), date(2026, 2, 28))),
            ("that was two weeks ago", Span(date(2026, 5, 24), date(2026, 5, 30))),
            ("in March", Span(date(2026, 3, 1), date(2026, 3, 31))),
            ("in October, I think", Span(date(2025, 10, 1), date(2025, 10, 31))),
            ("back in 2019", Span(date(2019, 1, 1), date(2019, 12, 31))),
            ("yesterday", Span(date(2026, 6, 9), date(2026, 6, 10))),
            ("may I?", None),
            ("999 years ago", Span(date(1926, 1, 3), date(1927, 1, 2))),
        ],
    )
    def it_reads_days_from_words(text: str, span: Span | None):
        found = span_of(text, today)
        if span is None or "999" in text:
            assert (found is None) == (span is None)
        else:
            assert found == span

    def it_finds_by_who_when_and_where_what_looks_the_same():
        candidates = (
            Candidate("a", "People at a table", who=("Meifang",), taken=date(2025, 7, 1), where="Harbin"),
            Candidate("b", "People at a table outside", who=("Ildar",), taken=date(2025, 7, 2), where="Kazan"),
            Candidate("c", "People around a table", who=("Meifang",), taken=date(2024, 1, 1), where="Oslo"),
        )
        queries = (
            said("the one with Ildar at the table", target="b", group="p", on=today),
            said("people at the table last summer, with Meifang", target="a", group="p", on=today),
            said("the table in Oslo", target="c", group="p", on=today),
        )
        data = own_album(Benchmark("Album", "test", queries, candidates))
        content, evidence = evaluate(data, [Bm25(LAST_TURN), Album(Bm25(LAST_TURN))]).results
        assert evidence.ranks.tolist() == [1, 1, 1]
        assert content.ranks.sum() > 3

    def it_ranks_as_the_content_does_where_nothing_is_known():
        data = lessons(6, CODE)
        assert Album(Bm25()).score(data.queries, data.candidates) == pytest.approx(
            standardised(Bm25().score(data.queries, data.candidates))
        )

    def it_gives_everybody_their_own_images_alone():
        data = own_album(
            benchmark((said("a", target="i1", group="x"), "one"), (said("b", target="i2", group="y"), "two"))
        )
        assert [query.pool for query in data.queries] == [("i1",), ("i2",)]
