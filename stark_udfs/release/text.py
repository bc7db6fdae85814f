"""Text of models and of the web on a page: shown, never obeyed."""

import html
import re

# C0 but tab and newline, DEL, C1, the marks that turn the direction of writing, and halves of surrogate pairs.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def visible(value: object) -> str:
    """The value with a mark in place of what cannot be seen and changes what stands around it."""
    return HIDDEN.sub("\ufffd", str(value))


def escaped(value: object) -> str:
    """The value as it may stand in HTML, between tags and in quoted attributes."""
    return html.escape(visible(value), quote=True)


def shortened(value: object, longest: int) -> str:
    """The value on one line, cut with an ellipsis."""
    line = " ".join(visible(value).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
