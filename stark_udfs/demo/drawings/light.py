"""Sky, weather, and what they do to the colours of a place."""

from stark_udfs.demo.drawings.pen import Colour, Pen, mix

BANDS = 14
SKIES = {
    "day": ("#9fd0ee", "#e4f2f9"),
    "sunset": ("#7c6aa8", "#f6b27a"),
    "night": ("#1c2547", "#46548a"),
    "rain": ("#8fa0ad", "#c9d2d8"),
    "snow": ("#b9cbdb", "#eaf0f5"),
}
DIM = {"day": 0.0, "sunset": 0.15, "night": 0.5, "rain": 0.15, "snow": 0.0}


def lit(colour: Colour, light: str) -> Colour:
    """An outdoor colour in that light."""
    if light == "snow":
        return mix(colour, "#f4f7fa", 0.75)
    return mix(colour, "#262d52", DIM[light])


def sky(pen: Pen, w: float, light: str, down_to: float = 1.0) -> None:
    """The sky, from the top edge down to that height."""
    top, low = SKIES[light]
    for n in range(BANDS):
        y = down_to * n / BANDS
        pen.box(0, y, w, down_to * (n + 1) / BANDS + 0.01, mix(top, low, n / (BANDS - 1)))
    if light == "night":
        for n in range(26):
            pen.disc(n * 0.618 % 1 * w, n * 0.755 % 0.55, 0.003 + n % 3 * 0.001, "#f6f0d0")
    if light in ("day", "snow"):
        for x, y in ((0.15, 0.12), (0.9, 0.2)):
            pen.oval(x, y, 0.11, 0.028, "#ffffff")
            pen.oval(x + 0.03, y - 0.02, 0.06, 0.03, "#ffffff")
    if light == "sunset":
        pen.disc(w * 0.62, down_to * 0.86, 0.10, "#f9dc8c")


def weather(pen: Pen, w: float, light: str) -> None:
    """Rain or snow before everything else."""
    for n in range(44 if light in ("rain", "snow") else 0):
        x, y = n * 0.618 % 1 * w, n * 0.755 % 1 * 0.88
        if light == "rain":
            pen.line([(x, y), (x - 0.012, y + 0.045)], "#dbe6ee", 0.004)
        else:
            pen.disc(x, y, 0.006 + n % 3 * 0.002, "#ffffff")
