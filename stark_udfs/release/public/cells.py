"""Cells of a public row: lists, texts, numbers and dates, in any of the ways in which they are written.

Nothing is evaluated: `json`, and for Python literals `ast.literal_eval`, on bounded texts.
"""

import ast
import json
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

LONGEST = 20_000_000  # characters of one list
ESCAPED = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")
LONE = re.compile("[\ud800-\udfff]")
DATES = ("%Y.%m.%d", "%Y-%m-%d", "%Y/%m/%d")


class BadCell(Exception):
    """What is wrong with a cell, and in which column."""


def text_of(value: object) -> str:
    """A cell as text, `\\uXXXX` that was escaped twice put right; empty for null."""
    return "" if value is None else unescaped(str(value))


def unescaped(text: str) -> str:
    """The text with `\\uXXXX` as characters; halves of a pair that stand alone become U+FFFD."""

    def decoded(found: re.Match[str]) -> str:
        units = b"".join(int(one, 16).to_bytes(2, "big") for one in found[0].split("\\u")[1:])
        return units.decode("utf-16-be", "replace")

    return LONE.sub("\ufffd", ESCAPED.sub(decoded, text) if "\\u" in text else text)


def list_of(value: object, column: str) -> list[Any]:
    """A cell as a list: empty for null and empty text.

    Raises:
        BadCell: it is no list.
    """
    if value is None:
        return []
    if isinstance(value, str):
        value = _parsed(value.strip(), column) if value.strip() else []
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(value)
    raise BadCell(f"{column}: no list")


def _parsed(text: str, column: str) -> object:
    if len(text) > LONGEST:
        raise BadCell(f"{column}: {len(text):,} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise BadCell(f"{column}: neither JSON nor a list of texts") from error


def age_of(value: object) -> int:
    """An age, as `34` or `34.0`.

    Raises:
        BadCell: it is none.
    """
    text = text_of(value).strip()
    if not re.fullmatch(r"\d{1,3}(?:\.0)?", text):
        raise BadCell(f"age: {text[:40]!r}")
    return int(float(text))


def first_key(value: object) -> str:
    """One key: of ranked candidates the first."""
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return first_key(value[0]) if value else ""
    return text_of(value).strip()


def day_of(value: object, column: str) -> date:
    """A day, with dots, dashes or slashes.

    Raises:
        BadCell: it is none.
    """
    if isinstance(value, date):
        return value
    text = text_of(value).strip()
    for form in DATES:
        try:
            return datetime.strptime(text[:10], form).date()
        except ValueError:
            continue
    raise BadCell(f"{column}: {text[:40]!r} is no date")
