"""Grounds of scenes in the open. `w` is the width of the picture in units of its height."""
# ruff: noqa: D103  # the name of a function says what it draws

from stark_udfs.demo.drawings.light import lit, sky
from stark_udfs.demo.drawings.nature import mountain, pine
from stark_udfs.demo.drawings.pen import Pen, darker, lighter


def garden(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.66)
    green = lit("#86b96b", light)
    pen.oval(w * 0.2, 0.74, 0.7, 0.22, darker(green, 0.12))
    pen.oval(w * 0.85, 0.76, 0.75, 0.22, darker(green, 0.06))
    pen.box(0, 0.68, w, 1, green)
    for n in range(18):
        x, y = n * 0.618 % 1 * w, 0.72 + n * 0.755 % 1 * 0.16
        pen.line([(x, y), (x + 0.006, y - 0.02)], darker(green, 0.18), 0.006)


def forest(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.7)
    for n in range(8):
        pine(pen.at(n * w / 7 - 0.2, 0.22 + n % 3 * 0.05, 0.48), lit("#5f8f75" if n % 2 else "#4d7d63", light))
    pen.box(0, 0.68, w, 1, lit("#7f9a5c", light))
    pen.poly([(w * 0.44, 0.68), (w * 0.50, 0.68), (w * 0.75, 1), (w * 0.25, 1)], lit("#c9b084", light))


def mountains(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.78)
    mountain(pen.at(w * 0.50, 0.20, 0.5), lit("#93a0b8", light))
    mountain(pen.at(w * 0.05, 0.28, 0.42), lit("#7d8aa3", light))
    pen.oval(w * 0.3, 0.78, 0.8, 0.14, lit("#7fa56c", light))
    pen.box(0, 0.76, w, 1, lit("#8fb674", light))


def beach(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.56)
    sea = lit("#4f9fc4", light)
    pen.box(0, 0.52, w, 0.76, sea)
    for n in range(9):
        x, y = n * 0.618 % 1 * w, 0.56 + n * 0.755 % 1 * 0.15
        pen.line([(x, y), (x + 0.08, y)], lighter(sea, 0.45), 0.006)
    pen.box(0, 0.72, w, 1, lit("#efdcb0", light))
    for n in range(7):
        pen.oval(n * w / 6, 0.725, 0.14, 0.016, "#f6fafb")


def lake(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.6)
    pen.oval(w * 0.25, 0.58, 0.6, 0.14, lit("#6f9a68", light))
    pen.oval(w * 0.9, 0.58, 0.6, 0.11, lit("#7fa972", light))
    water = lit("#6fb1cf", light)
    pen.box(0, 0.56, w, 0.9, water)
    for n in range(12):
        x, y = n * 0.618 % 1 * w, 0.6 + n * 0.755 % 1 * 0.2
        pen.line([(x, y), (x + 0.1, y)], lighter(water, 0.35), 0.006)
    pen.oval(w * 0.5, 0.96, w * 0.8, 0.13, lit("#93b876", light))


def street(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.75)
    walls = ("#c9a58a", "#9fb0c2", "#d9c39a", "#b58a8a", "#a9b79a", "#8f9cb5")
    for n, wall in enumerate(walls):
        x, top = n * w / 6, 0.16 + n * 5 % 4 * 0.08
        pen.box(x, top, x + w / 6 - 0.008, 0.74, lit(wall, light))
        for row in range(int((0.66 - top) / 0.1)):
            for column in range(2):
                glow = "#f7dd8a" if light == "night" and (row + column + n) % 3 else lit("#e6eef2", light)
                pen.box(
                    x + 0.04 + column * 0.08,
                    top + 0.04 + row * 0.1,
                    x + 0.08 + column * 0.08,
                    top + 0.1 + row * 0.1,
                    glow,
                )
    pen.box(0, 0.73, w, 0.80, lit("#cfc9bf", light))
    pen.box(0, 0.79, w, 1, lit("#77787e", light))
    for n in range(6):
        pen.box(n * 0.26, 0.855, n * 0.26 + 0.13, 0.868, "#f0ead6")


def desert(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, light, 0.66)
    sand = lit("#e5c187", light)
    pen.oval(w * 0.2, 0.72, 0.6, 0.16, darker(sand, 0.08))
    pen.oval(w * 0.9, 0.74, 0.7, 0.2, darker(sand, 0.14))
    pen.box(0, 0.72, w, 1, sand)


def snow(pen: Pen, w: float, light: str) -> None:
    sky(pen, w, "snow" if light == "day" else light, 0.76)
    for n in range(5):
        pine(pen.at(n * w / 4 - 0.2, 0.32 + n % 2 * 0.05, 0.36), "#7b9d94")
    pen.oval(w * 0.3, 0.78, 0.8, 0.14, "#e9f0f5")
    pen.box(0, 0.74, w, 1, "#f3f7fa")
