"""Countries: one name for each, whatever way it is spelt."""

import difflib
import re
import unicodedata
from functools import cache

from stark_udfs.core.errors import InputError
from stark_udfs.data.population import iso3_codes

ALIASES = {
    "Bolivia": ("Bolivia (Plurinational State of)",),
    "Brazil": ("Brasil",),
    "Brunei": ("Brunei Darussalam",),
    "Cabo Verde": ("Cape Verde",),
    "China": ("People's Republic of China", "PRC", "Mainland China", "PR China"),
    "Congo": ("Republic of the Congo", "Congo-Brazzaville"),
    "Czech Republic": ("Czechia",),
    "Côte d'Ivoire": ("Ivory Coast",),
    "Democratic Republic of the Congo": ("DRC", "DR Congo", "Congo-Kinshasa", "Congo, Dem. Rep."),
    "Egypt": ("Arab Republic of Egypt", "Egypt, Arab Rep."),
    "Eswatini": ("Swaziland",),
    "Gambia": ("The Gambia",),
    "Germany": ("Deutschland", "Federal Republic of Germany"),
    "Iran": ("Islamic Republic of Iran", "Iran (Islamic Republic of)", "Iran, Islamic Rep."),
    "Italy": ("Italia",),
    "Kyrgyzstan": ("Kyrgyz Republic",),
    "Laos": ("Lao PDR", "Lao People's Democratic Republic"),
    "Mexico": ("United Mexican States",),
    "Moldova": ("Republic of Moldova",),
    "Myanmar": ("Burma",),
    "Netherlands": ("Holland", "Kingdom of the Netherlands"),
    "North Korea": ("DPRK", "Democratic People's Republic of Korea"),
    "North Macedonia": ("Macedonia",),
    "Palestine": ("State of Palestine",),
    "Russia": ("Russian Federation",),
    "Saudi Arabia": ("Kingdom of Saudi Arabia", "KSA"),
    "Slovakia": ("Slovak Republic",),
    "South Africa": ("RSA",),
    "South Korea": ("Korea", "Republic of Korea", "Korea, Republic of", "Korea, Rep.", "ROK", "S. Korea"),
    "Spain": ("España",),
    "Syria": ("Syrian Arab Republic",),
    "Tanzania": ("United Republic of Tanzania",),
    "Timor-Leste": ("East Timor",),
    "Turkey": ("Türkiye",),
    "United Arab Emirates": ("UAE", "Emirates"),
    "United Kingdom": ("UK", "GB", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "United States": ("US", "United States of America", "America"),
    "Venezuela": ("Venezuela (Bolivarian Republic of)",),
    "Vietnam": ("Viet Nam",),
}
WITH_ARTICLE = frozenset(
    (
        "Bahamas",
        "Central African Republic",
        "Comoros",
        "Czech Republic",
        "Democratic Republic of the Congo",
        "Dominican Republic",
        "Gambia",
        "Maldives",
        "Marshall Islands",
        "Netherlands",
        "Philippines",
        "Seychelles",
        "Solomon Islands",
        "United Arab Emirates",
        "United Kingdom",
        "United States",
    )
)
NEAREST = 3


def countries() -> tuple[str, ...]:
    """Every country there are counts for, in alphabetical order."""
    return tuple(iso3_codes())


def country_named(text: str) -> str:
    """The country that is meant: its name as in `countries()`, another usual spelling, or its three-letter code.

    Raises:
        InputError: no country is called so; the message names the nearest.
    """
    spellings = _spellings()
    said = _plain(text)
    if said in spellings:
        return spellings[said]
    near = dict.fromkeys(
        spellings[key] for key in difflib.get_close_matches(said, spellings, n=2 * NEAREST, cutoff=0.6)
    )
    hint = f"Nearest: {', '.join(list(near)[:NEAREST])}." if near else "Write it as in 'South Korea' or 'KOR'."
    raise InputError(f"unknown country {text[:60]!r}. {hint}")


def in_a_sentence(country: str) -> str:
    """The country as it stands after 'in' or 'from': with its article if it takes one."""
    return f"the {country}" if country in WITH_ARTICLE else country


@cache
def _spellings() -> dict[str, str]:
    """Country by plain spelling."""
    codes = {_plain(code): country for country, code in iso3_codes().items()}
    others = {_plain(alias): country for country, aliases in ALIASES.items() for alias in aliases}
    return codes | others | {_plain(country): country for country in countries()}


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, no article: 'U.S.' and 'us' are one."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[^\w\s-]", "", letters.replace("&", " and ")).replace("-", " ").split()
    return " ".join(words[1:] if words[:1] == ["the"] else words)
