import numpy as np
import pytest

from stark_udfs.images.likeness import cut_to_face
from stark_udfs.images.protocols import Box


def describe_cut_to_face():
    def it_takes_the_largest_with_a_margin():
        picture = np.zeros((100, 100, 3), np.uint8)
        assert cut_to_face(picture, [Box(0, 0, 4, 4, 0.9), Box(40, 40, 60, 80, 0.8)]).shape == (60, 30, 3)

    @pytest.mark.parametrize("boxes", [[], [Box(5, 5, 5, 5, 0.9)]])
    def it_keeps_the_whole_picture_where_there_is_none(boxes: list[Box]):
        assert cut_to_face(np.full((16, 16, 3), 200, np.uint8), boxes).shape == (16, 16, 3)
