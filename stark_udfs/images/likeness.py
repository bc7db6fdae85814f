"""What the likeness of two pictures of people is measured on: the face, not the scene."""

from collections.abc import Sequence

from stark_udfs.images.protocols import Box, Pixels

MARGIN = 0.25  # of the box's sides: hair and chin belong to a likeness


def cut_to_face(picture: Pixels, boxes: Sequence[Box]) -> Pixels:
    """The largest face with a margin around it; the whole picture where there is none."""
    if not boxes:
        return picture
    box = max(boxes, key=lambda box: box.area)
    x, y = round((box.right - box.left) * MARGIN), round((box.bottom - box.top) * MARGIN)
    cut = picture[max(0, box.top - y) : box.bottom + y, max(0, box.left - x) : box.right + x]
    return cut if cut.size else picture
