"""Music, sport, art, play and science."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter
from stark_udfs.demo.drawings.thing import Thing, Where

WOOD = "#b3824f"
DARK = "#2f3038"


def guitar(pen: Pen, tint: Colour) -> None:
    pen.line([(0.5, 0.55), (0.5, 0.08)], "#6b4a32", 0.07)
    pen.box(0.43, 0.0, 0.57, 0.12, DARK, 0.02)
    pen.oval(0.5, 0.56, 0.19, 0.15, tint)
    pen.oval(0.5, 0.79, 0.26, 0.21, tint)
    pen.disc(0.5, 0.67, 0.085, "#4a2f20")
    pen.box(0.4, 0.83, 0.6, 0.86, "#4a2f20")
    for x in (0.485, 0.515):
        pen.line([(x, 0.1), (x, 0.84)], "#f1e5c9", 0.006)


def piano(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.1, 1.1, 0.58, DARK, 0.03)
    pen.box(0.0, 0.54, 1.1, 0.7, "#f8f5ee")
    for n in range(14):
        x = n * 1.1 / 14
        pen.line([(x, 0.54), (x, 0.7)], "#b9b5ac", 0.006)
        if n % 7 not in (0, 3):
            pen.box(x - 0.02, 0.54, x + 0.02, 0.63, DARK)
    for x in (0.06, 0.98):
        pen.box(x, 0.7, x + 0.07, 1.0, DARK)
    pen.box(0.4, 0.26, 0.7, 0.46, "#f4eedd")


def drum(pen: Pen, tint: Colour) -> None:
    pen.box(0.12, 0.45, 0.88, 0.92, tint)
    pen.oval(0.5, 0.92, 0.38, 0.08, tint)
    pen.oval(0.5, 0.45, 0.38, 0.1, "#f4eedd")
    pen.line([(0.3, 0.42), (0.0, 0.12)], WOOD, 0.03)
    pen.line([(0.66, 0.42), (0.98, 0.1)], WOOD, 0.03)
    for x in (0.2, 0.4, 0.6, 0.8):
        pen.line([(x, 0.58), (x + 0.08, 0.92)], "#f1e5c9", 0.015)


def violin(pen: Pen, tint: Colour) -> None:
    guitar(pen, darker(tint, 0.2))
    pen.line([(0.88, 0.12), (0.78, 0.98)], "#5d3a28", 0.022)


def headphones(pen: Pen, tint: Colour) -> None:
    pen.arc(0.5, 0.58, 0.38, 0.45, (180, 360), DARK, 0.07)
    for x in (0.16, 0.84):
        pen.box(x - 0.1, 0.52, x + 0.1, 0.92, tint, 0.08)


def microphone(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.42, 0.42), (0.58, 0.42), (0.55, 1.0), (0.45, 1.0)], DARK)
    pen.disc(0.5, 0.26, 0.2, "#b9bec4")
    for y in (0.18, 0.26, 0.34):
        pen.line([(0.33, y), (0.67, y)], "#7d8288", 0.014)
    pen.box(0.36, 0.4, 0.64, 0.48, tint, 0.02)


def record(pen: Pen, tint: Colour) -> None:
    pen.box(0.05, 0.12, 0.8, 0.98, tint, 0.02)
    pen.disc(0.62, 0.55, 0.4, DARK)
    pen.ring(0.62, 0.55, 0.3, 0.3, "#4a4b55", 0.01)
    pen.disc(0.62, 0.55, 0.13, "#d5a536")
    pen.disc(0.62, 0.55, 0.025, "#f4f2ee")


def ball(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.55, 0.44, tint)
    pen.poly([(0.5, 0.38), (0.66, 0.5), (0.6, 0.68), (0.4, 0.68), (0.34, 0.5)], DARK)
    for x, y in ((0.5, 0.15), (0.9, 0.45), (0.74, 0.9), (0.26, 0.9), (0.1, 0.45)):
        pen.disc(x, y, 0.075, DARK)


def basketball(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.55, 0.44, "#dd7f35")
    pen.line([(0.5, 0.12), (0.5, 0.98)], DARK, 0.022)
    pen.line([(0.07, 0.55), (0.93, 0.55)], DARK, 0.022)
    pen.arc(0.0, 0.55, 0.36, 0.42, (305, 55), DARK, 0.022)
    pen.arc(1.0, 0.55, 0.36, 0.42, (125, 235), DARK, 0.022)


def racket(pen: Pen, tint: Colour) -> None:
    pen.line([(0.5, 0.62), (0.5, 1.0)], DARK, 0.07)
    pen.ring(0.5, 0.34, 0.27, 0.34, tint, 0.05)
    for n in range(5):
        pen.line([(0.32 + n * 0.09, 0.1), (0.32 + n * 0.09, 0.58)], "#f4f2ee", 0.01)
        pen.line([(0.28, 0.14 + n * 0.1), (0.72, 0.14 + n * 0.1)], "#f4f2ee", 0.01)
    pen.disc(0.86, 0.86, 0.12, "#d6e04f")


def balloon(pen: Pen, tint: Colour) -> None:
    for x, y, colour in ((0.25, 0.35, "#edc54a"), (0.75, 0.35, "#86bfe2"), (0.5, 0.22, tint)):
        pen.line([(x, y + 0.2), (0.5, 1.0)], "#8f9298", 0.01)
        pen.oval(x, y, 0.18, 0.22, colour)
        pen.oval(x - 0.06, y - 0.08, 0.04, 0.06, lighter(colour, 0.5))


def painting(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.05, 1.2, 0.95, "#a9784f", 0.02)
    pen.box(0.07, 0.12, 1.13, 0.88, "#f2dcb8")
    pen.disc(0.85, 0.32, 0.1, "#e3853c")
    pen.poly([(0.07, 0.88), (0.4, 0.42), (0.75, 0.88)], tint)
    pen.poly([(0.5, 0.88), (0.8, 0.56), (1.13, 0.88)], darker(tint, 0.2))


def easel(pen: Pen, tint: Colour) -> None:
    pen.line([(0.5, 0.0), (0.2, 1.0)], WOOD, 0.04)
    pen.line([(0.5, 0.0), (0.8, 1.0)], WOOD, 0.04)
    painting(pen.at(0.08, 0.12, 0.68), tint)


def brushes(pen: Pen, tint: Colour) -> None:
    for x, colour in ((0.3, "#c8413f"), (0.5, tint), (0.7, "#edc54a")):
        pen.line([(x, 0.8), (0.5 + (x - 0.5) * 1.6, 0.2)], WOOD, 0.03)
        pen.oval(0.5 + (x - 0.5) * 1.7, 0.13, 0.04, 0.1, colour)
    pen.poly([(0.24, 0.55), (0.76, 0.55), (0.7, 1.0), (0.3, 1.0)], "#d7dfe2")


def yarn(pen: Pen, tint: Colour) -> None:
    pen.line([(0.2, 0.2), (0.75, 0.85)], WOOD, 0.03)
    pen.line([(0.85, 0.15), (0.4, 0.85)], WOOD, 0.03)
    pen.disc(0.5, 0.66, 0.32, tint)
    for n in range(4):
        pen.arc(0.5, 0.66, 0.28 - n * 0.06, 0.14 + n * 0.05, (200, 340), darker(tint, 0.2), 0.018)
    pen.line([(0.75, 0.9), (1.0, 0.97), (1.15, 0.9)], tint, 0.022)


def trophy(pen: Pen, tint: Colour) -> None:
    for side in (-1, 1):
        pen.ring(0.5 + side * 0.3, 0.26, 0.13, 0.15, "#d7a93c", 0.045)
    pen.poly([(0.24, 0.05), (0.76, 0.05), (0.66, 0.5), (0.34, 0.5)], "#e5bb4a")
    pen.box(0.45, 0.48, 0.55, 0.76, "#d7a93c")
    pen.box(0.28, 0.76, 0.72, 1.0, "#6b4a32", 0.02)


def kite(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.5, 0.0), (0.84, 0.3), (0.5, 0.75), (0.16, 0.3)], tint)
    pen.poly([(0.5, 0.0), (0.84, 0.3), (0.5, 0.3)], "#edc54a")
    pen.poly([(0.5, 0.3), (0.16, 0.3), (0.5, 0.75)], "#4577b8")
    pen.line([(0.5, 0.75), (0.42, 0.85), (0.55, 0.92), (0.45, 1.0)], "#f4f2ee", 0.016)


def telescope(pen: Pen, tint: Colour) -> None:
    for x in (0.2, 0.5, 0.8):
        pen.line([(0.5, 0.5), (x, 1.0)], "#6b4a32", 0.035)
    pen.line([(0.2, 0.6), (0.85, 0.2)], tint, 0.16)
    pen.line([(0.78, 0.24), (0.95, 0.14)], darker(tint, 0.3), 0.2)


def microscope(pen: Pen, tint: Colour) -> None:
    pen.box(0.2, 0.9, 0.86, 1.0, DARK, 0.03)
    pen.arc(0.45, 0.55, 0.32, 0.36, (280, 80), tint, 0.09)
    pen.line([(0.32, 0.12), (0.46, 0.56)], DARK, 0.13)
    pen.box(0.26, 0.68, 0.62, 0.74, DARK)


def globe(pen: Pen, tint: Colour) -> None:
    pen.arc(0.5, 0.44, 0.42, 0.42, (300, 150), WOOD, 0.035)
    pen.disc(0.5, 0.44, 0.35, "#7db6da")
    for x, y, rx, ry in ((0.38, 0.34, 0.13, 0.1), (0.62, 0.5, 0.12, 0.14), (0.42, 0.6, 0.08, 0.1)):
        pen.oval(x, y, rx, ry, "#7fae6a")
    pen.box(0.46, 0.84, 0.54, 0.95, WOOD)
    pen.oval(0.5, 0.96, 0.25, 0.045, WOOD)


def controller(pen: Pen, tint: Colour) -> None:
    for x in (0.2, 0.8):
        pen.oval(x, 0.68, 0.2, 0.27, tint)
    pen.box(0.16, 0.4, 0.84, 0.74, tint, 0.1)
    pen.box(0.24, 0.52, 0.4, 0.57, DARK)
    pen.box(0.295, 0.465, 0.345, 0.625, DARK)
    for x, y, colour in (
        (0.7, 0.47, "#c8413f"),
        (0.78, 0.55, "#4577b8"),
        (0.62, 0.55, "#edc54a"),
        (0.7, 0.63, "#58955a"),
    ):
        pen.disc(x, y, 0.035, colour)


def dumbbell(pen: Pen, tint: Colour) -> None:
    pen.box(0.2, 0.72, 1.0, 0.8, "#8f9298", 0.02)
    for x in (0.06, 0.9):
        pen.box(x, 0.52, x + 0.12, 1.0, DARK, 0.03)
        pen.box(x + (0.14 if x < 0.5 else -0.1), 0.6, x + (0.22 if x < 0.5 else -0.02), 0.92, tint, 0.03)


def mat(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.2, 0.82), (1.4, 0.82), (1.6, 1.0), (0.0, 1.0)], tint)
    pen.disc(0.22, 0.87, 0.13, darker(tint, 0.15))
    pen.disc(0.22, 0.87, 0.07, lighter(tint, 0.2))


def toy_bricks(pen: Pen, tint: Colour) -> None:
    for x, y, colour in ((0.1, 0.7, tint), (0.5, 0.7, "#4577b8"), (0.3, 0.4, "#edc54a")):
        pen.box(x, y, x + 0.4, y + 0.3, colour, 0.03)
        for dx in (0.1, 0.28):
            pen.box(x + dx - 0.05, y - 0.05, x + dx + 0.06, y + 0.03, colour, 0.02)


def puzzle(pen: Pen, tint: Colour) -> None:
    for x, y, colour in ((0.05, 0.3, tint), (0.5, 0.3, "#edc54a"), (0.05, 0.65, "#86bfe2"), (0.5, 0.65, "#e3a0b6")):
        pen.box(x, y, x + 0.44, y + 0.34, colour, 0.03)
        pen.disc(x + 0.22, y, 0.06, colour)


def chess(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.1, 0.7), (0.9, 0.7), (1.05, 1.0), (-0.05, 1.0)], "#e9dcc0")
    for row in range(3):
        for column in range(6):
            if (row + column) % 2:
                x, y = 0.06 + column * 0.15, 0.71 + row * 0.095
                pen.box(x, y, x + 0.15, y + 0.09, "#7a5640")
    for x, colour in ((0.35, "#f4f2ee"), (0.62, DARK)):
        pen.poly([(x - 0.09, 0.84), (x + 0.09, 0.84), (x + 0.04, 0.5), (x - 0.04, 0.5)], colour)
        pen.disc(x, 0.42, 0.075, colour)


LEISURE = {
    "guitar": Thing(guitar, "#c47f3d", 0.56, Where.GROUND),
    "piano": Thing(piano, DARK, 0.46, Where.GROUND, 1.1),
    "drum": Thing(drum, "#c8413f", 0.36, Where.GROUND),
    "violin": Thing(violin, "#b8693a", 0.44, Where.TABLE),
    "headphones": Thing(headphones, "#c8413f", 0.3, Where.TABLE),
    "microphone": Thing(microphone, "#c8413f", 0.42, Where.TABLE),
    "record": Thing(record, "#e3853c", 0.34, Where.TABLE),
    "ball": Thing(ball, "#f8f6f2", 0.24, Where.GROUND),
    "basketball": Thing(basketball, "#dd7f35", 0.26, Where.GROUND),
    "racket": Thing(racket, "#c8413f", 0.38, Where.GROUND),
    "balloon": Thing(balloon, "#c8413f", 0.38, Where.SKY),
    "painting": Thing(painting, "#58955a", 0.42, Where.TABLE, 1.2),
    "easel": Thing(easel, "#58955a", 0.52, Where.GROUND),
    "brushes": Thing(brushes, "#4577b8", 0.32, Where.TABLE),
    "yarn": Thing(yarn, "#c8413f", 0.28, Where.TABLE),
    "trophy": Thing(trophy, "#e5bb4a", 0.34, Where.TABLE),
    "kite": Thing(kite, "#c8413f", 0.28, Where.SKY),
    "telescope": Thing(telescope, "#4577b8", 0.44, Where.GROUND),
    "microscope": Thing(microscope, "#8f9298", 0.34, Where.TABLE),
    "globe": Thing(globe, "#7db6da", 0.34, Where.TABLE),
    "controller": Thing(controller, "#8f9298", 0.28, Where.TABLE),
    "dumbbell": Thing(dumbbell, "#c8413f", 0.26, Where.GROUND, 1.1),
    "mat": Thing(mat, "#7c5aa6", 0.4, Where.GROUND, 1.6),
    "bricks": Thing(toy_bricks, "#c8413f", 0.28, Where.TABLE),
    "puzzle": Thing(puzzle, "#58955a", 0.3, Where.TABLE),
    "chess": Thing(chess, "#e9dcc0", 0.34, Where.TABLE),
}
