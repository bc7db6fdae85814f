"""The world's population in 2024 by country, sex and age group (United Nations, World Population Prospects 2024)."""

import csv
import io
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources

FILE = "population-2024.csv"
LAST_AGE = 104  # the open group 100+ is taken as 100 to 104


@dataclass(frozen=True, slots=True)
class Count:
    """People of one country, sex and age group; both ages are included."""

    country: str
    iso3: str
    sex: str  # "male" | "female"
    age_from: int
    age_to: int
    people: int


@cache
def population() -> tuple[Count, ...]:
    """All groups, in the order of the file."""
    return tuple(
        Count(
            country=row["country"],
            iso3=row["iso3"],
            sex=row["sex"],
            age_from=int(row["age_from"]),
            age_to=int(row["age_to"] or LAST_AGE),
            people=int(row["population"]),
        )
        for row in csv.DictReader(io.StringIO(_text()))
    )


@cache
def iso3_codes() -> dict[str, str]:
    """Three-letter code by country, in alphabetical order of the countries."""
    return dict(sorted({count.country: count.iso3 for count in population()}.items()))


@cache
def population_version() -> str:
    """Changes whenever the file does."""
    return sha256(_text().encode()).hexdigest()[:16]


def _text() -> str:
    return resources.files("stark_udfs.data").joinpath(FILE).read_text(encoding="utf-8")
