"""Hair in two layers: behind the shoulders, and over the head."""

from stark_udfs.demo.drawings.colours import SKIN
from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter, mix
from stark_udfs.images.appearance import FixedTraits

FALLS = {"ear-length": 0.47, "chin-length": 0.59, "shoulder-length": 0.75, "long": 0.90, "waist-length": 1.05}
TIED = ("ponytail", "bun", "braids")
ROUND = ("curly", "coily")


def behind(pen: Pen, traits: FixedTraits, colour: Colour, rx: float) -> None:
    """What falls behind head and shoulders."""
    fall, back = FALLS.get(traits.hair_length, 0.0), darker(colour, 0.16)
    style = traits.hair_style
    if style == "bun":
        pen.disc(0.5, 0.165, 0.078, back)
    elif style == "ponytail":
        pen.oval(0.5 + rx + 0.015, 0.40, 0.055, 0.10, back)
        pen.poly(
            [
                (0.5 + rx - 0.03, 0.36),
                (0.5 + rx + 0.07, 0.40),
                (0.5 + rx + 0.055, fall * 0.93),
                (0.5 + rx, fall * 0.95),
            ],
            back,
        )
    elif style in ROUND:
        puff(pen, rx, max(fall, 0.43), back, coily=style == "coily")
    elif style == "locs" and fall:
        for n in range(9):
            x = 0.5 + (n - 4) / 4 * (rx + 0.035)
            pen.line(
                [(x * 0.9 + 0.05, 0.30), (x, fall - abs(n - 4) * 0.012)], back if n % 2 else darker(back, 0.15), 0.034
            )
    elif style not in TIED and fall:
        half = rx + (0.062 if style == "wavy" else 0.040)
        pen.box(0.5 - half, 0.25, 0.5 + half, fall, back, 0.10 if style != "bob" else 0.06)
        if style == "wavy" and fall > 0.55:
            for step in range(int((fall - 0.36) / 0.075)):
                for side in (-1, 1):
                    pen.disc(0.5 + side * half * 0.98, 0.38 + step * 0.075, 0.038, back)


def puff(pen: Pen, rx: float, fall: float, colour: Colour, *, coily: bool) -> None:
    """A cloud of curls around the head."""
    spread = rx + (0.060 if coily else 0.045)
    pen.oval(0.5, 0.31, spread + 0.022, 0.185, colour)
    if fall < 0.5:
        return
    pen.box(0.5 - spread, 0.26, 0.5 + spread, fall, colour, 0.1)
    for row in range(int((fall - 0.22) / 0.07) + 1):
        for side in (-1, 1):
            pen.disc(0.5 + side * (spread - 0.008 * (row % 2)), 0.25 + row * 0.07, 0.052, colour)


def before(pen: Pen, traits: FixedTraits, colour: Colour, rx: float) -> None:
    """What lies over the head: crown, parting, fringe, braids."""
    style = traits.hair_style
    if style in ("bald", "balding", "buzz cut"):
        thin(pen, traits, colour, rx)
        return
    crown(pen, rx, colour, high=style in ("slicked-back", "tousled", *ROUND))
    sides(pen, traits, rx, colour)
    if style in ("fringed", "bob"):
        fringe(pen, rx, colour)
    elif style == "side-parted":
        pen.poly([(0.40, 0.19), (0.5 + rx, 0.28), (0.5 + rx, 0.36), (0.62, 0.31), (0.42, 0.265)], colour)
        pen.line([(0.41, 0.195), (0.43, 0.265)], darker(colour, 0.25), 0.006)
    elif style == "tousled":
        tufts(pen, rx, colour)
    elif style in ROUND:
        curls(pen, rx, colour, coily=style == "coily")
    elif style == "locs":
        for n in range(7):
            ends = [(0.5 + (n - 3) * 0.02, 0.19), (0.5 + (n - 3) * rx * 0.27, 0.285)]
            pen.line(ends, darker(colour, 0.2 if n % 2 else 0.0), 0.030)
    elif style == "braids":
        braids(pen, rx, colour, FALLS.get(traits.hair_length, 0.75))
    elif style != "slicked-back":
        parting(pen, rx, colour)
    if style not in (*ROUND, "locs"):
        pen.arc(0.5, 0.36, rx * 0.72, 0.165, (228, 288), lighter(colour, 0.13), 0.014)


def thin(pen: Pen, traits: FixedTraits, colour: Colour, rx: float) -> None:
    """Hair cropped, going, or gone."""
    if traits.hair_style == "balding":
        for side in (-1, 1):
            pen.oval(0.5 + side * (rx - 0.004), 0.355, 0.027, 0.062, colour)
        pen.cut(0.5, 0.262, rx * 0.86, 0.090, (200, 340), colour)
    elif traits.hair_style == "buzz cut":
        pen.cut(0.5, 0.375, rx + 0.005, 0.202, (200, 340), mix(colour, SKIN[traits.tone], 0.22))


def fringe(pen: Pen, rx: float, colour: Colour) -> None:
    """Straight over the forehead."""
    pen.cut(0.5, 0.345, rx * 0.97, 0.060, (178, 362), colour)
    pen.box(0.5 - rx * 0.96, 0.285, 0.5 + rx * 0.96, 0.348, colour, 0.02)
    for n in range(5):
        x = 0.5 + (n - 2) * rx * 0.36
        pen.line([(x, 0.30), (x, 0.340)], darker(colour, 0.12), 0.005)


def tufts(pen: Pen, rx: float, colour: Colour) -> None:
    """Tufts up and down."""
    for n in range(7):
        x, lean, top = 0.5 + (n - 3) * rx * 0.30, 0.02 * (-1) ** n, 0.158 + abs(n - 3) * 0.022
        pen.poly([(x - 0.05, 0.27), (x + 0.05, 0.27), (x + lean, 0.315 if n % 2 else 0.335)], colour)
        pen.poly([(x - 0.05, top + 0.06), (x + 0.05, top + 0.06), (x + lean, top - 0.022)], colour)


def parting(pen: Pen, rx: float, colour: Colour) -> None:
    """Parted in the middle, to both sides."""
    for side in (-1, 1):
        edge = 0.5 + side * rx * 0.98
        inner = [(0.5 + side * rx * 0.47, 0.312), (0.5 - side * 0.01, 0.262)]
        pen.poly([(0.5, 0.205), (edge, 0.30), (edge, 0.365), *inner], colour)


def crown(pen: Pen, rx: float, colour: Colour, *, high: bool) -> None:
    """The cap of hair over the skull."""
    lift = 0.018 if high else 0.0
    pen.cut(0.5, 0.375, rx + 0.020, 0.215 + lift, (202, 338), colour)
    for side in (-1, 1):
        pen.oval(0.5 + side * rx * 0.95, 0.335, 0.030, 0.065, colour)


def sides(pen: Pen, traits: FixedTraits, rx: float, colour: Colour) -> None:
    """Strands in front of the ears, where the hair is worn loose and long."""
    fall = FALLS.get(traits.hair_length, 0.0)
    if traits.hair_style in (*TIED, "locs", "slicked-back", "tousled") or fall < 0.5:
        return
    for side in (-1, 1):
        x = 0.5 + side * (rx + 0.012)
        end = min(fall, 0.70) - 0.02
        pen.poly([(x - 0.030, 0.31), (x + 0.030, 0.31), (x + side * 0.036, end), (x - side * 0.004, end)], colour)
        pen.oval(x + side * 0.012, end - 0.01, 0.027, 0.03, colour)


def curls(pen: Pen, rx: float, colour: Colour, *, coily: bool) -> None:
    """Curls along the hairline and the crown."""
    r = 0.036 if coily else 0.046
    for row, (y, half, count) in enumerate(((0.175, 0.6, 5), (0.225, 0.95, 7), (0.275, 1.05, 7))):
        for n in range(count):
            x = 0.5 + (n / (count - 1) * 2 - 1) * rx * half
            shade = darker(colour, 0.10) if (n + row) % 2 else colour
            if y < 0.27 or abs(x - 0.5) > rx * 0.25:
                pen.disc(x, y + abs(x - 0.5) * 0.28, r, shade)


def braids(pen: Pen, rx: float, colour: Colour, fall: float) -> None:
    """Two braids in front of the shoulders, and a middle parting."""
    end = min(fall, 0.93)
    for side in (-1, 1):
        pen.poly([(0.5, 0.20), (0.5 + side * rx, 0.29), (0.5 + side * rx, 0.37), (0.5 + side * 0.03, 0.255)], colour)
        beads = int((end - 0.42) / 0.05)
        for n in range(beads):
            pen.oval(
                0.5 + side * (rx + 0.030), 0.43 + n * 0.05, 0.033, 0.034, colour if n % 2 else darker(colour, 0.13)
            )
        pen.oval(0.5 + side * (rx + 0.030), 0.43 + beads * 0.05, 0.020, 0.030, darker(colour, 0.2))
    pen.line([(0.5, 0.175), (0.5, 0.25)], darker(colour, 0.3), 0.006)
