"""What people have at home, wear and carry."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter
from stark_udfs.demo.drawings.thing import Thing, Where

WOOD = "#b3824f"
DARK = "#2f3038"


def book(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.0, 0.45), (0.5, 0.55), (0.5, 0.98), (0.0, 0.88)], tint)
    pen.poly([(1.0, 0.45), (0.5, 0.55), (0.5, 0.98), (1.0, 0.88)], darker(tint, 0.15))
    pen.poly([(0.04, 0.40), (0.5, 0.50), (0.5, 0.92), (0.04, 0.82)], "#f8f3e6")
    pen.poly([(0.96, 0.40), (0.5, 0.50), (0.5, 0.92), (0.96, 0.82)], "#ece4d2")
    for row in range(4):
        y = 0.52 + row * 0.08
        pen.line([(0.1, y - 0.02), (0.44, y + 0.05)], "#b9b0a0", 0.012)
        pen.line([(0.9, y - 0.02), (0.56, y + 0.05)], "#b9b0a0", 0.012)


def books(pen: Pen, tint: Colour) -> None:
    for n, colour in enumerate((tint, "#d5a536", "#2d8486", "#7a2740")):
        y = 0.82 - n * 0.17
        shift = (n * 37 % 5) * 0.02
        pen.box(0.08 + shift, y, 0.9 + shift, y + 0.16, colour, 0.02)
        pen.box(0.16 + shift, y + 0.05, 0.3 + shift, y + 0.10, lighter(colour, 0.5))


def phone(pen: Pen, tint: Colour) -> None:
    pen.box(0.24, 0.0, 0.76, 1.0, DARK, 0.08)
    pen.box(0.28, 0.07, 0.72, 0.92, tint, 0.03)
    for row in range(3):
        for column in range(3):
            x, y = 0.32 + column * 0.135, 0.16 + row * 0.16
            pen.box(x, y, x + 0.09, y + 0.10, ("#f4f2ee", "#edc54a", "#e3a0b6")[(row + column) % 3], 0.02)
    pen.box(0.42, 0.95, 0.58, 0.965, "#8f9298", 0.005)


def laptop(pen: Pen, tint: Colour) -> None:
    pen.box(0.1, 0.2, 0.9, 0.82, DARK, 0.04)
    pen.box(0.14, 0.25, 0.86, 0.77, tint)
    for row, length in enumerate((0.4, 0.55, 0.3, 0.48)):
        pen.box(0.2, 0.32 + row * 0.1, 0.2 + length, 0.355 + row * 0.1, "#f4f2ee", 0.01)
    pen.poly([(0.08, 0.84), (0.92, 0.84), (1.04, 0.98), (-0.04, 0.98)], "#b9bec4")


def television(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.15, 1.2, 0.85, DARK, 0.03)
    pen.box(0.04, 0.2, 1.16, 0.8, tint)
    pen.poly([(0.04, 0.8), (0.4, 0.45), (0.7, 0.8)], lighter(tint, 0.3))
    pen.disc(0.85, 0.38, 0.08, "#f5bf4f")
    pen.box(0.4, 0.86, 0.8, 1.0, DARK, 0.02)


def camera(pen: Pen, tint: Colour) -> None:
    pen.box(0.34, 0.2, 0.66, 0.4, darker(tint, 0.2), 0.05)
    pen.box(0.02, 0.32, 0.98, 0.94, tint, 0.08)
    pen.box(0.02, 0.48, 0.98, 0.8, darker(tint, 0.3))
    pen.disc(0.5, 0.63, 0.24, "#c4c8ce")
    pen.disc(0.5, 0.63, 0.18, DARK)
    pen.disc(0.45, 0.57, 0.05, "#8ab7d8")
    pen.disc(0.86, 0.4, 0.04, "#edc54a")


def lamp(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.3, 0.45, "#f8eecb")
    pen.poly([(0.34, 0.08), (0.66, 0.08), (0.8, 0.45), (0.2, 0.45)], tint)
    pen.box(0.47, 0.45, 0.53, 0.92, DARK)
    pen.oval(0.5, 0.95, 0.22, 0.05, DARK)


def candle(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.25, 0.3, "#f8eecb")
    pen.oval(0.5, 0.24, 0.07, 0.14, "#f3b13f")
    pen.box(0.36, 0.4, 0.64, 0.95, tint, 0.03)
    pen.oval(0.5, 0.95, 0.3, 0.05, "#b9bec4")


def chair(pen: Pen, tint: Colour) -> None:
    pen.box(0.2, 0.1, 0.3, 1.0, WOOD, 0.02)
    pen.box(0.2, 0.1, 0.8, 0.46, tint, 0.06)
    pen.box(0.7, 0.1, 0.8, 1.0, WOOD, 0.02)
    pen.box(0.14, 0.58, 0.86, 0.68, tint, 0.04)


def sofa(pen: Pen, tint: Colour) -> None:
    pen.box(0.1, 0.25, 1.5, 0.8, tint, 0.1)
    pen.box(0.0, 0.48, 0.24, 0.92, darker(tint, 0.12), 0.08)
    pen.box(1.36, 0.48, 1.6, 0.92, darker(tint, 0.12), 0.08)
    pen.box(0.2, 0.6, 1.4, 0.86, lighter(tint, 0.12), 0.06)
    pen.box(0.4, 0.4, 0.66, 0.64, "#edc54a", 0.05)


def bed(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.2, 0.1, 1.0, WOOD, 0.03)
    pen.box(0.04, 0.62, 1.6, 0.9, WOOD, 0.03)
    pen.box(0.08, 0.5, 1.58, 0.76, "#f4f2ee", 0.06)
    pen.box(0.5, 0.46, 1.58, 0.8, tint, 0.06)
    pen.box(0.12, 0.38, 0.46, 0.56, "#ffffff", 0.07)


def clock(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.55, 0.44, tint)
    pen.disc(0.5, 0.55, 0.36, "#fbf8f0")
    pen.line([(0.5, 0.55), (0.5, 0.28)], DARK, 0.03)
    pen.line([(0.5, 0.55), (0.68, 0.62)], DARK, 0.03)


def umbrella(pen: Pen, tint: Colour) -> None:
    pen.line([(0.5, 0.3), (0.5, 0.9), (0.6, 0.98), (0.68, 0.9)], "#6b4a32", 0.03)
    pen.cut(0.5, 0.5, 0.5, 0.42, (180, 360), tint)
    for x in (0.17, 0.5, 0.83):
        pen.cut(x, 0.51, 0.165, 0.07, (180, 360), darker(tint, 0.2))


def hat(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.82, 0.5, 0.12, tint)
    pen.box(0.24, 0.4, 0.76, 0.84, tint, 0.12)
    pen.box(0.24, 0.68, 0.76, 0.78, darker(tint, 0.35))


def shoes(pen: Pen, tint: Colour) -> None:
    for dx, dy in ((0.0, -0.16), (0.12, 0.0)):
        pen.poly(
            [
                (0.05 + dx, 0.5 + dy),
                (0.3 + dx, 0.5 + dy),
                (0.5 + dx, 0.68 + dy),
                (0.84 + dx, 0.76 + dy),
                (0.84 + dx, 0.92 + dy),
                (0.05 + dx, 0.92 + dy),
            ],
            tint if dx else darker(tint, 0.15),
        )
        pen.box(0.03 + dx, 0.88 + dy, 0.87 + dx, 0.97 + dy, "#f4f2ee", 0.03)
        pen.line([(0.34 + dx, 0.58 + dy), (0.44 + dx, 0.54 + dy)], "#f4f2ee", 0.022)


def dress(pen: Pen, tint: Colour) -> None:
    pen.line([(0.3, 0.04), (0.5, 0.0), (0.7, 0.04)], "#7d8288", 0.02)
    pen.poly([(0.36, 0.05), (0.64, 0.05), (0.62, 0.42), (0.9, 1.0), (0.1, 1.0), (0.38, 0.42)], tint)
    pen.box(0.37, 0.4, 0.63, 0.46, darker(tint, 0.3))


def shirt(pen: Pen, tint: Colour) -> None:
    pen.poly(
        [
            (0.3, 0.1),
            (0.7, 0.1),
            (1.0, 0.3),
            (0.88, 0.48),
            (0.78, 0.4),
            (0.78, 1.0),
            (0.22, 1.0),
            (0.22, 0.4),
            (0.12, 0.48),
            (0.0, 0.3),
        ],
        tint,
    )
    pen.cut(0.5, 0.1, 0.13, 0.1, (0, 180), darker(tint, 0.35))


def bag(pen: Pen, tint: Colour) -> None:
    pen.arc(0.5, 0.4, 0.22, 0.32, (180, 360), darker(tint, 0.3), 0.05)
    pen.poly([(0.14, 0.38), (0.86, 0.38), (0.94, 1.0), (0.06, 1.0)], tint)
    pen.box(0.34, 0.6, 0.66, 0.82, darker(tint, 0.15), 0.03)


def letter(pen: Pen, tint: Colour) -> None:
    pen.box(0.02, 0.35, 0.98, 0.95, "#f6efe0", 0.03)
    pen.line([(0.04, 0.38), (0.5, 0.7), (0.96, 0.38)], "#c9bda3", 0.02)
    pen.disc(0.5, 0.7, 0.07, tint)


def paper(pen: Pen, tint: Colour) -> None:
    pen.box(0.18, 0.0, 0.82, 1.0, "#fbf9f4", 0.02)
    pen.box(0.26, 0.08, 0.6, 0.14, tint)
    for row in range(8):
        pen.box(0.26, 0.24 + row * 0.085, 0.74 - (row * 31 % 4) * 0.05, 0.265 + row * 0.085, "#bdb9b0")


def chart(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.05, 1.2, 1.0, "#fbf9f4", 0.03)
    for n, height in enumerate((0.25, 0.4, 0.34, 0.58, 0.7)):
        x = 0.16 + n * 0.2
        pen.box(x, 0.88 - height, x + 0.13, 0.88, (tint, "#d5a536")[n % 2], 0.01)
    pen.line([(0.1, 0.14), (0.1, 0.89), (1.12, 0.89)], DARK, 0.016)


def gift(pen: Pen, tint: Colour) -> None:
    pen.box(0.1, 0.42, 0.9, 1.0, tint, 0.03)
    pen.box(0.05, 0.32, 0.95, 0.5, lighter(tint, 0.15), 0.03)
    pen.box(0.43, 0.32, 0.57, 1.0, "#f1e5c9")
    for side in (-1, 1):
        pen.ring(0.5 + side * 0.14, 0.22, 0.14, 0.1, "#f1e5c9", 0.045)


def vase(pen: Pen, tint: Colour) -> None:
    pen.box(0.38, 0.1, 0.62, 0.5, tint, 0.04)
    pen.oval(0.5, 0.68, 0.3, 0.3, tint)
    pen.box(0.34, 0.86, 0.66, 1.0, tint, 0.02)
    pen.arc(0.5, 0.66, 0.28, 0.14, (10, 170), lighter(tint, 0.4), 0.035)


def keys(pen: Pen, tint: Colour) -> None:
    pen.ring(0.32, 0.4, 0.2, 0.2, "#d7a93c", 0.06)
    pen.line([(0.45, 0.53), (0.85, 0.9)], "#d7a93c", 0.06)
    pen.line([(0.72, 0.78), (0.8, 0.68)], "#d7a93c", 0.05)
    pen.line([(0.82, 0.87), (0.9, 0.77)], "#d7a93c", 0.05)


BELONGINGS = {
    "book": Thing(book, "#7a2740", 0.28, Where.TABLE),
    "books": Thing(books, "#4577b8", 0.34, Where.TABLE),
    "phone": Thing(phone, "#86bfe2", 0.38, Where.TABLE),
    "laptop": Thing(laptop, "#4577b8", 0.4, Where.TABLE),
    "television": Thing(television, "#5b86ad", 0.4, Where.TABLE, 1.2),
    "camera": Thing(camera, "#8f9298", 0.28, Where.TABLE),
    "lamp": Thing(lamp, "#d5a536", 0.38, Where.TABLE),
    "candle": Thing(candle, "#f1e5c9", 0.26, Where.TABLE),
    "chair": Thing(chair, "#2d8486", 0.42, Where.GROUND),
    "sofa": Thing(sofa, "#5f8f8b", 0.36, Where.GROUND, 1.6),
    "bed": Thing(bed, "#7f95c0", 0.36, Where.GROUND, 1.6),
    "clock": Thing(clock, "#7b5842", 0.26, Where.TABLE),
    "umbrella": Thing(umbrella, "#c8413f", 0.4, Where.GROUND),
    "hat": Thing(hat, "#d7c1a0", 0.26, Where.TABLE),
    "shoes": Thing(shoes, "#4577b8", 0.28, Where.TABLE),
    "dress": Thing(dress, "#c8413f", 0.48, Where.TABLE),
    "shirt": Thing(shirt, "#86bfe2", 0.36, Where.TABLE),
    "bag": Thing(bag, "#b45b35", 0.34, Where.TABLE),
    "letter": Thing(letter, "#c8413f", 0.26, Where.TABLE),
    "paper": Thing(paper, "#4577b8", 0.46, Where.TABLE),
    "chart": Thing(chart, "#2d8486", 0.44, Where.TABLE, 1.2),
    "gift": Thing(gift, "#c8413f", 0.3, Where.TABLE),
    "vase": Thing(vase, "#4577b8", 0.32, Where.TABLE),
    "keys": Thing(keys, "#d7a93c", 0.22, Where.TABLE),
}
