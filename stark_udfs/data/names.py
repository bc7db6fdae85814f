"""Given and family names by country, in Latin script."""

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

FILE = "names.csv"
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
    """All names of the package, in the order of the file."""
    text = resources.files("stark_udfs.data").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(Name(**{column: row[column] for column in COLUMNS}) for row in csv.DictReader(io.StringIO(text)))
