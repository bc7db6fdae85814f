"""Food and drink."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter, mix
from stark_udfs.demo.drawings.thing import Thing, Where


def cup(pen: Pen, tint: Colour) -> None:
    for x in (0.38, 0.52):
        pen.line([(x, 0.28), (x + 0.04, 0.2), (x - 0.02, 0.12), (x + 0.02, 0.04)], "#ffffff", 0.022)
    pen.ring(0.76, 0.58, 0.15, 0.15, tint, 0.055)
    pen.box(0.2, 0.36, 0.72, 0.92, tint, 0.1)
    pen.oval(0.46, 0.38, 0.26, 0.06, darker(tint, 0.2))
    pen.oval(0.46, 0.39, 0.22, 0.042, "#6a4530")
    pen.oval(0.47, 0.95, 0.4, 0.045, lighter(tint, 0.4))


def glass(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.28, 0.15), (0.72, 0.15), (0.65, 1.0), (0.35, 1.0)], "#e6f0f4")
    pen.poly([(0.30, 0.35), (0.70, 0.35), (0.645, 0.97), (0.355, 0.97)], tint)
    pen.line([(0.52, 0.5), (0.66, 0.0)], "#c8413f", 0.03)
    pen.disc(0.7, 0.18, 0.11, "#edd35a")


def wine(pen: Pen, tint: Colour) -> None:
    pen.cut(0.5, 0.25, 0.26, 0.36, (0, 180), "#e9eff2")
    pen.cut(0.5, 0.34, 0.22, 0.25, (0, 180), tint)
    pen.box(0.48, 0.55, 0.52, 0.94, "#dbe4e8")
    pen.oval(0.5, 0.96, 0.22, 0.035, "#dbe4e8")


def bottle(pen: Pen, tint: Colour) -> None:
    pen.box(0.43, 0.02, 0.57, 0.4, tint, 0.02)
    pen.box(0.32, 0.3, 0.68, 1.0, tint, 0.1)
    pen.box(0.32, 0.55, 0.68, 0.8, "#f1e5c9")
    pen.box(0.42, 0.0, 0.58, 0.08, darker(tint, 0.4), 0.02)


def bowl(pen: Pen, tint: Colour) -> None:
    for x, colour in ((0.3, "#d9694a"), (0.5, "#78a556"), (0.68, "#e5b94d"), (0.42, "#f1e5c9"), (0.6, "#c8413f")):
        pen.disc(x, 0.5, 0.13, colour)
    pen.cut(0.5, 0.54, 0.45, 0.42, (0, 180), tint)
    pen.box(0.36, 0.92, 0.64, 1.0, darker(tint, 0.15), 0.02)
    pen.box(0.05, 0.51, 0.95, 0.57, lighter(tint, 0.25), 0.03)


def soup(pen: Pen, tint: Colour) -> None:
    for x in (0.35, 0.5, 0.65):
        pen.line([(x, 0.36), (x + 0.04, 0.26), (x - 0.02, 0.16), (x + 0.02, 0.06)], "#ffffff", 0.022)
    pen.cut(0.5, 0.54, 0.45, 0.42, (0, 180), "#e9e2d6")
    pen.oval(0.5, 0.53, 0.45, 0.10, "#f6f1e8")
    pen.oval(0.5, 0.54, 0.39, 0.075, tint)
    for x, y in ((0.35, 0.53), (0.55, 0.51), (0.65, 0.56)):
        pen.disc(x, y, 0.028, "#6c9a4d")


def noodles(pen: Pen, tint: Colour) -> None:
    soup(pen, "#d8a658")
    for n in range(6):
        pen.arc(0.28 + n * 0.09, 0.52, 0.07, 0.05, (180, 360), "#f2dfa0", 0.025)
    pen.disc(0.66, 0.53, 0.06, "#fdfbf4")
    pen.disc(0.66, 0.53, 0.03, "#edb33f")
    pen.line([(0.55, 0.5), (0.98, 0.12)], "#8a5a3c", 0.025)
    pen.line([(0.62, 0.5), (1.02, 0.2)], "#8a5a3c", 0.025)


def plate(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.76, 0.52, 0.2, "#f4f1ec")
    pen.oval(0.5, 0.75, 0.38, 0.13, "#e3ded6")
    pen.oval(0.42, 0.68, 0.2, 0.11, tint)
    for x, y in ((0.62, 0.68), (0.7, 0.73), (0.6, 0.77)):
        pen.disc(x, y, 0.06, "#78a556")
    pen.disc(0.45, 0.8, 0.05, "#c8413f")


def cake(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.94, 0.5, 0.06, "#e3ded6")
    pen.box(0.1, 0.55, 0.9, 0.94, "#8b5a3f", 0.04)
    pen.box(0.1, 0.66, 0.9, 0.74, "#f1e5c9")
    pen.box(0.08, 0.45, 0.92, 0.6, tint, 0.06)
    for n in range(6):
        pen.oval(0.15 + n * 0.14, 0.60, 0.06, 0.07, tint)
    for x in (0.3, 0.5, 0.7):
        pen.box(x - 0.02, 0.24, x + 0.02, 0.46, "#86bfe2")
        pen.oval(x, 0.17, 0.035, 0.06, "#f3b13f")


def bread(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.74, 0.46, 0.24, darker(tint, 0.15))
    pen.oval(0.5, 0.68, 0.44, 0.22, tint)
    for x in (0.3, 0.5, 0.7):
        pen.line([(x - 0.05, 0.76), (x + 0.05, 0.56)], lighter(tint, 0.5), 0.035)


def pizza(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.6, 0.5, 0.38, "#cf9a55")
    pen.oval(0.5, 0.6, 0.43, 0.32, "#edc766")
    for x, y in ((0.35, 0.5), (0.6, 0.44), (0.7, 0.64), (0.46, 0.7), (0.26, 0.65)):
        pen.oval(x, y, 0.07, 0.055, "#c14b3a")
    for x, y in ((0.48, 0.54), (0.58, 0.76), (0.36, 0.6), (0.72, 0.52)):
        pen.oval(x, y, 0.035, 0.02, "#5b8f55")


def burger(pen: Pen, tint: Colour) -> None:
    pen.cut(0.5, 0.5, 0.42, 0.36, (180, 360), "#d59a52")
    pen.box(0.06, 0.5, 0.94, 0.58, "#78a556", 0.04)
    pen.box(0.08, 0.56, 0.92, 0.64, "#edc54a", 0.02)
    pen.box(0.09, 0.62, 0.91, 0.76, "#6b3f2a", 0.05)
    pen.box(0.1, 0.75, 0.9, 0.92, "#d59a52", 0.07)
    for x, y in ((0.35, 0.3), (0.5, 0.24), (0.65, 0.31)):
        pen.oval(x, y, 0.025, 0.015, "#f6e9c5")


def sushi(pen: Pen, tint: Colour) -> None:
    pen.box(0.0, 0.86, 1.0, 0.94, "#8a5a3c", 0.02)
    for x, colour in ((0.2, "#ee8b62"), (0.52, "#d9504c"), (0.84, "#f0b25c")):
        pen.box(x - 0.13, 0.66, x + 0.13, 0.87, "#fbf8f2", 0.06)
        pen.box(x - 0.15, 0.56, x + 0.15, 0.72, colour, 0.06)
        pen.box(x - 0.03, 0.56, x + 0.03, 0.86, "#28352f")


def fruit(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.60, 0.36, 0.36, tint)
    pen.oval(0.38, 0.48, 0.08, 0.11, lighter(tint, 0.35))
    pen.line([(0.5, 0.28), (0.54, 0.12)], "#6b4a32", 0.04)
    pen.oval(0.66, 0.17, 0.12, 0.05, "#5b8f55")


def banana(pen: Pen, tint: Colour) -> None:
    pen.arc(0.5, 0.3, 0.42, 0.55, (15, 165), "#edc54a", 0.17)
    pen.disc(0.91, 0.42, 0.05, "#6b4a32")
    pen.disc(0.13, 0.5, 0.04, "#6b4a32")


def berries(pen: Pen, tint: Colour) -> None:
    for x, y in ((0.3, 0.72), (0.68, 0.72), (0.49, 0.46)):
        pen.poly([(x - 0.19, y - 0.08), (x + 0.19, y - 0.08), (x, y + 0.24)], tint)
        pen.oval(x, y - 0.08, 0.19, 0.11, tint)
        pen.poly([(x - 0.12, y - 0.2), (x, y - 0.1), (x + 0.12, y - 0.2), (x, y - 0.04)], "#5b8f55")


def vegetables(pen: Pen, tint: Colour) -> None:
    for x, lean in ((0.3, -0.06), (0.5, 0.0)):
        pen.poly([(x - 0.09, 0.4), (x + 0.09, 0.4), (x + lean, 1.0)], "#e3853c")
        for dx in (-0.08, 0.0, 0.08):
            pen.line([(x, 0.4), (x + dx, 0.12)], "#5b8f55", 0.035)
    pen.disc(0.74, 0.78, 0.2, "#c8413f")
    pen.poly([(0.64, 0.6), (0.74, 0.66), (0.84, 0.6), (0.74, 0.55)], "#5b8f55")


def salad(pen: Pen, tint: Colour) -> None:
    for x in (0.2, 0.4, 0.6, 0.8):
        pen.disc(x, 0.46, 0.16, mix("#78a556", "#a9c86a", x))
    pen.disc(0.5, 0.4, 0.09, "#c8413f")
    pen.disc(0.7, 0.42, 0.07, "#edc54a")
    pen.cut(0.5, 0.54, 0.46, 0.44, (0, 180), tint)
    pen.box(0.03, 0.51, 0.97, 0.57, lighter(tint, 0.25), 0.03)


def ice_cream(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.26, 0.46), (0.74, 0.46), (0.5, 1.0)], "#d59a52")
    pen.line([(0.36, 0.5), (0.58, 0.8)], "#b57c3a", 0.015)
    pen.line([(0.64, 0.5), (0.42, 0.8)], "#b57c3a", 0.015)
    pen.disc(0.37, 0.36, 0.17, "#f1e5c9")
    pen.disc(0.63, 0.36, 0.17, "#8b5a3f")
    pen.disc(0.5, 0.18, 0.17, tint)
    pen.disc(0.5, 0.02, 0.05, "#c8413f")


def cookie(pen: Pen, tint: Colour) -> None:
    for x, y in ((0.34, 0.66), (0.66, 0.74)):
        pen.oval(x, y, 0.3, 0.25, "#c98f54")
        for dx, dy in ((-0.12, -0.04), (0.05, -0.12), (0.1, 0.06), (-0.04, 0.1)):
            pen.disc(x + dx, y + dy, 0.04, "#5d3a28")


def pie(pen: Pen, tint: Colour) -> None:
    pen.poly([(0.08, 0.62), (0.92, 0.62), (0.8, 0.94), (0.2, 0.94)], "#b9bec4")
    pen.oval(0.5, 0.6, 0.46, 0.2, "#d59a52")
    pen.oval(0.5, 0.58, 0.38, 0.15, tint)
    for n in range(4):
        pen.line([(0.2 + n * 0.17, 0.48), (0.28 + n * 0.17, 0.68)], "#d59a52", 0.035)


def eggs(pen: Pen, tint: Colour) -> None:
    pen.oval(0.5, 0.74, 0.5, 0.22, "#44464c")
    pen.box(0.9, 0.7, 1.3, 0.78, "#44464c", 0.03)
    pen.oval(0.5, 0.72, 0.36, 0.15, "#fdfbf6")
    pen.oval(0.42, 0.70, 0.1, 0.055, "#f2b13c")
    pen.oval(0.62, 0.73, 0.1, 0.055, "#f2b13c")


def pot(pen: Pen, tint: Colour) -> None:
    pen.line([(0.02, 0.58), (0.98, 0.58)], darker(tint, 0.3), 0.05)
    pen.box(0.14, 0.46, 0.86, 0.96, tint, 0.08)
    pen.cut(0.5, 0.46, 0.37, 0.16, (180, 360), lighter(tint, 0.2))
    pen.disc(0.5, 0.27, 0.045, darker(tint, 0.3))
    for x in (0.4, 0.6):
        pen.line([(x, 0.2), (x + 0.04, 0.12), (x, 0.02)], "#ffffff", 0.022)


def jar(pen: Pen, tint: Colour) -> None:
    pen.box(0.24, 0.2, 0.76, 1.0, "#e3edf0", 0.08)
    pen.box(0.27, 0.4, 0.73, 0.97, tint, 0.06)
    pen.box(0.26, 0.1, 0.74, 0.24, "#a9784f", 0.03)
    pen.box(0.34, 0.55, 0.66, 0.78, "#f8f3e6", 0.02)


FOOD = {
    "cup": Thing(cup, "#4f8a8b", 0.3, Where.TABLE),
    "glass": Thing(glass, "#e8b04c", 0.34, Where.TABLE),
    "wine": Thing(wine, "#7a2740", 0.34, Where.TABLE),
    "bottle": Thing(bottle, "#4d7a5c", 0.38, Where.TABLE),
    "bowl": Thing(bowl, "#4577b8", 0.3, Where.TABLE),
    "soup": Thing(soup, "#d9793f", 0.32, Where.TABLE),
    "noodles": Thing(noodles, "#d8a658", 0.34, Where.TABLE),
    "plate": Thing(plate, "#a9673f", 0.34, Where.TABLE),
    "cake": Thing(cake, "#e3a0b6", 0.36, Where.TABLE),
    "bread": Thing(bread, "#c98f54", 0.28, Where.TABLE),
    "pizza": Thing(pizza, "#edc766", 0.36, Where.TABLE),
    "burger": Thing(burger, "#d59a52", 0.3, Where.TABLE),
    "sushi": Thing(sushi, "#ee8b62", 0.3, Where.TABLE),
    "apple": Thing(fruit, "#c8413f", 0.24, Where.TABLE),
    "orange": Thing(fruit, "#e58b33", 0.24, Where.TABLE),
    "lemon": Thing(fruit, "#edd35a", 0.22, Where.TABLE),
    "banana": Thing(banana, "#edc54a", 0.24, Where.TABLE),
    "berries": Thing(berries, "#cf3f4c", 0.26, Where.TABLE),
    "vegetables": Thing(vegetables, "#e3853c", 0.32, Where.TABLE),
    "salad": Thing(salad, "#e9e2d6", 0.3, Where.TABLE),
    "ice cream": Thing(ice_cream, "#e3a0b6", 0.38, Where.TABLE),
    "cookie": Thing(cookie, "#c98f54", 0.24, Where.TABLE),
    "pie": Thing(pie, "#b8524a", 0.28, Where.TABLE),
    "eggs": Thing(eggs, "#fdfbf6", 0.3, Where.TABLE),
    "pot": Thing(pot, "#b45b35", 0.34, Where.TABLE),
    "jar": Thing(jar, "#d99a36", 0.3, Where.TABLE),
}
