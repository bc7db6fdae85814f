"""What a report is made of: sections of figures, grids and words, as values without HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

SET = "set, not measured"
Level = Literal["ok", "note", "warn", "bad"]


@dataclass(frozen=True)
class Tag:
    """A word beside a number, as `set, not measured` or `failed`."""

    text: str
    level: Level = "note"


@dataclass(frozen=True)
class Bar:
    """A share in [0, 1] as a bar inside a cell."""

    share: float


@dataclass(frozen=True)
class Code:
    """A command or query as it is typed."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to a `Place` of the same page."""

    text: str
    to: str


@dataclass(frozen=True)
class Place:
    """Words that links lead to; `id` is made of letters, digits, '_' and '-', and stands once on the page."""

    text: str
    id: str


Cell = str | int | float | Tag | Bar | Code | Place | tuple[Link, ...] | None


@dataclass(frozen=True)
class Grid:
    """A table. `wide` columns hold text that wraps; numbers stand to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str
    folded: bool = False  # behind a line that opens it


@dataclass(frozen=True)
class Words:
    """A paragraph."""

    text: str
    tag: Tag | None = None


@dataclass(frozen=True)
class Plot:
    """A chart as Vega-Lite draws it, and in words.

    Attributes:
        title: what is shown.
        says: the same for who does not see it.
        layers: marks with their encodings, over `values`.
        height: px, or px per row where the y axis has names.
        size: how wide the chart wants to stand; a `third` shares its line with two others.
    """

    title: str
    says: str
    values: Sequence[Mapping[str, object]]
    layers: Sequence[Mapping[str, object]]
    height: int | Mapping[str, int] = field(default_factory=lambda: {"step": 20})
    size: Literal["third", "half", "full"] = "half"
    tag: Tag | None = None
    note: str = ""


@dataclass(frozen=True)
class Tile:
    """One number at the top of the page."""

    value: str
    label: str
    tag: Tag | None = None


Block = Grid | Words | Plot


@dataclass(frozen=True)
class Finding:
    """Something a reader should know before reading on, and where it stands."""

    text: str
    level: Level
    section: str


@dataclass(frozen=True)
class Section:
    """A part of the report."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    findings: tuple[Finding, ...] = ()
