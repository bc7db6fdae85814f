"""What a drawn person wears: clothes, glasses, scarf, hat."""

from typing import Protocol

from stark_udfs.demo.drawings.colours import CLOTH
from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter, mix

FRAMES = {"tortoiseshell": "#7a4a26", "gold": "#c39a3a", "clear": "#b9c4cc", "metal": "#7d8288", "black": "#1f1e22"}


class Head(Protocol):
    """The measures of a head that things are worn on."""

    @property
    def skin(self) -> Colour:
        """Of face and neck."""

    @property
    def rx(self) -> float:
        """Half its width."""

    @property
    def eyes_apart(self) -> float:
        """From the middle to an eye."""


def trunk(pen: Pen, half: float, colour: Colour) -> None:
    """Shoulders and chest."""
    pen.oval(0.5 - half * 0.55, 0.92, half * 0.5, 0.17, colour)
    pen.oval(0.5 + half * 0.55, 0.92, half * 0.5, 0.17, colour)
    pen.poly([(0.40, 0.725), (0.60, 0.725), (0.5 + half * 0.7, 0.775), (0.5 - half * 0.7, 0.775)], colour)
    pen.box(0.5 - half * 1.05, 0.90, 0.5 + half * 1.05, 1.3, colour, 0.03)
    pen.box(0.5 - half * 0.7, 0.77, 0.5 + half * 0.7, 1.2, colour)


def pattern(pen: Pen, half: float, colour: Colour, kind: str) -> None:
    """Stripes, dots or checks on the chest."""
    tint = lighter(colour, 0.35) if colour != CLOTH["white"] else "#c3ccd6"
    left, right = 0.5 - half * 0.68, 0.5 + half * 0.68
    if kind in ("striped", "ribbed", "checked", "herringbone"):
        for step in range(4):
            y = 0.815 + step * 0.055
            pen.box(left, y, right, y + (0.018 if kind != "ribbed" else 0.006), tint)
    if kind in ("checked", "ribbed", "geometric"):
        for step in range(7):
            x = left + (right - left) * (step + 0.5) / 7
            pen.box(x, 0.79, x + 0.012, 1.1, tint)
    if kind in ("dotted", "floral"):
        for row in range(4):
            for column in range(7):
                x = left + (right - left) * (column + 0.5 + row % 2 * 0.4) / 7.6
                pen.disc(x, 0.82 + row * 0.052, 0.009 if kind == "dotted" else 0.013, tint)
                if kind == "floral":
                    pen.disc(x, 0.82 + row * 0.052, 0.005, "#edc54a")
    if kind == "colour-blocked":
        pen.box(0.5 - half * 1.05, 0.93, 0.5 + half * 1.05, 1.1, tint)


def coat(pen: Pen, half: float, colour: Colour) -> None:
    """An open coat with lapels."""
    for side in (-1, 1):
        outer = 0.5 + side * half
        pen.poly(
            [(0.5 + side * 0.10, 0.725), (outer, 0.80), (outer + side * 0.04, 1.2), (0.5 + side * 0.06, 1.2)], colour
        )
        pen.oval(0.5 + side * half * 0.62, 0.93, half * 0.46, 0.175, colour)
        lapel = [
            (0.5 + side * 0.085, 0.72),
            (0.5 + side * 0.175, 0.79),
            (0.5 + side * 0.115, 0.86),
            (0.5 + side * 0.065, 1.0),
        ]
        pen.poly(lapel, darker(colour, 0.18))


def spectacles(pen: Pen, head: Head, kind: str) -> None:
    """Round or angular, thin or thick, as the words say."""
    colour = next((tint for word, tint in FRAMES.items() if word in kind), "#3a3a40")
    width = 0.012 if "thick" in kind or "oversized" in kind or "tortoiseshell" in kind else 0.007
    size = 0.054 if "oversized" in kind else 0.045
    for side in (-1, 1):
        x = 0.5 + side * (head.eyes_apart + 0.003)
        if any(word in kind for word in ("rectangular", "square", "thick", "half")):
            pen.frame(x - size, 0.412 - size * 0.72, x + size, 0.412 + size * 0.72, colour, width, 0.014)
        else:
            pen.ring(x, 0.413, size, size, colour, width)
        pen.line([(x + side * size, 0.405), (0.5 + side * (head.rx + 0.008), 0.400)], colour, width)
    inner = head.eyes_apart + 0.003 - size
    pen.line([(0.5 - inner, 0.405), (0.5 + inner, 0.405)], colour, width)


def scarf(pen: Pen, colour: Colour) -> None:
    """Around the neck, one end hanging down."""
    pen.box(0.385, 0.665, 0.615, 0.755, colour, 0.045)
    pen.poly([(0.53, 0.73), (0.61, 0.72), (0.635, 0.97), (0.545, 0.98)], darker(colour, 0.14))
    pen.line([(0.40, 0.715), (0.60, 0.705)], darker(colour, 0.14), 0.008)


def headscarf(pen: Pen, head: Head, colour: Colour, *, sheer: bool) -> None:
    """Around head and neck, open at the face."""
    cloth = mix(colour, "#ffffff", 0.45) if sheer else colour
    pen.arc(0.5, 0.425, head.rx + 0.050, 0.268, (128, 412), cloth, 0.062)
    pen.poly([(0.33, 0.58), (0.67, 0.58), (0.72, 0.83), (0.28, 0.83)], cloth)
    pen.cut(0.5, 0.545, head.rx * 0.82, 0.075, (0, 180), head.skin)
    pen.arc(0.5, 0.545, head.rx * 0.85, 0.082, (15, 165), darker(cloth, 0.15), 0.010)
    pen.line([(0.40, 0.70), (0.56, 0.75)], darker(cloth, 0.15), 0.008)


def hat(pen: Pen, kind: str, head: Head, colour: Colour) -> None:
    """The hat over the hair."""
    half, shade = head.rx + 0.026, darker(colour, 0.2)
    if kind == "beanie":
        pen.cut(0.5, 0.315, half, 0.185, (180, 360), colour)
        pen.box(0.5 - half - 0.006, 0.275, 0.5 + half + 0.006, 0.335, shade, 0.025)
    elif kind in ("baseball cap", "visor"):
        pen.cut(0.5, 0.305, half, 0.165 if kind == "baseball cap" else 0.05, (180, 360), colour)
        pen.oval(0.54, 0.305, half * 1.02, 0.030, shade)
    elif kind == "beret":
        pen.oval(0.47, 0.235, half * 1.12, 0.078, colour)
        pen.line([(0.47, 0.165), (0.48, 0.145)], shade, 0.012)
    elif kind == "flat cap":
        pen.cut(0.5, 0.30, half, 0.125, (180, 360), colour)
        pen.oval(0.5, 0.300, half * 1.06, 0.026, shade)
    else:
        wide = {"sun hat": 1.75, "fedora": 1.4, "bucket hat": 1.22}.get(kind, 1.3)
        pen.oval(0.5, 0.295, half * wide, 0.046, shade)
        pen.box(0.5 - half * 0.92, 0.135, 0.5 + half * 0.92, 0.29, colour, 0.06)
        pen.box(0.5 - half * 0.92, 0.245, 0.5 + half * 0.92, 0.283, lighter(shade, 0.25))
