"""Vehicles, buildings, journeys and people."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter
from stark_udfs.demo.drawings.thing import Thing, Where

WOOD = "#b3824f"
DARK = "#2f3038"


def bicycle(pen: Pen, tint: Colour) -> None:
    for x in (0.22, 1.08):
        pen.ring(x, 0.72, 0.27, 0.27, DARK, 0.035)
        for dx, dy in ((0.24, 0.0), (0.0, 0.24), (0.17, 0.17), (0.17, -0.17)):
            pen.line([(x - dx, 0.72 - dy), (x + dx, 0.72 + dy)], "#8f9298", 0.008)
    frame = [(0.22, 0.72), (0.45, 0.36), (0.92, 0.36), (0.6, 0.72), (0.22, 0.72)]
    pen.line(frame, tint, 0.045)
    pen.line([(0.6, 0.72), (0.42, 0.28)], tint, 0.045)
    pen.line([(1.08, 0.72), (0.9, 0.22), (1.02, 0.18)], tint, 0.045)
    pen.box(0.32, 0.23, 0.52, 0.29, DARK, 0.03)
    pen.disc(0.6, 0.72, 0.06, DARK)


def motorbike(pen: Pen, tint: Colour) -> None:
    for x in (0.2, 1.05):
        pen.disc(x, 0.78, 0.22, DARK)
        pen.disc(x, 0.78, 0.11, "#b9bec4")
    pen.poly([(0.2, 0.62), (0.3, 0.46), (0.62, 0.5), (0.86, 0.42), (0.92, 0.6), (0.7, 0.82), (0.4, 0.82)], tint)
    pen.box(0.22, 0.40, 0.6, 0.5, DARK, 0.05)
    pen.line([(1.05, 0.78), (0.86, 0.36), (0.76, 0.26)], "#7d8288", 0.045)
    pen.disc(0.94, 0.44, 0.07, "#f4eccb")


def car(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.3, 0.52), (0.46, 0.26), (0.98, 0.26), (1.16, 0.52)], tint)
    pen.poly([(0.38, 0.51), (0.5, 0.32), (0.7, 0.32), (0.7, 0.51)], "#cfe3ee")
    pen.poly([(0.75, 0.51), (0.75, 0.32), (0.95, 0.32), (1.08, 0.51)], "#cfe3ee")
    pen.box(0.06, 0.5, 1.4, 0.84, tint, 0.09)
    for x in (0.36, 1.1):
        pen.disc(x, 0.84, 0.16, DARK)
        pen.disc(x, 0.84, 0.075, "#c4c8ce")
    pen.oval(1.36, 0.62, 0.05, 0.05, "#f8e7a8")


def bus(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.2, 1.5, 0.88, tint, 0.08)
    for n in range(5):
        pen.box(0.08 + n * 0.28, 0.3, 0.3 + n * 0.28, 0.54, "#cfe3ee", 0.03)
    pen.box(0.0, 0.64, 1.5, 0.69, "#f4f2ee")
    for x in (0.34, 1.16):
        pen.disc(x, 0.88, 0.12, DARK)


def train(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.0, 0.25), (1.3, 0.25), (1.62, 0.6), (1.62, 0.86), (0.0, 0.86)], tint)
    for n in range(4):
        pen.box(0.08 + n * 0.3, 0.36, 0.3 + n * 0.3, 0.56, "#cfe3ee", 0.03)
    pen.poly([(1.3, 0.34), (1.5, 0.56), (1.3, 0.56)], "#cfe3ee")
    pen.box(0.0, 0.66, 1.62, 0.71, "#f4f2ee")
    pen.line([(-0.3, 0.98), (2.0, 0.98)], "#6d6a6a", 0.03)
    for x in (0.2, 0.5, 0.9, 1.3):
        pen.disc(x, 0.89, 0.07, DARK)


def plane(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.1, 0.45), (0.0, 0.15), (0.14, 0.15), (0.32, 0.42)], tint)
    pen.oval(0.7, 0.52, 0.65, 0.13, "#f4f4f2")
    pen.poly([(0.55, 0.54), (0.35, 0.92), (0.5, 0.92), (0.86, 0.56)], tint)
    for n in range(6):
        pen.disc(0.5 + n * 0.11, 0.48, 0.022, "#6fa3c7")


def boat(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.0, 0.72), (1.1, 0.72), (0.94, 0.96), (0.16, 0.96)], tint)
    pen.box(0.53, 0.02, 0.57, 0.74, "#6b4a32")
    pen.poly([(0.6, 0.06), (0.6, 0.66), (1.04, 0.66)], "#f8f5ee")
    pen.poly([(0.5, 0.14), (0.5, 0.66), (0.16, 0.66)], "#eadfc8")
    pen.line([(-0.25, 0.98), (1.35, 0.98)], "#dceaf2", 0.025)


def house(pen: Pen, tint: Colour) -> None:
    pen.box(0.1, 0.42, 0.9, 1.0, tint)
    pen.poly([(0.0, 0.45), (0.5, 0.06), (1.0, 0.45)], "#a9503d")
    pen.box(0.7, 0.1, 0.8, 0.3, "#8a5a48")
    pen.box(0.42, 0.66, 0.6, 1.0, "#6b4a32", 0.02)
    for x in (0.18, 0.68):
        pen.box(x, 0.56, x + 0.16, 0.74, "#cfe3ee")
        pen.line([(x + 0.08, 0.56), (x + 0.08, 0.74)], "#f4f2ee", 0.016)


def tower(pen: Pen, tint: Colour) -> None:
    pen.box(0.34, 0.22, 0.66, 1.0, tint)
    pen.poly([(0.3, 0.24), (0.5, 0.0), (0.7, 0.24)], darker(tint, 0.35))
    pen.disc(0.5, 0.38, 0.1, "#f8f3e6")
    pen.line([(0.5, 0.38), (0.5, 0.31)], DARK, 0.014)
    pen.line([(0.5, 0.38), (0.56, 0.38)], DARK, 0.014)
    for y in (0.56, 0.74):
        pen.box(0.44, y, 0.56, y + 0.12, darker(tint, 0.4), 0.05)


def temple(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.0, 0.4), (0.55, 0.1), (1.1, 0.4)], tint)
    pen.box(0.04, 0.4, 1.06, 0.48, darker(tint, 0.12))
    for n in range(5):
        pen.box(0.1 + n * 0.2, 0.48, 0.2 + n * 0.2, 0.9, lighter(tint, 0.2))
    pen.box(0.0, 0.9, 1.1, 1.0, darker(tint, 0.12))


def bridge(pen: Pen, tint: Colour) -> None:
    for x in (0.3, 1.3):
        pen.box(x - 0.05, 0.1, x + 0.05, 1.0, tint)
    pen.arc(0.8, 0.12, 0.5, 0.46, (0, 180), tint, 0.03)
    pen.line([(-0.4, 0.62), (0.3, 0.13)], tint, 0.03)
    pen.line([(2.0, 0.62), (1.3, 0.13)], tint, 0.03)
    for n in range(6):
        x = 0.42 + n * 0.15
        pen.line([(x, 0.5), (x, 0.7)], tint, 0.012)
    pen.box(-0.6, 0.66, 2.2, 0.74, darker(tint, 0.25))


def tent(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.0, 1.0), (0.5, 0.2), (1.0, 1.0)], tint)
    pen.poly([(0.5, 0.2), (1.0, 1.0), (1.2, 0.92), (0.72, 0.2)], darker(tint, 0.2))
    pen.poly([(0.5, 0.42), (0.68, 1.0), (0.32, 1.0)], darker(tint, 0.5))


def fire(pen: Pen, tint: Colour) -> None:
    pen.line([(0.15, 0.95), (0.85, 0.82)], "#6b4a32", 0.09)
    pen.line([(0.15, 0.82), (0.85, 0.95)], "#7a5640", 0.09)
    pen.poly([(0.25, 0.8), (0.3, 0.45), (0.42, 0.6), (0.5, 0.15), (0.62, 0.55), (0.72, 0.4), (0.76, 0.8)], "#e3853c")
    pen.poly([(0.38, 0.8), (0.45, 0.58), (0.52, 0.42), (0.62, 0.8)], "#f6d25a")


def suitcase(pen: Pen, tint: Colour) -> None:
    pen.frame(0.38, 0.05, 0.62, 0.4, "#7d8288", 0.03)
    pen.box(0.14, 0.26, 0.86, 0.95, tint, 0.08)
    for x in (0.32, 0.5, 0.68):
        pen.line([(x, 0.34), (x, 0.87)], darker(tint, 0.2), 0.018)
    for x in (0.26, 0.74):
        pen.disc(x, 0.96, 0.04, DARK)


def chart_map(pen: Pen, tint: Colour) -> None:
    for n in range(3):
        x = 0.02 + n * 0.33
        up = 0.06 * (n % 2)
        pen.poly(
            [(x, 0.3 + up), (x + 0.33, 0.36 - up), (x + 0.33, 0.96 - up), (x, 0.9 + up)],
            ("#e9e2c8", "#dfd5b4", "#e9e2c8")[n],
        )
    pen.line([(0.1, 0.8), (0.3, 0.6), (0.55, 0.7), (0.75, 0.5)], "#4577b8", 0.025)
    pen.disc(0.75, 0.42, 0.07, "#c8413f")
    pen.poly([(0.685, 0.44), (0.815, 0.44), (0.75, 0.58)], "#c8413f")


def bench(pen: Pen, tint: Colour) -> None:
    for y in (0.4, 0.52, 0.68):
        pen.box(0.0, y, 1.3, y + 0.08, tint, 0.02)
    for x in (0.12, 1.08):
        pen.box(x, 0.4, x + 0.08, 1.0, DARK, 0.02)


def snowman(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.76, 0.25, "#fbfcfd")
    pen.disc(0.5, 0.4, 0.18, "#fbfcfd")
    pen.box(0.36, 0.1, 0.64, 0.26, DARK, 0.02)
    pen.box(0.28, 0.24, 0.72, 0.28, DARK, 0.01)
    pen.poly([(0.5, 0.4), (0.7, 0.44), (0.5, 0.45)], "#e3853c")
    pen.line([(0.36, 0.54), (0.64, 0.54)], tint, 0.06)
    for x in (0.44, 0.56):
        pen.disc(x, 0.36, 0.02, DARK)


def ferris_wheel(pen: Pen, tint: Colour) -> None:
    pen.line([(0.25, 1.0), (0.5, 0.45), (0.75, 1.0)], "#7d8288", 0.035)
    pen.ring(0.5, 0.45, 0.42, 0.42, tint, 0.025)
    for dx, dy in ((0.42, 0), (0.3, 0.3), (0, 0.42), (-0.3, 0.3)):
        pen.line([(0.5 - dx, 0.45 - dy), (0.5 + dx, 0.45 + dy)], "#b9bec4", 0.012)
        for sign, colour in ((-1, "#edc54a"), (1, "#c8413f")):
            pen.disc(0.5 + sign * dx, 0.45 + sign * dy, 0.055, colour)


def people(pen: Pen, tint: Colour) -> None:
    for x, colour, skin in ((0.2, "#2d8486", "#c68a5f"), (0.56, tint, "#f6d2b5"), (0.92, "#d5a536", "#875434")):
        pen.box(x - 0.15, 0.42, x + 0.15, 1.02, colour, 0.1)
        pen.disc(x, 0.27, 0.13, skin)
        pen.cut(x, 0.24, 0.135, 0.13, (180, 360), "#3f2a22")


def person(pen: Pen, tint: Colour) -> None:
    pen.box(0.3, 0.42, 0.7, 1.02, tint, 0.14)
    pen.disc(0.5, 0.25, 0.15, "#edbd98")
    pen.cut(0.5, 0.22, 0.155, 0.15, (180, 360), "#3f2a22")


OUTDOORS = {
    "bicycle": Thing(bicycle, "#c8413f", 0.38, Where.GROUND, 1.35),
    "motorbike": Thing(motorbike, "#c8413f", 0.36, Where.GROUND, 1.25),
    "car": Thing(car, "#4577b8", 0.34, Where.GROUND, 1.45),
    "bus": Thing(bus, "#d5a536", 0.38, Where.GROUND, 1.5),
    "train": Thing(train, "#2d8486", 0.36, Where.GROUND, 1.7),
    "plane": Thing(plane, "#c8413f", 0.26, Where.SKY, 1.35),
    "boat": Thing(boat, "#b45b35", 0.38, Where.GROUND, 1.1),
    "house": Thing(house, "#e9d8b8", 0.46, Where.BACK),
    "tower": Thing(tower, "#c9a67e", 0.62, Where.BACK),
    "temple": Thing(temple, "#d7c1a0", 0.44, Where.BACK, 1.1),
    "bridge": Thing(bridge, "#b4483a", 0.42, Where.BACK, 1.6),
    "tent": Thing(tent, "#e3853c", 0.36, Where.GROUND),
    "fire": Thing(fire, "#e3853c", 0.26, Where.GROUND),
    "suitcase": Thing(suitcase, "#2d8486", 0.4, Where.GROUND),
    "map": Thing(chart_map, "#e9e2c8", 0.32, Where.TABLE),
    "bench": Thing(bench, WOOD, 0.3, Where.GROUND, 1.3),
    "snowman": Thing(snowman, "#c8413f", 0.44, Where.GROUND),
    "ferris wheel": Thing(ferris_wheel, "#7c5aa6", 0.56, Where.BACK),
    "people": Thing(people, "#b45b35", 0.42, Where.GROUND, 1.1),
    "person": Thing(person, "#4577b8", 0.42, Where.GROUND),
}
