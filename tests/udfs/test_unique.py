from stark_udfs.core.rejects import Reason
from stark_udfs.udfs.unique import Candidate, Verdict, jaccard, settle, words_of


def row(key: str, text: str, *, unit: str = "u1", order: int = 0, in_table: bool = False) -> Candidate:
    return Candidate(key, unit, order, text, in_table)


def kept(verdicts: list[Verdict]) -> set[str]:
    return {verdict.key for verdict in verdicts if verdict.kept}


LONG = "every sunday i cook kimchi stew with my aunt in her small kitchen by the river"


def describe_settle():
    def it_keeps_the_lowest_key_of_equal_sentences():
        first, second = settle([row("b", "I like tea."), row("a", "i like TEA")], near=None, take=None)
        assert first == Verdict("a", kept=True)
        assert second == Verdict("b", kept=False, reason=Reason.DUPLICATE, of="a", similarity=1.0)

    def it_drops_a_near_copy_and_names_what_it_is_like():
        copy = LONG.replace("aunt", "uncle")
        verdicts = list(settle([row("a", LONG), row("b", copy)], near=0.8, take=None))
        assert verdicts[1].reason is Reason.NEAR_DUPLICATE
        assert verdicts[1].of == "a"
        assert verdicts[1].similarity == jaccard(words_of(LONG), words_of(copy))

    def it_lets_near_copies_be_where_only_equal_ones_count():
        copy = LONG.replace("aunt", "uncle")
        assert kept(list(settle([row("a", LONG), row("b", copy)], near=None, take=None))) == {"a", "b"}

    def it_never_unseats_a_row_that_is_in_the_table():
        verdicts = list(settle([row("a", "I like tea."), row("z", "I like tea.", in_table=True)], near=0.8, take=None))
        assert kept(verdicts) == {"z"}

    def it_keeps_as_many_of_a_unit_as_asked_for_and_calls_the_rest_surplus():
        rows = [row(key, f"I own {key * 3}") for key in "abcd"]
        verdicts = list(settle(rows, near=None, take=2))
        assert kept(verdicts) == {"a", "b"}
        assert [v.reason for v in verdicts if not v.kept] == [None, None]

    def it_counts_rows_in_the_table_towards_the_quota():
        rows = [row("a", "I own a cat"), row("b", "I own a dog"), row("c", "I own a horse", in_table=True)]
        assert kept(list(settle(rows, near=None, take=2))) == {"c", "a"}

    def it_gives_the_same_rows_at_once_and_in_two_runs():
        texts = ["I swim", "I run", "I swim", "I dance", "I run", "I sing"]
        rows = [row(f"k{i}", text, unit=f"u{i // 2}", order=i // 2) for i, text in enumerate(texts)]
        at_once = kept(list(settle(rows, near=None, take=1)))
        first = kept(list(settle(rows[:4], near=None, take=1)))
        there = [Candidate(r.key, r.unit_key, r.order, r.text, True) for r in rows[:4] if r.key in first]
        assert kept(list(settle([*there, *rows[4:]], near=None, take=1))) == at_once

    def it_finds_nearly_all_pairs_above_the_threshold():
        words = [f"w{i}" for i in range(4000)]
        pairs = 0
        for i in range(200):
            text = " ".join(words[i * 20 : i * 20 + 19])
            verdicts = list(settle([row("a", text), row("b", text + " extra")], near=0.9, take=None))
            pairs += verdicts[1].reason is Reason.NEAR_DUPLICATE
        assert pairs >= 199

    def it_takes_texts_without_a_word():
        assert kept(list(settle([row("a", "…"), row("b", "!")], near=0.8, take=None))) == {"a"}
