"""Charts: Vega-Lite specifications drawn as SVG that stands in the page, without a network and without a script.

Colours are those of the light theme; the page's style sheet replaces each by the one of the theme that is on, which
works since a style rule is stronger than an attribute of SVG.
"""

import json
import re
from collections.abc import Mapping, Sequence

from stark_udfs.release.report.blocks import Plot
from stark_udfs.release.report.source import Measured
from stark_udfs.release.text import escaped, visible

INK, FAINT, GRID, PAPER = "#202124", "#5f6368", "#e3e5e8", "#ffffff"
BLUE, ORANGE, GREEN, PURPLE, GREY, RED = "#2f6bb3", "#b3591a", "#3a7d54", "#7a55a5", "#8a9099", "#b3362b"
SERIES = (BLUE, ORANGE, GREEN, PURPLE, GREY)
WIDTHS = {"third": (284, 284), "half": (450, 326), "full": (950, 326)}  # px: on a screen, on a phone
FONT = "system-ui, sans-serif"
NUMBERED = re.compile(r'(id="|url\(#|href="#)([\w-]+)')

Layer = Mapping[str, object]


def drawn(plot: Plot, name: str) -> str:
    """The chart, and where it is wider than a phone twice: the style sheet shows one of them."""
    wide, narrow = WIDTHS[plot.size]
    if plot.size == "third":
        return _svg(plot, wide, name)
    return "".join(
        f'<div class="{kind}">{_svg(plot, width, f"{name}-{kind}")}</div>'
        for kind, width in (("wide", wide), ("narrow", narrow))
    )


def bars(field: str, title: str, *, sort: Sequence[str] | None = None, percent: bool = True) -> list[Layer]:
    """Bars from 0 with the interval `low` to `high` on them, one per `group`."""
    x = {"field": field, "type": "quantitative", "title": title, "axis": _axis(percent), "scale": {"zero": True}}
    y = _groups(sort)
    return [
        {"mark": {"type": "bar", "color": BLUE, "height": {"band": 0.72}}, "encoding": {"x": x, "y": y}},
        _whisker(y),
    ]


def counts(title: str, *, sort: Sequence[str] | None = None) -> list[Layer]:
    """Bars without intervals, with their numbers at the end."""
    x = {"field": "value", "type": "quantitative", "title": title, "axis": None}
    y = _groups(sort)
    return [
        {"mark": {"type": "bar", "color": BLUE, "height": {"band": 0.72}}, "encoding": {"x": x, "y": y}},
        {
            "mark": {"type": "text", "align": "left", "dx": 4, "color": INK, "fontSize": 11},
            "encoding": {"x": x, "y": y, "text": {"field": "value", "type": "quantitative", "format": ","}},
        },
    ]


def dots(
    title: str, *, sort: Sequence[str] | None = None, percent: bool = True, all_: float | None = None
) -> list[Layer]:
    """Points with intervals, and a line at the value of all."""
    x = {
        "field": "value",
        "type": "quantitative",
        "title": title,
        "axis": _axis(percent),
        "scale": {"zero": percent, "nice": True},
    }
    y = _groups(sort)
    layers: list[Layer] = [
        _whisker(y),
        {
            "mark": {"type": "point", "filled": True, "size": 60, "color": BLUE, "opacity": 1},
            "encoding": {"x": x, "y": y},
        },
    ]
    if all_ is not None:
        rule = {"mark": {"type": "rule", "color": ORANGE, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": all_}}}
        layers.insert(0, rule)
    return layers


def ticks(field: str, y: Mapping[str, object] | None = None) -> Layer:
    """An upright line per group where it is expected to be."""
    return {
        "transform": [{"filter": f"isValid(datum.{field})"}],
        "mark": {"type": "tick", "color": ORANGE, "thickness": 3, "size": 16},
        "encoding": {"x": {"field": field, "type": "quantitative"}, "y": y or _groups(None)},
    }


def columns(title_x: str, title_y: str) -> list[Layer]:
    """A histogram: `value` over ordered `group`."""
    return [
        {
            "mark": {"type": "bar", "color": BLUE},
            "encoding": {
                "x": {
                    "field": "group",
                    "type": "ordinal",
                    "sort": None,
                    "title": title_x,
                    "axis": {"labelAngle": 0, "labelOverlap": "greedy", "grid": False},
                },
                "y": {
                    "field": "value",
                    "type": "quantitative",
                    "title": title_y,
                    "axis": {"format": "~s", "tickCount": 4},
                },
            },
        }
    ]


def stacked(field: str, title: str, *, sort: Sequence[str], percent: bool = True) -> list[Layer]:
    """Bars of parts: `part` of each `group`, in the order of `sort`."""
    return [
        {
            "mark": {"type": "bar", "height": {"band": 0.72}},
            "encoding": {
                "x": {
                    "field": field,
                    "type": "quantitative",
                    "title": title,
                    "stack": "normalize" if percent else "zero",
                    "axis": {**_axis(percent), "format": "%" if percent else "~s"},
                },
                "y": _groups(None),
                "color": {
                    "field": "part",
                    "type": "nominal",
                    "sort": list(sort),
                    "scale": {"domain": list(sort), "range": list(SERIES[: max(1, len(sort))])},
                    "legend": {"title": None, "orient": "top", "columns": 2, "symbolType": "square"},
                },
                "order": {"field": "rank", "type": "quantitative"},
            },
        }
    ]


def values(found: Sequence[Measured]) -> list[dict[str, object]]:
    """Measured groups as a chart reads them."""
    return [
        {"group": one.group, "value": one.value, "low": one.low, "high": one.high, "label": f"n {one.n:,}"}
        for one in found
    ]


def _groups(sort: Sequence[str] | None) -> dict[str, object]:
    return {
        "field": "group",
        "type": "nominal",
        "title": None,
        "sort": list(sort) if sort else None,
        "axis": {"grid": False, "ticks": False, "domain": False, "labelLimit": 150, "labelPadding": 8},
    }


def _axis(percent: bool) -> dict[str, object]:
    return {"format": "~%" if percent else "~r", "tickCount": 4, "labelOverlap": "greedy", "labelSeparation": 8}


def _whisker(y: Mapping[str, object]) -> Layer:
    return {
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1.4},
        "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}, "y": y},
    }


def _svg(plot: Plot, width: int, name: str) -> str:
    import vl_convert

    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "width": width,
        "height": plot.height,
        "padding": {"left": 2, "right": 14, "top": 2, "bottom": 2},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [{key: _plain(value) for key, value in row.items()} for row in plot.values]},
        "layer": list(plot.layers),
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": FAINT,
                "titleColor": FAINT,
                "gridColor": GRID,
                "domainColor": GRID,
                "tickColor": GRID,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "titlePadding": 8,
            },
            "legend": {"labelColor": FAINT, "labelFontSize": 12, "labelLimit": 200},
        },
    }
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="5.21")
    svg = NUMBERED.sub(lambda found: f"{found[1]}{name}-{found[2]}", svg)
    svg = re.sub(r' (role|aria-\w+)="[^"]*"', "", svg)  # one picture with one description, not a tree of marks
    svg = re.sub(r"(\d+\.\d\d)\d+", r"\1", svg)
    head = f'<svg role="img" aria-labelledby="{name}-t {name}-d" '
    said = f'<title id="{name}-t">{escaped(plot.title)}</title><desc id="{name}-d">{escaped(plot.says)}</desc>'
    return re.sub(r"^<svg ([^>]*)>", lambda found: f"{head}{found[1]}>{said}", svg, count=1)


def _plain(value: object) -> object:
    return visible(value) if isinstance(value, str) else value
