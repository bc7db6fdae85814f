"""Small rules of English that put parts together."""

import re

SLOT = re.compile(r"(?:\b([Aa]) )?\{(\w+)\}")
SILENT_H = ("hour", "honest", "heir", "honour")
SOUNDS_LIKE_YOU = ("uni", "use", "usua", "uk", "eur", "one", "once", "ute")
SPELLED_LIKE_VOWEL = re.compile(r"^(?:[AEFHILMNORSX][A-Z]|8|11\b|18\b)")
WITH_ARTICLE = ("United", "Netherlands", "Philippines", "Czech Republic", "Dominican Republic")
PLURAL = ("drums", "castanets", "maracas", "bagpipes")
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINALS = ("first", "second", "third", "fourth", "fifth")


def a(noun: str) -> str:
    """The noun phrase with its indefinite article, by sound; "some" before the few plurals that come this way."""
    low = noun.lower()
    if noun in PLURAL:
        return f"some {noun}"
    if SPELLED_LIKE_VOWEL.match(noun) or low.startswith(SILENT_H):
        return f"an {noun}"
    if low.startswith(SOUNDS_LIKE_YOU) and not low.startswith("unin"):
        return f"a {noun}"
    return f"an {noun}" if low[:1] in "aeiouàáâéè" else f"a {noun}"


def the(country: str) -> str:
    """A country's name as it stands in a sentence: "the United States", "Japan"."""
    return f"the {country}" if country.startswith(WITH_ARTICLE) else country


def capital(text: str) -> str:
    """The text with its first letter upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as one sentence: a capital first, a mark last."""
    return capital(text) if text.endswith((".", "!", "?")) else f"{capital(text)}."


def spelled(number: int) -> str:
    """A number from 0 to 99 in words."""
    if number < 20:
        return NUMBERS[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens]}-{NUMBERS[ones]}" if ones else TENS[tens]


def times(number: int, unit: str) -> str:
    """ "three years", "one year"."""
    return f"{spelled(number)} {unit}{'' if number == 1 else 's'}"


def them(noun: str) -> str:
    """The object pronoun of a noun: "them" for what looks like a plural."""
    return "them" if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else "it"
