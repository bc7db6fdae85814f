"""Metrics of turns, by hand and against torchmetrics."""

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.text_metrics import bleu, distinct, rouge_l, share_now

SAID = ["the cat sat on the mat by the door", "a dog ran over the field today"]
TRUE = ["the cat sat on a mat by the door", "a dog ran across the field today again"]


def describe_share_now():
    def it_is_what_one_counts_by_hand():
        found = share_now([True, True, False, False, True], [True, False, True, False, True])
        assert (found.precision, found.recall, found.f1) == pytest.approx((200 / 3, 200 / 3, 200 / 3))

    def it_is_zero_where_nothing_is_ever_shared():
        assert share_now([False, False], [True, False]).f1 == 0

    def it_needs_one_decision_for_each_turn():
        with pytest.raises(InputError, match="one for each turn"):
            share_now([True], [True, False])


def describe_bleu():
    def it_agrees_with_torchmetrics():
        from torchmetrics.text import BLEUScore

        theirs = 100 * float(BLEUScore(n_gram=4)(SAID, [[text] for text in TRUE]))
        assert bleu(SAID, TRUE) == pytest.approx(theirs, rel=1e-4)

    def it_is_zero_without_a_match():
        assert bleu(["something else"], ["the cat sat on the mat"]) == 0


def describe_rouge_l():
    def it_is_the_f1_of_the_longest_common_subsequence():
        assert rouge_l(["the cat sat"], ["the big cat sat down"]) == pytest.approx(100 * 2 * 3 / 8)


def describe_distinct():
    def it_is_the_share_of_pairs_of_words_that_differ():
        assert distinct(["a b a b", "c d"]) == pytest.approx(75)
