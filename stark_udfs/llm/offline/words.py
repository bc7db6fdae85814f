"""Small rules of English that put parts together."""

import random
import re
from collections.abc import Sequence

SILENT_H = ("hour", "honest", "heir", "honour")
SOUNDS_LIKE_YOU = ("uni", "use", "uk", "eur", "one", "ute", "once", "usua", "u-")
SPELLED_LIKE_VOWEL = re.compile(r"^(?:[AEFHILMNORSX][A-Z]|8|11\b|18)")


def article(noun: str) -> str:
    """ "a" or "an", by sound."""
    low = noun.lower()
    if SPELLED_LIKE_VOWEL.match(noun) or low.startswith(SILENT_H):
        return "an"
    if low.startswith(SOUNDS_LIKE_YOU) and not low.startswith("unin"):
        return "a"
    return "an" if low[:1] in "aeiouéàáâ" else "a"


def a(noun: str) -> str:
    """The noun phrase with its indefinite article."""
    return f"{article(noun)} {noun}"


def capital(text: str) -> str:
    """The text with its first letter upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as one sentence: one space between words, a capital first, a mark last."""
    tidy = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    return capital(tidy) if tidy.endswith((".", "!", "?", "…")) else capital(tidy) + "."


def fill(pattern: str, rng: random.Random, parts: dict[str, Sequence[str]]) -> str:
    """The pattern with every {name} replaced by a draw from parts[name]; draws may hold names themselves.

    Raises:
        KeyError: the pattern names a part that is not there.
    """
    for _ in range(4):
        if "{" not in pattern:
            break
        pattern = SLOT.sub(lambda slot: rng.choice(parts[slot.group(1)]), pattern)
    return pattern


SLOT = re.compile(r"\{(\w+)\}")
