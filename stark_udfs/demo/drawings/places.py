"""The places of scenes."""

from collections.abc import Callable
from dataclasses import dataclass

from stark_udfs.demo.drawings import interiors, landscapes
from stark_udfs.demo.drawings.pen import Pen


@dataclass(frozen=True)
class Place:
    """A ground, and whether it has a table."""

    draw: Callable[[Pen, float, str], None]
    stand: float  # where things on the ground stand, y
    table: bool  # whether things stand on a table
    indoors: bool = False


PLACES = {
    "garden": Place(landscapes.garden, 0.86, table=False),
    "forest": Place(landscapes.forest, 0.86, table=False),
    "mountains": Place(landscapes.mountains, 0.87, table=False),
    "beach": Place(landscapes.beach, 0.86, table=False),
    "lake": Place(landscapes.lake, 0.87, table=False),
    "street": Place(landscapes.street, 0.87, table=False),
    "desert": Place(landscapes.desert, 0.86, table=False),
    "snow": Place(landscapes.snow, 0.86, table=False),
    "room": Place(interiors.room, 0.87, table=False, indoors=True),
    "kitchen": Place(interiors.kitchen, 0.84, table=True, indoors=True),
    "cafe": Place(interiors.cafe, 0.84, table=True, indoors=True),
    "study": Place(interiors.study, 0.84, table=True, indoors=True),
    "classroom": Place(interiors.classroom, 0.84, table=True, indoors=True),
    "stage": Place(interiors.stage, 0.86, table=False, indoors=True),
    "gym": Place(interiors.gym, 0.86, table=False, indoors=True),
    "gallery": Place(interiors.gallery, 0.87, table=False, indoors=True),
    "station": Place(interiors.station, 0.87, table=False, indoors=True),
    "screen": Place(interiors.screen, 0.86, table=False, indoors=True),
    "table": Place(interiors.table, 0.84, table=True, indoors=True),
}
