"""A thing that can be drawn, and where it stands in a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from stark_udfs.demo.drawings.pen import Colour, Pen


class Where(StrEnum):
    """Where a thing belongs."""

    BACK = "back"  # far away: mountains, houses, trees
    GROUND = "ground"  # on the ground or the floor
    TABLE = "table"  # on a table, or lifted to the viewer
    SKY = "sky"


@dataclass(frozen=True)
class Thing:
    """A drawing of one thing.

    draw: into a box of height 1 and `width`, standing on its lower edge, in a tint.
    size: height, as a share of the picture's.
    """

    draw: Callable[[Pen, Colour], None]
    tint: Colour
    size: float
    where: Where
    width: float = 1.0
