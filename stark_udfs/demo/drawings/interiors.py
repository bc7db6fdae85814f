"""Grounds of scenes indoors. `w` is the width of the picture in units of its height."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.light import SKIES, lit
from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter, mix


def wall(pen: Pen, w: float, colour: Colour, floor: Colour) -> None:
    pen.box(0, 0, w, 0.76, colour)
    pen.box(0, 0.735, w, 0.76, lighter(colour, 0.5))
    pen.box(0, 0.76, w, 1, floor)


def window(pen: Pen, x: float, y: float, light: str) -> None:
    top, low = SKIES[light]
    pen.box(x - 0.02, y - 0.02, x + 0.32, y + 0.36, "#f8f4ea", 0.01)
    pen.box(x, y, x + 0.30, y + 0.34, mix(top, low, 0.5))
    pen.oval(x + 0.15, y + 0.33, 0.15, 0.06, lit("#86b96b", light))
    pen.box(x, y + 0.34, x + 0.30, y + 0.4, "#f8f4ea")
    pen.box(x + 0.145, y, x + 0.155, y + 0.34, "#f8f4ea")


def counter(pen: Pen, w: float, colour: Colour) -> None:
    pen.box(0, 0.72, w, 1, colour)
    pen.box(0, 0.70, w, 0.735, lighter(colour, 0.25))


def room(pen: Pen, w: float, light: str) -> None:
    wall(pen, w, "#ecdcc8", "#b98d64")
    window(pen, w * 0.62, 0.16, light)
    pen.box(0.14, 0.18, 0.40, 0.40, "#a9784f")
    pen.box(0.16, 0.20, 0.38, 0.38, "#dfe8e3")
    pen.oval(w * 0.5, 0.88, w * 0.36, 0.075, "#c9685a")
    pen.oval(w * 0.5, 0.88, w * 0.30, 0.055, "#e2a58f")


def kitchen(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#f0e8da")
    for row in range(6):
        for column in range(15):
            x, y = column * 0.095 - row % 2 * 0.047, 0.30 + row * 0.07
            pen.frame(x, y, x + 0.092, y + 0.067, "#e0d5c3", 0.003)
    window(pen, w * 0.36, 0.07, light)
    for x in (0.0, w - 0.36):
        pen.box(x, 0.0, x + 0.36, 0.24, "#7fa295")
        pen.box(x + 0.17, 0.17, x + 0.19, 0.215, "#f4f2ee")
    counter(pen, w, "#a97c55")


def cafe(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#7c5d4d")
    window(pen, w * 0.08, 0.12, light)
    window(pen, w * 0.66, 0.12, light)
    for x in (0.35, 0.66, 0.97):
        pen.line([(x, 0), (x, 0.12)], "#3b2c26", 0.006)
        pen.cut(x, 0.16, 0.06, 0.05, (180, 360), "#e3b35c")
        pen.disc(x, 0.165, 0.022, "#fbeec0")
    counter(pen, w, "#c19a6b")


def study(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#6b4f3f")
    tints = ("#a9503d", "#4577b8", "#d5a536", "#58955a", "#e9dcc0", "#7a2740", "#2d8486")
    for shelf in range(4):
        y = 0.02 + shelf * 0.17
        pen.box(0, y + 0.145, w, y + 0.165, "#8f6b52")
        x, n = 0.02, shelf * 3
        while x < w - 0.03:
            tall = 0.10 + n * 7 % 4 * 0.012
            pen.box(x, y + 0.145 - tall, x + 0.030 + n % 3 * 0.006, y + 0.145, tints[n * 5 % 7])
            x += 0.038 + n % 3 * 0.006 + (0.05 if n % 9 == 4 else 0)
            n += 1
    counter(pen, w, "#a97c55")


def classroom(pen: Pen, w: float, light: str) -> None:
    wall(pen, w, "#dfe5e0", "#b6ad9f")
    pen.box(w * 0.14, 0.1, w * 0.86, 0.54, "#a9784f", 0.01)
    pen.box(w * 0.16, 0.125, w * 0.84, 0.515, "#3f6b58")
    for row, length in enumerate((0.34, 0.5, 0.26)):
        pen.line([(w * 0.22, 0.2 + row * 0.09), (w * 0.22 + length, 0.2 + row * 0.09)], "#d9e6dd", 0.006)
    pen.ring(w * 0.7, 0.3, 0.07, 0.07, "#d9e6dd", 0.006)
    counter(pen, w, "#b98d64")


def stage(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#2a2140")
    for x, tint in ((0.25, "#b04a7a"), (0.67, "#e0b04a"), (1.08, "#4a8ab0")):
        pen.poly([(x - 0.03, 0), (x + 0.03, 0), (x + 0.22, 0.76), (x - 0.22, 0.76)], mix("#2a2140", tint, 0.45))
    for side in (0.0, w - 0.16):
        for n in range(4):
            pen.box(side + n * 0.04, 0, side + n * 0.04 + 0.038, 0.78, "#8a2f43" if n % 2 else "#a03b50")
    pen.box(0, 0.76, w, 1, "#6b4a3a")
    pen.box(0, 0.755, w, 0.77, "#8f6b52")


def gym(pen: Pen, w: float, light: str) -> None:
    wall(pen, w, "#cfd9df", "#c98f54")
    for n in range(5):
        pen.box(n * w / 5 + 0.03, 0.08, (n + 1) * w / 5 - 0.03, 0.28, "#e9f1f5")
    pen.line([(0, 0.84), (w, 0.84)], "#f4ead8", 0.010)
    pen.arc(w * 0.5, 0.84, 0.24, 0.09, (0, 360), "#f4ead8", 0.010)
    pen.box(0, 0.52, w, 0.56, "#4577b8")


def gallery(pen: Pen, w: float, light: str) -> None:
    wall(pen, w, "#eeeae2", "#a99a86")
    for x, tint in ((0.10, "#c8413f"), (0.52, "#4577b8"), (0.96, "#d5a536")):
        pen.box(x, 0.14, x + 0.28, 0.48, "#8a6a48")
        pen.box(x + 0.02, 0.16, x + 0.26, 0.46, "#f4efe2")
        pen.disc(x + 0.12, 0.28, 0.06, tint)
        pen.poly([(x + 0.06, 0.44), (x + 0.16, 0.30), (x + 0.24, 0.44)], darker(tint, 0.3))


def station(pen: Pen, w: float, light: str) -> None:
    wall(pen, w, "#c8d3da", "#9aa0a6")
    window(pen, 0.10, 0.2, light)
    window(pen, 0.90, 0.2, light)
    pen.box(0.46, 0.06, 0.86, 0.24, "#2f3038", 0.01)
    for row in range(3):
        pen.box(0.49, 0.09 + row * 0.045, 0.70 + row * 0.03, 0.105 + row * 0.045, "#e8b84a")
    pen.box(0, 0.90, w, 0.92, "#e8c84a")


def screen(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#e6ebf2")
    pen.box(0, 0, w, 0.09, "#4a6fa5")
    for n in range(3):
        pen.disc(0.05 + n * 0.045, 0.045, 0.013, "#dfe7f2")
    for n in range(4):
        left, y = 0.06 + n % 2 * 0.55, 0.14 + n * 0.13
        pen.box(left, y, left + 0.62, y + 0.10, "#ffffff" if n % 2 == 0 else "#cfe0f5", 0.03)
        pen.box(left + 0.04, y + 0.03, left + 0.5, y + 0.042, "#b8c2d0")
        pen.box(left + 0.04, y + 0.06, left + 0.36, y + 0.072, "#b8c2d0")


def table(pen: Pen, w: float, light: str) -> None:
    pen.box(0, 0, w, 1, "#e9e0d2")
    pen.oval(w * 0.5, 0.35, 0.62, 0.46, "#f3ede3")
    counter(pen, w, "#b98d64")
    pen.oval(w * 0.5, 0.82, w * 0.36, 0.06, "#dcc7a6")
