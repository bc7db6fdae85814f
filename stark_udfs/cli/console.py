"""Text of models and of the web on a terminal: shown, never obeyed."""

import json
import math
import re
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

# C0 but tab and newline, DEL, C1, and the marks that turn the direction of writing
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
WIDE = 160  # columns where there is no terminal


def plain(value: object) -> str:
    """The value as text that no terminal takes for a command."""
    return UNPRINTABLE.sub("\ufffd", str(value))


def cell(value: object, longest: int = 200) -> Text:
    """A value on one line of a table."""
    if value is None:
        return Text("")
    text = as_json(value) if isinstance(value, list | dict) else plain(value)
    text = " ".join(text.split())
    return Text(text if len(text) <= longest else f"{text[: longest - 1]}…")


def as_json(value: object, indent: int | None = None) -> str:
    """JSON in which what is not printable is escaped; NaN and infinities are null."""
    text = json.dumps(_finite(value), ensure_ascii=False, indent=indent, default=str, allow_nan=False)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def console(*, stderr: bool = False) -> Console:
    """A console that reads no markup out of what it prints."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal:
        made = Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=WIDE)
    return made


def tell(line: str, style: str = "") -> None:
    """One line for the user beside the results: on standard error."""
    console(stderr=True).print(Text(plain(line), style=style), soft_wrap=True)


def out(text: str) -> None:
    """Results, unwrapped, on standard output."""
    console().print(Text(text), soft_wrap=True)


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value
