"""Text that models wrote, made fit for a table: model output is hostile until it has been here."""

import unicodedata

JOINERS = "\u200c\u200d"  # part of correct spelling in several scripts and of emoji
INVISIBLE = {"Cf", "Cs", "Co"}


def clean(text: str) -> str:
    """One line without control characters, format characters or lone surrogates, in NFC."""
    if not text.isprintable():  # nearly every text is, and goes through five times as fast
        text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c in JOINERS or not _invisible(c))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def excerpt(text: str, limit: int = 200) -> str:
    """The start of a text, for a reject's detail; at most `limit` characters."""
    line = clean(text[: 2 * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in INVISIBLE


def bullets(lines: list[str]) -> str:
    """The lines as a list, one a line."""
    return "\n".join(f"- {line}" for line in lines)
