"""Text that models wrote, made fit for a table: model output is hostile until it has been here."""

import re
import unicodedata

JOINERS = "\u200c\u200d"  # part of correct spelling in several scripts and of emoji
INVISIBLE = {"Cf", "Cs", "Co"}
WORD = re.compile(r"\w+")


def clean(text: str) -> str:
    """One line without control characters, format characters or lone surrogates, in NFC."""
    if not text.isprintable():  # nearly every text is, and goes through five times as fast
        text = "".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c in JOINERS or not _invisible(c))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def excerpt(text: str, limit: int = 200) -> str:
    """The start of a text, for a reject's detail; at most `limit` characters."""
    line = clean(text[: 2 * limit])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text, case folded."""
    return frozenset(WORD.findall(text.casefold()))


def jaccard(left: str, right: str) -> float:
    """Similarity of two texts' word sets, in [0, 1]; two texts without words are equal."""
    a, b = words_of(left), words_of(right)
    return len(a & b) / len(a | b) if a | b else 1.0


def _invisible(character: str) -> bool:
    return unicodedata.category(character) in INVISIBLE


def bullets(lines: list[str]) -> str:
    """The lines as a list, one a line."""
    return "\n".join(f"- {line}" for line in lines)
