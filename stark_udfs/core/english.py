"""English as prompts and comparisons need it: articles, lists, sets of words."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

WORD = re.compile(r"\w+")


def article(words: str) -> str:
    """`a` or `an`, as the first word sounds; numbers too: an 18-year-old, an 80-year-old."""
    first = words.lower()
    if first[0].isdigit():
        return "an" if first.startswith("8") or first in ("11", "18") else "a"
    return "an" if first[0] in "aeiou" and not first.startswith(("uni", "eu", "one")) else "a"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def words_of(text: str) -> frozenset[str]:
    """The distinct words of a text, case folded."""
    return frozenset(WORD.findall(text.casefold()))


def jaccard(one: AbstractSet[object], other: AbstractSet[object]) -> float:
    """Shared words over all words, in [0, 1]; two empty sets are equal."""
    shared = len(one & other)
    union = len(one) + len(other) - shared
    return shared / union if union else 1.0
