"""The rows of a user's table of people: each becomes a profile, or a complaint that they can act on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.people.countries import country_named
from stark_udfs.stages.people.names import named_countries
from stark_udfs.stages.people.sampler import Profile

ID = "demographic_id"
COLUMNS = ("age", "gender", "birthplace", "residence")
OLDEST = 120
ID_LIMIT = 200  # characters
WHOLE = re.compile(r"([+-]?[0-9]{1,9})(?:\.0*|,0)?")  # '34,0' is how Excel writes 34.0 where the comma is decimal
NUMBER = re.compile(r"[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be used."""

    column: str
    text: str

    def __str__(self) -> str:
        """The column, then what is wrong there."""
        return f"{self.column}: {self.text}"


@dataclass(frozen=True)
class Rules:
    """What a given row may say.

    genders: the settings' word by the ways to write it; birthplaces: countries that have names.
    """

    min_age: int
    genders: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    birthplaces: frozenset[str]

    @cached_property
    def word_by_spelling(self) -> Mapping[str, str]:
        """The settings' word for each accepted spelling."""
        return dict(self.genders)


def rules(people: PeopleSettings) -> Rules:
    """What the settings allow a given row to say.

    Raises:
        SettingsError: there are no genders in the settings.
    """
    if not people.genders:
        raise SettingsError("people.genders: there is none; a row's gender could not be told.")
    return Rules(
        min_age=people.min_age,
        genders=tuple(_spellings(people.genders).items()),
        words=tuple(gender.word for gender in people.genders),
        birthplaces=frozenset(named_countries(people.names)),
    )


def profile_of(row: Mapping[str, str | None], allowed: Rules, *, nearest: bool = True) -> Profile | Problem:
    """The profile in a row, or the first thing wrong with it.

    Args:
        row: age, gender, birthplace, residence as text; null or blank means empty.
        allowed: from `rules`.
        nearest: whether a problem with a country names those nearest to it, which is slow.
    """
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    for column, value in values.items():
        if not value:
            return Problem(column, "is empty")
    age = _age(values["age"], allowed.min_age)
    if isinstance(age, Problem):
        return age
    gender = allowed.word_by_spelling.get(_plain(values["gender"]))
    if gender is None:
        return Problem("gender", f"{values['gender'][:60]!r} is not in people.genders: {', '.join(allowed.words)}")
    places = {}
    for column in ("birthplace", "residence"):
        try:
            places[column] = country_named(values[column], nearest=nearest)
        except InputError as error:
            return Problem(column, str(error))
    if places["birthplace"] not in allowed.birthplaces:
        return Problem("birthplace", f"there are no names for {places['birthplace']}; add them in people.names")
    return Profile(age, gender, places["birthplace"], places["residence"])


def id_problem(text: str | None) -> Problem | None:
    """What is wrong with a user's own id; None: nothing."""
    given = text or ""
    if not given.strip():
        return Problem(ID, "is empty")
    if len(given) > ID_LIMIT or not given.isprintable():
        return Problem(ID, f"{given[:60]!r} is longer than {ID_LIMIT} characters or has characters that do not print")
    return None


def missing_columns(there: Sequence[str]) -> tuple[str, ...]:
    """Columns that a table of people needs and does not have."""
    return tuple(column for column in COLUMNS if column not in there)


def _age(text: str, min_age: int) -> int | Problem:
    whole = WHOLE.fullmatch(text)
    if whole is None:
        kind = "is not a whole number of years" if NUMBER.fullmatch(text) else "is not a number"
        return Problem("age", f"{text[:60]!r} {kind}")
    age = int(whole.group(1))
    if not 0 <= age <= OLDEST:
        return Problem("age", f"{age} is not between 0 and {OLDEST}")
    if age < min_age:
        return Problem("age", f"{age} is below people.min_age ({min_age})")
    return age


def _spellings(genders: Sequence[Gender]) -> dict[str, str]:
    """The word by every spelling that means one gender only; a word always means itself."""
    found: dict[str, set[str]] = {}
    for gender in genders:
        sex = () if gender.counts_as == "both" else (gender.counts_as, gender.counts_as[0])
        for spelling in (gender.noun, gender.child_noun, gender.word.split()[0], *sex):
            found.setdefault(_plain(spelling), set()).add(gender.word)
    single = {spelling: next(iter(words)) for spelling, words in found.items() if len(words) == 1}
    return single | {_plain(gender.word): gender.word for gender in genders}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())
