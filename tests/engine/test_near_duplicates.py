import random

import pytest

from stark_udfs.core.english import jaccard, words_of
from stark_udfs.core.rejects import RejectReason
from stark_udfs.engine.near_duplicates import Candidate, DuplicateVerdict, deduplicate


def row(key: str, text: str, *, unit: str = "u1", order: int = 0, in_table: bool = False) -> Candidate:
    return Candidate(key, unit, order, text, in_table)


def kept(verdicts: list[DuplicateVerdict]) -> set[str]:
    return {verdict.key for verdict in verdicts if verdict.kept}


def sentences(count: int) -> list[Candidate]:
    """Short rows of few words, so that many are alike."""
    rng = random.Random(7)
    words = [f"w{i}" for i in range(40)]
    texts = (" ".join(rng.sample(words[: rng.randint(12, 40)], rng.randint(3, 12))) for _ in range(count))
    return [row(f"k{i:03}", text) for i, text in enumerate(texts)]


def kept_by_every_pair(rows: list[Candidate], near: float) -> set[str]:
    held: list[Candidate] = []
    for one in sorted(rows, key=lambda r: r.key):
        if all(jaccard(words_of(one.text), words_of(other.text)) < near for other in held):
            held.append(one)
    return {one.key for one in held}


LONG = "every sunday i cook kimchi stew with my aunt in her small kitchen by the river"


def describe_settle():
    def it_keeps_the_lowest_key_of_equal_sentences():
        first, second = deduplicate([row("b", "I like tea."), row("a", "i like TEA")], near=None, take=None)
        assert first == DuplicateVerdict("a", kept=True)
        assert second == DuplicateVerdict("b", kept=False, reason=RejectReason.DUPLICATE, of="a", similarity=1.0)

    def it_drops_a_near_copy_and_names_what_it_is_like():
        copy = LONG.replace("aunt", "uncle")
        verdicts = list(deduplicate([row("a", LONG), row("b", copy)], near=0.8, take=None))
        assert verdicts[1].reason is RejectReason.NEAR_DUPLICATE
        assert verdicts[1].of == "a"
        assert verdicts[1].similarity == jaccard(words_of(LONG), words_of(copy))

    def it_lets_near_copies_be_where_only_equal_ones_count():
        copy = LONG.replace("aunt", "uncle")
        assert kept(list(deduplicate([row("a", LONG), row("b", copy)], near=None, take=None))) == {"a", "b"}

    def it_never_unseats_a_row_that_is_in_the_table():
        verdicts = list(
            deduplicate([row("a", "I like tea."), row("z", "I like tea.", in_table=True)], near=0.8, take=None)
        )
        assert kept(verdicts) == {"z"}

    def it_keeps_as_many_of_a_unit_as_asked_for_and_calls_the_rest_surplus():
        rows = [row(key, f"I own {key * 3}") for key in "abcd"]
        verdicts = list(deduplicate(rows, near=None, take=2))
        assert kept(verdicts) == {"a", "b"}
        assert [v.reason for v in verdicts if not v.kept] == [None, None]

    def it_counts_rows_in_the_table_towards_the_quota():
        rows = [row("a", "I own a cat"), row("b", "I own a dog"), row("c", "I own a horse", in_table=True)]
        assert kept(list(deduplicate(rows, near=None, take=2))) == {"c", "a"}

    def it_gives_the_same_rows_at_once_and_in_two_runs():
        texts = ["I swim", "I run", "I swim", "I dance", "I run", "I sing"]
        rows = [row(f"k{i}", text, unit=f"u{i // 2}", order=i // 2) for i, text in enumerate(texts)]
        at_once = kept(list(deduplicate(rows, near=None, take=1)))
        first = kept(list(deduplicate(rows[:4], near=None, take=1)))
        there = [Candidate(r.key, r.unit_key, r.order, r.text, True) for r in rows[:4] if r.key in first]
        assert kept(list(deduplicate([*there, *rows[4:]], near=None, take=1))) == at_once

    @pytest.mark.parametrize("near", [0.3, 0.5, 0.8, 0.9, 1.0])
    def it_keeps_what_comparing_every_pair_keeps(near: float):
        rows = sentences(400)
        assert kept(list(deduplicate(rows, near=near, take=None))) == kept_by_every_pair(rows, near)

    def it_finds_pairs_that_are_only_just_alike():
        words = [f"w{i}" for i in range(4000)]
        for start in range(0, 4000, 20):
            text = " ".join(words[start : start + 16])
            one, other = row("a", f"{text} x{start} y{start}"), row("b", f"{text} v{start} z{start}")  # 16 of 20 words
            assert list(deduplicate([one, other], near=0.8, take=None))[1].of == "a"

    def it_names_the_first_of_several_rows_that_are_alike():
        one, other = LONG.replace("river", "lake"), LONG.replace("river", "road")
        rows = [row("c", LONG, order=3), row("b", other, order=2, in_table=True), row("a", one, in_table=True)]
        assert next(v for v in deduplicate(rows, near=0.8, take=None) if v.key == "c").of == "a"

    def it_says_which_rows_it_could_not_compare_with_all_others():
        rows = [row(f"k{i}", f"tea milk a{i} b{i}", order=i) for i in range(5)]
        assert not any(verdict.capped for verdict in deduplicate(rows, near=0.5, take=None))
        verdicts = list(deduplicate(rows, near=0.5, take=None, most=2))
        assert [verdict.capped for verdict in verdicts] == [False, False, False, True, True]
        assert all(verdict.kept for verdict in verdicts)

    def it_takes_texts_without_a_word():
        assert kept(list(deduplicate([row("a", "…"), row("b", "!")], near=0.8, take=None))) == {"a"}
