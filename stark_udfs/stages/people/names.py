"""Names for people: what is packaged, and what the user adds."""

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.data.names import Name, listed_names, packaged_names
from stark_udfs.stages.people.countries import country_named

NAME = re.compile(r"[^\W\d_]+(?:['’ -][^\W\d_]+)*")
NAME_LIMIT = 60  # characters
COLUMNS = ("country", "gender", "kind", "name")  # of the user's file; `group` may be added
GENDERS = {"male": ("male", "both"), "female": ("female", "both"), "both": ("male", "female", "both")}
MOST_SHOWN = 10


@dataclass(frozen=True)
class Pool:
    """The names of a country as they are drawn for male, female or both."""

    country: str
    counts_as: str
    firsts: tuple[tuple[str, str], ...]  # given name, group
    lasts: Mapping[str, tuple[str, ...]]  # by group of the given name


def pools(path: str | None = None) -> list[Pool]:
    """Every country of the packaged names and of the user's file that has given and family names.

    Lists that several countries share serve only a country that has no names otherwise, so that neither the names
    written for a country nor those a user gave move when a list is added.

    Args:
        path: a UTF-8 CSV with the columns country, gender, kind, name and, if wanted, group.

    Raises:
        InputError: the file cannot be read, or has bad rows; the message lists the first ten.
    """
    by_country: dict[str, list[Name]] = {}
    for name in dict.fromkeys((*packaged_names(), *(() if path is None else _users_names(path)))):
        by_country.setdefault(name.country, []).append(name)
    made = _pools(by_country)
    complete = _complete(made)
    for name in listed_names():
        if name.country not in complete:
            by_country.setdefault(name.country, []).append(name)
    return _pools(by_country)


def named_countries(path: str | None = None) -> tuple[str, ...]:
    """Countries whose pools are all there, in alphabetical order.

    Raises:
        InputError: as `pools`.
    """
    return tuple(sorted(_complete(pools(path))))


def is_latin_name(text: str) -> bool:
    """Whether it is written in Latin letters, in words joined by space, hyphen or apostrophe."""
    letters = (c for c in text if c.isalpha())
    return (
        len(text) <= NAME_LIMIT
        and NAME.fullmatch(text) is not None
        and all(unicodedata.name(letter, "").startswith("LATIN ") for letter in letters)
    )


def _pools(by_country: Mapping[str, Sequence[Name]]) -> list[Pool]:
    made = [_pool(country, counts_as, names) for country, names in by_country.items() for counts_as in GENDERS]
    return [pool for pool in made if pool.firsts and all(pool.lasts.values())]


def _complete(made: Iterable[Pool]) -> set[str]:
    """Countries with names for everybody."""
    found = Counter(pool.country for pool in made)
    return {country for country, number in found.items() if number == len(GENDERS)}


def _pool(country: str, counts_as: str, names: Iterable[Name]) -> Pool:
    fitting = [name for name in names if name.gender in GENDERS[counts_as]]
    firsts = tuple(dict.fromkeys((name.name, name.group) for name in fitting if name.kind == "first"))
    lasts = [name for name in fitting if name.kind == "last"]
    groups = dict.fromkeys(group for _, group in firsts)
    return Pool(country, counts_as, firsts, {group: _together(lasts, group) for group in groups})


def _together(lasts: Iterable[Name], group: str) -> tuple[str, ...]:
    """Family names that are heard with a given name of the group, each once."""
    return tuple(dict.fromkeys(last.name for last in lasts if not group or last.group in (group, "")))


def _users_names(path: str) -> list[Name]:
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            there = reader.fieldnames or []
            missing = [column for column in COLUMNS if column not in there]
            if missing:
                raise InputError(
                    f"people.names: {path} has no column {', '.join(missing)}; there are: {', '.join(there) or 'none'}."
                )
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"people.names: cannot read {path}: {error}") from error
    read = [_name_of({key: (row.get(key) or "").strip() for key in (*COLUMNS, "group")}) for row in rows]
    bad = [f"row {number}: {name}" for number, name in enumerate(read, start=1) if isinstance(name, str)]
    if bad:
        shown = "\n  ".join(bad[:MOST_SHOWN])
        raise InputError(f"people.names: {path} has {len(bad)} bad rows, counted below the header:\n  {shown}")
    return [name for name in read if isinstance(name, Name)]


def _name_of(row: Mapping[str, str]) -> Name | str:
    """The name in a row, or what is wrong with it."""
    name = unicodedata.normalize("NFC", row["name"])
    genders = {"first": ("male", "female"), "last": ("male", "female", "both")}.get(row["kind"])
    if genders is None:
        return f"kind: {row['kind']!r} is neither first nor last"
    if row["gender"] not in genders:
        return f"gender: {row['gender']!r} is none of {', '.join(genders)} (kind {row['kind']})"
    if not is_latin_name(name):
        return f"name: {name[:NAME_LIMIT]!r} is not a name in Latin letters"
    try:
        country = country_named(row["country"])
    except InputError as error:
        return f"country: {error}"
    return Name(country=country, gender=row["gender"], kind=row["kind"], name=name, group=row["group"])
