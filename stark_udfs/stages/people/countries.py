"""Countries: one name for each, whatever way it is spelt."""

import difflib
import re
import unicodedata
from functools import cache, lru_cache

from stark_udfs.core.errors import InputError
from stark_udfs.data.countries import packaged_countries

NEAREST = 3
LONGEST = 200  # characters of a name
LOOKED_AT = 60  # characters of a text that no country has: more would only slow the search for the nearest
# Two entries bear each of these, and neither is called so in English without more: nobody can tell which is meant.
AMBIGUOUS = {
    "guiana": ("French Guiana", "Guyana"),
    "virgin islands": ("British Virgin Islands", "United States Virgin Islands"),
}
# What stands before a country's name in its long form. Not 'democratic' or 'state': they tell two Koreas and two
# Congos apart, and the state of Georgia is another place.
FORM = re.compile(
    r"(?:(?:bolivarian|co operative|federal|federal democratic|federative|islamic|plurinational|socialist) )?"
    r"(?:commonwealth|federation|grand duchy|kingdom|principality|republic|union) of (?:the )?(?P<country>.+)"
)


def countries() -> tuple[str, ...]:
    """Every entry of ISO 3166-1 and Kosovo, in alphabetical order."""
    return tuple(country.name for country in packaged_countries())


def country_named(text: str, *, nearest: bool = True) -> str:
    """The country that is meant: its name as in `countries()`, another name it goes by, or its ISO code.

    Names of English and names that a country gives itself are known. A name that is one country's own in English means
    that country, even if longer names hold it: Guinea is not Equatorial Guinea, Congo not the Democratic Republic.

    Raises:
        InputError: no country is called so, or two are; the message names both, or, if wanted, the nearest.
    """
    known = _known(text) if len(text) <= LONGEST else None
    if known is not None:
        return known
    raise InputError(_complaint(text[:LOOKED_AT], nearest=nearest))


def plain(text: str) -> str:
    """Lower case, no accents, no punctuation, no article: 'U.S.' and 'us' are one."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[^\w\s-]", "", letters.replace("&", " and ")).replace("-", " ").split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] else words)


@cache
def _spellings() -> dict[str, str]:
    """Country by plain spelling; a name goes before a code, an English name before the others."""
    entries = packaged_countries()
    codes = {plain(code): entry.name for entry in entries for code in (entry.iso2, entry.iso3)}
    others = {plain(other): entry.name for entry in entries for other in entry.others}
    return codes | others | {plain(entry.name): entry.name for entry in entries}


@lru_cache(maxsize=10_000)
def _known(text: str) -> str | None:
    said = plain(text)
    form = FORM.fullmatch(said)
    return _spellings().get(said) or (_spellings().get(form["country"]) if form else None)


def _complaint(text: str, *, nearest: bool) -> str:
    said = plain(text)
    if both := AMBIGUOUS.get(said):
        return f"{text!r} may be {' or '.join(both)}: write which."
    if not nearest:
        return f"unknown country {text!r}."
    spellings = _spellings()
    near = dict.fromkeys(
        spellings[key] for key in difflib.get_close_matches(said, spellings, n=2 * NEAREST, cutoff=0.6)
    )
    hint = f"Nearest: {', '.join(list(near)[:NEAREST])}." if near else "Write it as in 'South Korea' or 'KOR'."
    return f"unknown country {text!r}. {hint}"
