"""A pen that draws flat shapes in a box of its own: x to the right, y down, the box is one unit high."""
# ruff: noqa: PLR0917  # coordinates are read by their order

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image, ImageDraw

Point: TypeAlias = tuple[float, float]
Colour: TypeAlias = str  # "#rrggbb"

OVERSAMPLED = 2  # drawn larger, then reduced: smooth edges


@dataclass(frozen=True)
class Pen:
    """Draws into the box whose top left corner is (x, y) and whose unit is `unit` canvas px."""

    canvas: ImageDraw.ImageDraw
    x: float
    y: float
    unit: float

    def at(self, x: float, y: float, size: float) -> "Pen":
        """A pen for a box within this one: its top left corner and its height."""
        return Pen(self.canvas, self.x + x * self.unit, self.y + y * self.unit, self.unit * size)

    def _xy(self, point: Point) -> Point:
        return self.x + point[0] * self.unit, self.y + point[1] * self.unit

    def oval(self, x: float, y: float, rx: float, ry: float, fill: Colour) -> None:
        """An ellipse around (x, y)."""
        self.canvas.ellipse([self._xy((x - rx, y - ry)), self._xy((x + rx, y + ry))], fill=fill)

    def disc(self, x: float, y: float, r: float, fill: Colour) -> None:
        """A circle around (x, y)."""
        self.oval(x, y, r, r, fill)

    def ring(self, x: float, y: float, rx: float, ry: float, fill: Colour, width: float) -> None:
        """The outline of an ellipse, `width` inwards."""
        box = [self._xy((x - rx, y - ry)), self._xy((x + rx, y + ry))]
        self.canvas.ellipse(box, outline=fill, width=self._width(width))

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, r: float = 0) -> None:
        """A rectangle with corners of radius r."""
        self.canvas.rounded_rectangle([self._xy((x0, y0)), self._xy((x1, y1))], radius=r * self.unit, fill=fill)

    def frame(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, width: float, r: float = 0) -> None:
        """The outline of a rectangle, `width` inwards."""
        corners = [self._xy((x0, y0)), self._xy((x1, y1))]
        self.canvas.rounded_rectangle(corners, radius=r * self.unit, outline=fill, width=self._width(width))

    def poly(self, points: Sequence[Point], fill: Colour) -> None:
        """A polygon."""
        self.canvas.polygon([self._xy(point) for point in points], fill=fill)

    def line(self, points: Sequence[Point], fill: Colour, width: float) -> None:
        """A line with round ends."""
        ends = [self._xy(point) for point in points]
        thick = self._width(width)
        self.canvas.line(ends, fill=fill, width=thick, joint="curve")
        for x, y in (ends[0], ends[-1]):
            r = thick / 2
            self.canvas.ellipse([(x - r, y - r), (x + r, y + r)], fill=fill)

    def arc(
        self, x: float, y: float, rx: float, ry: float, span: tuple[float, float], fill: Colour, width: float
    ) -> None:
        """A part of an ellipse's outline; degrees clockwise from three o'clock."""
        box = [self._xy((x - rx, y - ry)), self._xy((x + rx, y + ry))]
        self.canvas.arc(box, *span, fill=fill, width=self._width(width))

    def pie(self, x: float, y: float, rx: float, ry: float, span: tuple[float, float], fill: Colour) -> None:
        """A sector of an ellipse; degrees clockwise from three o'clock."""
        box = [self._xy((x - rx, y - ry)), self._xy((x + rx, y + ry))]
        self.canvas.pieslice(box, *span, fill=fill)

    def cut(self, x: float, y: float, rx: float, ry: float, span: tuple[float, float], fill: Colour) -> None:
        """The part of an ellipse on one side of a chord; degrees clockwise from three o'clock."""
        box = [self._xy((x - rx, y - ry)), self._xy((x + rx, y + ry))]
        self.canvas.chord(box, *span, fill=fill)

    def _width(self, width: float) -> int:
        return max(1, round(width * self.unit))


def sheet(width: int, height: int, ground: Colour) -> tuple[Image.Image, Pen]:
    """An empty sheet for a picture of width × height px, and a pen whose unit is its height."""
    image = Image.new("RGB", (width * OVERSAMPLED, height * OVERSAMPLED), ground)
    return image, Pen(ImageDraw.Draw(image), 0, 0, height * OVERSAMPLED)


def finished(image: Image.Image) -> Image.Image:
    """The sheet at its final size."""
    return image.reduce(OVERSAMPLED)


def rgb(colour: Colour) -> tuple[int, int, int]:
    """The three channels."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`share` of the second colour in the first."""
    channels = (round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def darker(colour: Colour, share: float = 0.2) -> Colour:
    """Towards black."""
    return mix(colour, "#1a1520", share)


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    """Towards white."""
    return mix(colour, "#ffffff", share)
