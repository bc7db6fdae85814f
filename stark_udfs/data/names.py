"""Given and family names by country, in Latin script."""

import csv
import io
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from stark_udfs.data.countries import packaged_countries

FILE = "names.csv"
BY_LIST = "names-by-list.csv"
COLUMNS = ("country", "gender", "kind", "name", "group")


@dataclass(frozen=True, slots=True)
class Name:
    """One name; names of one group are heard together, an empty group goes with all."""

    country: str
    gender: str  # "male" | "female"; "both" for family names that do not change
    kind: str  # "first" | "last"
    name: str
    group: str


@cache
def packaged_names() -> tuple[Name, ...]:
    """The names that were written for their country, in the order of the file: nothing drawn from them may move."""
    return tuple(Name(**{column: row[column] for column in COLUMNS}) for row in csv.DictReader(_text(FILE)))


@cache
def listed_names() -> tuple[Name, ...]:
    """Names of the other countries, from lists that several may share; each list is a group of its own."""
    lists = _lists()
    return tuple(
        replace(name, country=country.name, group=f"{place}{name.group}" if len(country.lists) > 1 else name.group)
        for country in packaged_countries()
        for place in country.lists
        for name in lists[place]
    )


def _lists() -> dict[str, list[Name]]:
    """Names by list, and by the three-letter code of countries that have names of their own."""
    codes = {country.name: country.iso3 for country in packaged_countries()}
    found: dict[str, list[Name]] = {}
    for name in packaged_names():
        found.setdefault(codes[name.country], []).append(name)
    for row in csv.DictReader(_text(BY_LIST)):
        made = [Name("", row["gender"], row["kind"], name, "") for name in row["names"].split(";")]
        found.setdefault(row["list"], []).extend(made)
    return found


def _text(file: str) -> io.StringIO:
    return io.StringIO(resources.files("stark_udfs.data").joinpath(file).read_text(encoding="utf-8"))
