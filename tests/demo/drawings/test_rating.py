import numpy as np
import pytest

from stark_udfs.demo.drawings.rating import head_colours, overlap


def describe_overlap():
    def equal_texts_score_one_and_strange_ones_nothing():
        assert overlap("A red bicycle", "a red bicycle") == pytest.approx(1)
        assert overlap("A red bicycle", "two cats asleep") == 0

    @pytest.mark.parametrize(("caption", "text"), [("", ""), ("the", "of"), ("a dog", ""), ("", "a dog")])
    def nothing_said_scores_nothing(caption: str, text: str):
        assert overlap(caption, text) == 0

    def it_is_the_same_both_ways_and_grows_with_what_is_shared():
        one, other = "a red bicycle by the lake", "a bicycle by a lake at dusk"
        assert overlap(one, other) == pytest.approx(overlap(other, one))
        assert overlap(one, other) > overlap(one, "a bicycle at dusk") > 0

    def words_that_no_caption_has_count_too():
        assert overlap("quixotic zeppelin", "zeppelin quixotic") == pytest.approx(1)


def describe_head_colours():
    def a_plain_picture_has_none():
        assert head_colours(np.full((512, 512, 3), 90, np.uint8)) == [0.0] * 192

    @pytest.mark.parametrize("shape", [(512, 512), (480, 640), (32, 1000), (1000, 32)])
    def any_picture_has_a_unit_vector(shape: tuple[int, int]):
        picture = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
        assert np.linalg.norm(head_colours(picture)) == pytest.approx(1, abs=1e-3)
