"""A report as one HTML file: style and charts stand in it, nothing is loaded, no script runs."""

import re
from collections.abc import Iterable
from importlib import resources

from stark_udfs.release.report.blocks import (
    Bar,
    Block,
    Cell,
    Code,
    Finding,
    Grid,
    Place,
    Plot,
    Section,
    Tag,
    Tile,
    Words,
)
from stark_udfs.release.report.plots import drawn
from stark_udfs.release.report.report import Report
from stark_udfs.release.text import escaped

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
NOTHING = "Nothing stands out: no check failed, and no group of people is dropped twice as often as the others."
CODE = re.compile(r"`([^`]+)`")


def page(report: Report) -> str:
    """The HTML; everything that models, users or the web wrote is escaped."""
    links = "".join(f'<li><a href="#{one.id}">{escaped(one.title)}</a></li>' for one in report.sections)
    body = "\n".join(_section(section) for section in report.sections)
    warning = f'<p class="banner" role="note">{_words(report.warning)}</p>' if report.warning else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="referrer" content="no-referrer">
<title>Data set report</title>
<style>{_style()}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<nav aria-label="Sections"><p class="brand">Stark on Spark</p><ol>{links}</ol></nav>
<main id="main">
<header>
<h1>Data set report</h1>
<p class="meta"><bdi>{escaped(report.where)}</bdi> · {escaped(report.made)}</p>
{warning}
<ul class="tiles">{"".join(map(_tile, report.tiles))}</ul>
</header>
{_findings(report.findings)}
{body}
</main>
</body>
</html>
"""


def _style() -> str:
    return resources.files("stark_udfs.release.report").joinpath("data/report.css").read_text(encoding="utf-8")


def _tile(tile: Tile) -> str:
    value, label = escaped(tile.value), escaped(tile.label)
    return f'<li><span class="value">{value}</span><span class="label">{label}</span>{_tag(tile.tag)}</li>'


def _findings(findings: Iterable[Finding]) -> str:
    lines = [
        f'<li class="{one.level}"><span class="mark" aria-hidden="true"></span><span>{_words(one.text)} '
        f'<a href="#{one.section}" aria-label="To the section on it: {escaped(one.section)}">Details</a></span></li>'
        for one in findings
    ]
    shown, left = lines[:10], lines[10:]
    more = (
        f'<details><summary>{len(left)} more</summary><ul class="findings">{"".join(left)}</ul></details>'
        if left
        else ""
    )
    said = f'<ul class="findings">{"".join(shown)}</ul>{more}' if lines else f"<p>{NOTHING}</p>"
    head = '<h2 id="findings-h">What to look at first</h2>'
    return f'<section id="findings" class="card" aria-labelledby="findings-h">{head}{said}</section>'


def _section(section: Section) -> str:
    lead = f'<p class="lead">{_words(section.lead)}</p>' if section.lead else ""
    blocks = "".join(_block(block, f"{section.id}-{number}") for number, block in enumerate(section.blocks))
    head = f'<h2 id="{section.id}-h">{escaped(section.title)}</h2>{lead}'
    body = f'<div class="blocks">{blocks}</div>'
    return f'<section id="{section.id}" aria-labelledby="{section.id}-h">{head}{body}</section>'


def _block(block: Block, name: str) -> str:
    if isinstance(block, Words):
        return f'<p class="words">{_words(block.text)} {_tag(block.tag)}</p>'
    if isinstance(block, Plot):
        note = f'<p class="note">{_words(block.note)}</p>' if block.note else ""
        caption = f"<figcaption>{escaped(block.title)} {_tag(block.tag)}</figcaption>"
        return f'<figure class="{block.size}">{caption}{drawn(block, name)}{note}</figure>'
    return _grid(block)


def _grid(grid: Grid) -> str:
    numeric = [
        bool(grid.rows) and all(_is_numeric(row[place]) for row in grid.rows) for place in range(len(grid.columns))
    ]
    head = "".join(
        f'<th scope="col"{" class=num" if right else ""}>{escaped(name)}</th>'
        for name, right in zip(grid.columns, numeric, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            _cell(value, right, first=place == 0) for place, (value, right) in enumerate(zip(row, numeric, strict=True))
        )
        + "</tr>"
        for row in grid.rows
    )
    empty = "" if grid.rows else f'<tr><td colspan="{len(grid.columns)}">none</td></tr>'
    caption = escaped(grid.caption)
    table = (
        f'<div class="scroll" role="region" aria-label="{caption}" tabindex="0">'
        f'<table style="--columns:{len(grid.columns)}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}{empty}</tbody></table></div>"
    )
    if grid.folded:
        return f'<details class="grid"><summary>{caption}</summary>{table}</details>'
    return f'<div class="grid"><h3>{caption}</h3>{table}</div>'


def _is_numeric(value: Cell) -> bool:
    if isinstance(value, str):
        return not value or value[0] in "–+-0123456789"
    return isinstance(value, int | float) or value is None


def _cell(value: Cell, right: bool, *, first: bool) -> str:
    name, kind = ("th", ' scope="row"') if first else ("td", "")
    style = ' class="num"' if right else ""
    return f"<{name}{kind}{style}>{_value(value)}</{name}>"


def _value(value: Cell) -> str:
    match value:
        case Tag():
            found = _tag(value)
        case Bar():
            width = max(0.0, min(1.0, value.share)) * 100
            bar = f'<span class="bar"><span style="width:{width:.1f}%"></span></span>'
            found = f'{bar}<span class="pc">{value.share:.0%}</span>'
        case Code():
            found = f"<code>{escaped(value.text)}</code>"
        case Place():
            found = f'<bdi id="{escaped(value.id)}">{escaped(value.text)}</bdi>'
        case tuple():
            links = (f'<a class="to" href="#{escaped(one.to)}"><bdi>{escaped(one.text)}</bdi></a>' for one in value)
            found = " ".join(links)
        case int():
            found = f"{value:,}"
        case float():
            found = f"{value:,.1f}"
        case None:
            found = ""
        case _:
            found = f"<bdi>{escaped(value)}</bdi>"
    return found


def _tag(tag: Tag | None) -> str:
    return "" if tag is None else f'<span class="tag {tag.level}">{escaped(tag.text)}</span>'


def _words(text: str) -> str:
    return CODE.sub(lambda found: f"<code>{found[1]}</code>", escaped(text))
