"""Training pairs: hard negatives, and none that are right answers."""

from stark_udfs.ultron.retrieval.pairs import batches, false_negatives, pairs_of
from tests.ultron.retrieval.worlds import benchmark, said


def test_equal_and_nearly_equal_captions_are_not_wrong_answers():
    offered = ["A brown dog on a bench", "a brown dog on the bench", "Two cats", "A brown dog on a bench"]
    assert false_negatives(offered[:3], offered).tolist() == [
        [False, True, False, True],
        [True, False, False, True],
        [False, False, False, False],
    ]


def test_hard_negatives_are_alike_or_of_the_same_person_and_never_twins_of_the_right_one():
    data = benchmark(
        (said("the dog on the bench", target="i1", group="ana"), "A brown dog on a bench"),
        (said("a kettle", target="i2", group="ana"), "A kettle that boils over"),
        (said("a cat", target="i3", group="ben"), "A cat in a box"),
        extra=["a brown dog on the bench", "A bench with a dog-eared book"],
    )
    first = pairs_of(data, hard=3, seed=1)[0]
    assert "A kettle that boils over" in first.negatives
    assert "A bench with a dog-eared book" in first.negatives
    assert "a brown dog on the bench" not in first.negatives
    assert first.caption not in first.negatives


def test_batches_hold_every_pair_once_in_another_order_each_epoch():
    first, second = batches(10, 4, seed=1, epoch=0), batches(10, 4, seed=1, epoch=1)
    assert sorted(at for batch in first for at in batch) == list(range(10))
    assert first != second
    assert batches(5, 4, seed=1, epoch=0)[-1] != [] and len(batches(5, 4, seed=1, epoch=0)) == 1
