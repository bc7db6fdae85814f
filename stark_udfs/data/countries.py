"""Countries and territories: each entry of ISO 3166-1 and Kosovo, with its codes and the names it goes by."""

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

FILE = "countries.csv"


@dataclass(frozen=True, slots=True)
class Country:
    """One entry.

    name: the one name used in tables; others: English variants and the names that the country gives itself;
    lists: whose personal names are drawn for it where no list of its own is packaged.
    """

    iso2: str
    iso3: str
    name: str
    others: tuple[str, ...]
    lists: tuple[str, ...]


@cache
def packaged_countries() -> tuple[Country, ...]:
    """All entries, in alphabetical order of their names."""
    text = resources.files("stark_udfs.data").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(
        Country(
            iso2=row["iso2"],
            iso3=row["iso3"],
            name=row["country"],
            others=tuple(name for name in row["names"].split(";") if name),
            lists=tuple(row["lists"].split()),
        )
        for row in csv.DictReader(io.StringIO(text))
    )
