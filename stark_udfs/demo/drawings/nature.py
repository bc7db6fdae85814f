"""Plants, animals, land and sky."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter
from stark_udfs.demo.drawings.thing import Thing, Where

BARK = "#7a5640"
GREEN = "#5b8f55"


def tree(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.45, 0.5), (0.55, 0.5), (0.58, 1.0), (0.42, 1.0)], BARK)
    for x, y, r in ((0.30, 0.42, 0.22), (0.70, 0.42, 0.22), (0.5, 0.26, 0.26), (0.5, 0.5, 0.2)):
        pen.disc(x, y, r, darker(tint, 0.08) if x != 0.5 else tint)


def pine(pen: Pen, tint: Colour) -> None:
    pen.box(0.46, 0.8, 0.54, 1.0, BARK)
    for top, bottom, half in ((0.42, 0.86, 0.32), (0.22, 0.62, 0.26), (0.02, 0.38, 0.19)):
        pen.poly([(0.5, top), (0.5 + half, bottom), (0.5 - half, bottom)], tint)
        pen.poly([(0.5, top), (0.5 + half, bottom), (0.5, bottom)], darker(tint, 0.12))


def palm(pen: Pen, tint: Colour) -> None:
    pen.line([(0.42, 1.0), (0.47, 0.65), (0.55, 0.32)], BARK, 0.06)
    for dx, dy in (
        (-0.38, 0.05),
        (-0.28, -0.15),
        (0.02, -0.26),
        (0.30, -0.12),
        (0.38, 0.08),
        (-0.2, 0.24),
        (0.24, 0.26),
    ):
        pen.poly([(0.52, 0.30), (0.55 + dx * 0.5, 0.24 + dy * 0.6), (0.55 + dx, 0.34 + dy), (0.58, 0.36)], tint)


def flower(pen: Pen, tint: Colour) -> None:
    pen.line([(0.5, 1.0), (0.5, 0.4)], GREEN, 0.04)
    pen.oval(0.62, 0.78, 0.13, 0.05, GREEN)
    pen.oval(0.38, 0.86, 0.13, 0.05, GREEN)
    for x, y in ((0.5, 0.12), (0.68, 0.24), (0.62, 0.44), (0.38, 0.44), (0.32, 0.24)):
        pen.disc(x, y, 0.14, tint)
    pen.disc(0.5, 0.3, 0.11, "#edc54a")


def sunflower(pen: Pen, tint: Colour) -> None:
    flower(pen, "#e9b634")
    pen.disc(0.5, 0.3, 0.15, "#6b4528")


def bouquet(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.28, 0.5), (0.72, 0.5), (0.56, 1.0), (0.44, 1.0)], "#efe3cf")
    for x, y, colour in (
        (0.3, 0.4, tint),
        (0.5, 0.25, "#e3a0b6"),
        (0.7, 0.4, "#edc54a"),
        (0.42, 0.47, "#c8413f"),
        (0.6, 0.5, tint),
    ):
        pen.disc(x, y, 0.13, colour)
        pen.disc(x, y, 0.05, lighter(colour, 0.5))


def plant(pen: Pen, tint: Colour) -> None:
    for x, y in ((0.2, 0.25), (0.38, 0.1), (0.62, 0.1), (0.8, 0.25), (0.5, 0.05)):
        pen.poly([(0.46, 0.66), (x - 0.05, y + 0.12), (x, y), (x + 0.07, y + 0.1), (0.54, 0.66)], GREEN)
    pen.poly([(0.28, 0.62), (0.72, 0.62), (0.65, 1.0), (0.35, 1.0)], tint)
    pen.box(0.25, 0.6, 0.75, 0.69, darker(tint, 0.1), 0.02)


def cactus(pen: Pen, tint: Colour) -> None:
    pen.box(0.41, 0.12, 0.59, 0.75, GREEN, 0.09)
    pen.line([(0.24, 0.35), (0.24, 0.52), (0.45, 0.52)], GREEN, 0.11)
    pen.line([(0.76, 0.25), (0.76, 0.44), (0.55, 0.44)], GREEN, 0.11)
    pen.poly([(0.28, 0.7), (0.72, 0.7), (0.66, 1.0), (0.34, 1.0)], tint)


def leaf(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.5, 0.05), (0.78, 0.4), (0.72, 0.7), (0.5, 0.88), (0.28, 0.7), (0.22, 0.4)], tint)
    pen.line([(0.5, 0.15), (0.5, 1.0)], darker(tint, 0.3), 0.025)
    for y in (0.35, 0.5, 0.65):
        pen.line([(0.34, y - 0.06), (0.5, y + 0.06), (0.66, y - 0.06)], darker(tint, 0.3), 0.015)


def mushroom(pen: Pen, tint: Colour) -> None:
    pen.box(0.4, 0.5, 0.6, 1.0, "#f1e5c9", 0.08)
    pen.cut(0.5, 0.58, 0.4, 0.45, (180, 360), tint)
    for x, y in ((0.35, 0.4), (0.55, 0.3), (0.7, 0.48)):
        pen.disc(x, y, 0.055, "#f8f3ea")


def mountain(pen: Pen, tint: Colour) -> None:
    pen.poly([(-0.35, 1.0), (0.15, 0.32), (0.55, 1.0)], lighter(tint, 0.15))
    pen.poly([(0.0, 1.0), (0.55, 0.08), (1.25, 1.0)], tint)
    pen.poly([(0.55, 0.08), (1.25, 1.0), (0.62, 1.0)], darker(tint, 0.13))
    pen.poly([(0.55, 0.08), (0.37, 0.38), (0.48, 0.34), (0.56, 0.42), (0.66, 0.33), (0.77, 0.37)], "#f4f6f8")


def waterfall(pen: Pen, tint: Colour) -> None:
    pen.box(-0.1, 0.05, 1.1, 1.0, "#72787d", 0.1)
    pen.box(0.3, 0.05, 0.7, 1.0, "#cfe6f2")
    for x in (0.38, 0.48, 0.6):
        pen.line([(x, 0.1), (x, 0.9)], "#ffffff", 0.02)
    pen.oval(0.5, 0.98, 0.55, 0.07, "#9cc9e0")


def sun(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.5, 0.44, lighter(tint, 0.55))
    pen.disc(0.5, 0.5, 0.33, tint)


def moon(pen: Pen, tint: Colour) -> None:
    pen.disc(0.5, 0.5, 0.36, "#f4eccb")
    for x, y, r in ((0.4, 0.4, 0.06), (0.6, 0.55, 0.08), (0.45, 0.66, 0.04)):
        pen.disc(x, y, r, "#ded3a8")


def star(pen: Pen, tint: Colour) -> None:
    for x, y, r in ((0.2, 0.3, 0.05), (0.6, 0.15, 0.07), (0.85, 0.5, 0.05), (0.4, 0.7, 0.06)):
        pen.poly([(x, y - r * 2), (x + r * 0.5, y), (x, y + r * 2), (x - r * 0.5, y)], "#fff4c4")
        pen.poly([(x - r * 2, y), (x, y - r * 0.5), (x + r * 2, y), (x, y + r * 0.5)], "#fff4c4")


def cloud(pen: Pen, tint: Colour) -> None:
    for x, y, r in ((0.25, 0.6, 0.2), (0.5, 0.48, 0.28), (0.78, 0.6, 0.2)):
        pen.disc(x, y, r, "#ffffff")
    pen.box(0.1, 0.58, 0.95, 0.8, "#ffffff", 0.1)


def rainbow(pen: Pen, tint: Colour) -> None:
    for n, colour in enumerate(("#c8413f", "#e3853c", "#edc54a", "#58955a", "#4577b8", "#7c5aa6")):
        pen.arc(0.5, 1.0, 0.95 - n * 0.07, 0.9 - n * 0.07, (180, 360), colour, 0.07)


def cat(pen: Pen, tint: Colour) -> None:
    pen.line([(0.72, 0.9), (0.92, 0.8), (0.9, 0.55)], tint, 0.08)
    pen.oval(0.5, 0.78, 0.26, 0.25, tint)
    pen.poly([(0.27, 0.35), (0.28, 0.06), (0.47, 0.2)], tint)
    pen.poly([(0.73, 0.35), (0.72, 0.06), (0.53, 0.2)], tint)
    pen.oval(0.5, 0.38, 0.27, 0.23, tint)
    for x in (0.4, 0.6):
        pen.oval(x, 0.36, 0.035, 0.05, "#20202a")
        pen.oval(x + 0.01, 0.345, 0.012, 0.015, "#ffffff")
        pen.oval(x - 0.02, 0.98, 0.08, 0.045, lighter(tint, 0.3))
    pen.poly([(0.47, 0.43), (0.53, 0.43), (0.5, 0.47)], "#d98a92")
    for y in (0.45, 0.49):
        pen.line([(0.2, y - 0.02), (0.38, y)], darker(tint, 0.5), 0.008)
        pen.line([(0.8, y - 0.02), (0.62, y)], darker(tint, 0.5), 0.008)


def dog(pen: Pen, tint: Colour) -> None:
    pen.line([(0.74, 0.8), (0.94, 0.6)], tint, 0.08)
    pen.oval(0.5, 0.76, 0.27, 0.27, tint)
    pen.oval(0.5, 0.86, 0.14, 0.16, lighter(tint, 0.45))
    pen.oval(0.5, 0.34, 0.26, 0.25, tint)
    for x in (0.25, 0.75):
        pen.oval(x, 0.38, 0.09, 0.2, darker(tint, 0.3))
    pen.oval(0.5, 0.44, 0.15, 0.13, lighter(tint, 0.5))
    for x in (0.41, 0.59):
        pen.disc(x, 0.3, 0.034, "#20202a")
        pen.oval(x - 0.02, 0.98, 0.09, 0.05, lighter(tint, 0.3))
    pen.oval(0.5, 0.39, 0.05, 0.036, "#20202a")
    pen.arc(0.5, 0.45, 0.07, 0.06, (20, 160), "#20202a", 0.014)
    pen.cut(0.5, 0.5, 0.04, 0.075, (0, 180), "#e27f8b")


def bird(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.15, 0.5), (0.0, 0.42), (0.02, 0.62), (0.25, 0.6)], darker(tint, 0.2))
    pen.oval(0.45, 0.58, 0.3, 0.24, tint)
    pen.disc(0.7, 0.38, 0.18, tint)
    pen.poly([(0.86, 0.34), (1.0, 0.4), (0.86, 0.45)], "#e3a33c")
    pen.disc(0.75, 0.35, 0.032, "#20202a")
    pen.oval(0.4, 0.58, 0.18, 0.13, darker(tint, 0.2))
    for x in (0.42, 0.54):
        pen.line([(x, 0.8), (x, 0.98)], "#b97f2e", 0.025)


def fish(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.25, 0.6), (0.02, 0.42), (0.02, 0.8)], darker(tint, 0.15))
    pen.oval(0.55, 0.6, 0.36, 0.21, tint)
    pen.poly([(0.45, 0.42), (0.6, 0.25), (0.7, 0.43)], darker(tint, 0.15))
    for x in (0.42, 0.54):
        pen.arc(x, 0.6, 0.06, 0.14, (270, 90), lighter(tint, 0.4), 0.015)
    pen.disc(0.76, 0.55, 0.04, "#ffffff")
    pen.disc(0.77, 0.55, 0.02, "#20202a")


def horse(pen: Pen, tint: Colour) -> None:
    for x in (0.24, 0.34, 0.62, 0.72):
        pen.box(x - 0.035, 0.6, x + 0.035, 1.0, darker(tint, 0.12 if x in (0.34, 0.62) else 0.0), 0.02)
    pen.oval(0.47, 0.56, 0.32, 0.16, tint)
    pen.poly([(0.62, 0.55), (0.72, 0.18), (0.86, 0.2), (0.78, 0.6)], tint)
    pen.poly([(0.72, 0.2), (0.82, 0.1), (1.0, 0.3), (0.94, 0.38), (0.8, 0.34)], tint)
    pen.poly([(0.78, 0.14), (0.8, 0.03), (0.84, 0.14)], tint)
    pen.line([(0.62, 0.48), (0.68, 0.3), (0.75, 0.12)], darker(tint, 0.45), 0.06)
    pen.line([(0.16, 0.5), (0.08, 0.65), (0.1, 0.85)], darker(tint, 0.45), 0.06)
    pen.disc(0.85, 0.22, 0.02, "#20202a")


def rabbit(pen: Pen, tint: Colour) -> None:
    for x in (0.4, 0.6):
        pen.oval(x, 0.18, 0.075, 0.2, tint)
        pen.oval(x, 0.2, 0.035, 0.14, "#e9b6bd")
        pen.oval(x - 0.03 if x < 0.5 else x + 0.03, 0.97, 0.11, 0.05, lighter(tint, 0.3))
    pen.oval(0.5, 0.78, 0.25, 0.22, tint)
    pen.oval(0.5, 0.47, 0.21, 0.18, tint)
    for x in (0.42, 0.58):
        pen.disc(x, 0.45, 0.026, "#20202a")
    pen.oval(0.5, 0.52, 0.026, 0.018, "#d98a92")


def duck(pen: Pen, tint: Colour) -> None:
    pen.oval(0.42, 0.74, 0.36, 0.2, tint)
    pen.poly([(0.1, 0.7), (0.0, 0.5), (0.25, 0.62)], tint)
    pen.disc(0.72, 0.42, 0.16, tint)
    pen.oval(0.72, 0.6, 0.12, 0.14, tint)
    pen.oval(0.92, 0.45, 0.1, 0.04, "#e08a32")
    pen.disc(0.76, 0.38, 0.026, "#20202a")
    pen.oval(0.38, 0.74, 0.2, 0.1, darker(tint, 0.12))


def butterfly(pen: Pen, tint: Colour) -> None:
    for side in (-1, 1):
        pen.oval(0.5 + side * 0.24, 0.35, 0.22, 0.24, tint)
        pen.oval(0.5 + side * 0.19, 0.72, 0.16, 0.18, darker(tint, 0.15))
        pen.disc(0.5 + side * 0.26, 0.34, 0.07, lighter(tint, 0.5))
        pen.line([(0.5, 0.3), (0.5 + side * 0.1, 0.08)], "#3a3038", 0.018)
    pen.oval(0.5, 0.55, 0.045, 0.3, "#3a3038")


def turtle(pen: Pen, tint: Colour) -> None:
    pen.oval(0.9, 0.72, 0.1, 0.08, "#8fae6b")
    for x in (0.25, 0.68):
        pen.oval(x, 0.92, 0.09, 0.07, "#8fae6b")
    pen.cut(0.47, 0.88, 0.38, 0.5, (180, 360), tint)
    for x in (0.3, 0.47, 0.64):
        pen.disc(x, 0.68, 0.07, darker(tint, 0.2))
    pen.disc(0.93, 0.7, 0.016, "#20202a")


def cow(pen: Pen, tint: Colour) -> None:
    for x in (0.22, 0.34, 0.62, 0.74):
        pen.box(x - 0.04, 0.65, x + 0.04, 1.0, "#efeae2", 0.02)
    pen.box(0.12, 0.38, 0.84, 0.78, "#f6f2ea", 0.14)
    for x, y, r in ((0.28, 0.5, 0.1), (0.55, 0.62, 0.12), (0.66, 0.44, 0.07)):
        pen.disc(x, y, r, "#3b3436")
    pen.box(0.74, 0.22, 1.0, 0.55, "#f6f2ea", 0.09)
    pen.box(0.78, 0.42, 1.02, 0.56, "#e9b6ae", 0.06)
    pen.disc(0.83, 0.34, 0.022, "#20202a")
    pen.disc(0.94, 0.34, 0.022, "#20202a")


NATURE = {
    "tree": Thing(tree, GREEN, 0.52, Where.BACK),
    "pine": Thing(pine, "#3f7558", 0.52, Where.BACK),
    "palm": Thing(palm, "#4f9457", 0.56, Where.BACK),
    "flower": Thing(flower, "#e07f9d", 0.26, Where.GROUND),
    "sunflower": Thing(sunflower, "#e9b634", 0.36, Where.GROUND),
    "bouquet": Thing(bouquet, "#b3a3d6", 0.34, Where.TABLE),
    "plant": Thing(plant, "#c77b53", 0.32, Where.TABLE),
    "cactus": Thing(cactus, "#c77b53", 0.3, Where.TABLE),
    "leaf": Thing(leaf, "#cf7a35", 0.26, Where.GROUND),
    "mushroom": Thing(mushroom, "#c8413f", 0.22, Where.GROUND),
    "mountain": Thing(mountain, "#7f8ba3", 0.5, Where.BACK),
    "waterfall": Thing(waterfall, "#9cc9e0", 0.48, Where.BACK),
    "sun": Thing(sun, "#f5bf4f", 0.24, Where.SKY),
    "moon": Thing(moon, "#f4eccb", 0.22, Where.SKY),
    "star": Thing(star, "#fff4c4", 0.3, Where.SKY),
    "cloud": Thing(cloud, "#ffffff", 0.2, Where.SKY),
    "rainbow": Thing(rainbow, "#c8413f", 0.42, Where.SKY),
    "cat": Thing(cat, "#d79a5b", 0.34, Where.GROUND),
    "dog": Thing(dog, "#a9784f", 0.38, Where.GROUND),
    "bird": Thing(bird, "#5b93c4", 0.2, Where.GROUND),
    "fish": Thing(fish, "#e58b46", 0.24, Where.TABLE),
    "horse": Thing(horse, "#8a5a3c", 0.48, Where.GROUND),
    "rabbit": Thing(rabbit, "#c9b8a6", 0.28, Where.GROUND),
    "duck": Thing(duck, "#edc54a", 0.22, Where.GROUND),
    "butterfly": Thing(butterfly, "#d9793f", 0.2, Where.SKY),
    "turtle": Thing(turtle, "#5c7d4a", 0.24, Where.GROUND),
    "cow": Thing(cow, "#f6f2ea", 0.42, Where.GROUND),
}
