"""The retriever that is trained without a framework."""

from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.harness import evaluate
from stark_udfs.ultron.retrieval.pairs import false_negatives
from stark_udfs.ultron.retrieval.systems import tiny
from stark_udfs.ultron.retrieval.systems.tiny import TinyDualEncoder, TinySettings, train, untrained
from tests.ultron.retrieval.worlds import CODE, benchmark, lessons, said

SMALL = TinySettings(features=2048, dims=48, epochs=8, batch=32, learning_rate=5e-3)


def test_it_learns_what_no_common_word_tells():
    data, held = lessons(200, CODE), lessons(60, CODE, start=213)
    after, losses = train(data, SMALL)
    found = evaluate(held, [untrained(data, SMALL), after]).results
    assert losses[-1] < losses[0] / 3
    assert found[1].metrics["MRR"].value > found[0].metrics["MRR"].value + 20
    assert found[1].against is not None and found[1].against.p < 0.01


def test_equal_data_and_seed_give_equal_weights_and_another_seed_others():
    data = lessons(30, CODE)
    first, again = train(data, SMALL)[0], train(data, SMALL)[0]
    assert np.array_equal(first.asked, again.asked)
    assert not np.array_equal(first.asked, train(data, TinySettings(features=2048, dims=48, epochs=1, seed=9))[0].asked)


def test_gradients_are_those_of_finite_differences():
    from scipy import sparse

    rng = np.random.default_rng(0)
    asked, shown = sparse.csr_matrix(rng.random((3, 5))), sparse.csr_matrix(rng.random((5, 5)))
    one, other = rng.standard_normal((5, 4)), rng.standard_normal((5, 4))
    texts = ["a b c", "a b c", "d e", "f g", "h i"]
    wrong = false_negatives(texts[:3], texts)
    loss, gradients = tiny._step(tiny._Batch(asked, shown, wrong), one, other, 7.0)
    for tower, gradient in ((one, gradients[0]), (other, gradients[1])):
        for at in ((0, 0), (2, 3), (4, 1)):
            tower[at] += 1e-3
            more = tiny._step(tiny._Batch(asked, shown, wrong), one, other, 7.0)[0]
            tower[at] -= 1e-3
            assert (more - loss) / 1e-3 == pytest.approx(gradient[at], abs=5e-3)


def test_it_is_the_same_after_saving_and_loading(tmp_path: Path):
    data = lessons(30, CODE)
    made = train(data, SMALL)[0]
    made.save(tmp_path / "tiny.npz")
    again = TinyDualEncoder.load(tmp_path / "tiny.npz")
    assert np.array_equal(again.score(data.queries, data.candidates), made.score(data.queries, data.candidates))
    assert again.settings == made.settings


def test_a_file_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "tiny.npz").write_bytes(b"PK nothing")
    with pytest.raises(InputError, match="not a retriever"):
        TinyDualEncoder.load(tmp_path / "tiny.npz")


def test_one_caption_alone_teaches_nothing():
    with pytest.raises(InputError, match="teaches nothing"):
        train(benchmark((said("a", target="i"), "one")), SMALL)
