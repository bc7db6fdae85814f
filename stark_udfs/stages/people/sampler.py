"""Who the people are: profiles drawn from settings, and profiles that a user gives.

Profile i of a run follows from the seed, the settings and i alone, never from how many are drawn: raising the count
only adds. Two profiles may be alike; their ids differ.
"""

import random
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.core.ids import rng_of
from stark_udfs.data.population import LAST_AGE, Count, population
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.people.countries import country_named
from stark_udfs.stages.people.names import COLUMNS as NAME_COLUMNS
from stark_udfs.stages.people.names import named_countries


@dataclass(frozen=True, slots=True)
class Profile:
    """A person before anything is written about them."""

    age: int
    gender: str  # a `word` of people.genders
    birthplace: str  # country
    residence: str  # country


@dataclass(frozen=True, slots=True)
class Cell:
    """People who are alike but for their age, which is uniform over `ages`."""

    ages: tuple[int, ...]
    gender: str
    country: str


@dataclass(frozen=True)
class Sampler:
    """Draws profiles.

    births: what a person is born as, with relative weights; homes: countries, with the weight of living in one.
    """

    births: tuple[tuple[Cell, float], ...]
    homes: tuple[tuple[str, float], ...]
    moved_share: float

    def draw(self, seed: int, number: int) -> Profile:
        """Profile `number` of the run with `seed`."""
        rng = rng_of(seed, "people", number)
        cell = self.births[_place(self._births_up_to, rng)][0]
        age = cell.ages[int(rng.random() * len(cell.ages))]
        moved = rng.random() < self.moved_share
        residence = self._home(rng, away_from=cell.country) if moved else cell.country
        return Profile(age, cell.gender, cell.country, residence)

    def _home(self, rng: random.Random, *, away_from: str) -> str:
        others, up_to = self._homes_but[away_from]
        return others[_place(up_to, rng)]

    @cached_property
    def _births_up_to(self) -> Sequence[float]:
        return list(accumulate(weight for _, weight in self.births))

    @cached_property
    def _homes_but(self) -> dict[str, tuple[list[str], list[float]]]:
        return {home: _without(home, self.homes) for home, _ in self.homes}


def sampler(people: PeopleSettings) -> Sampler:
    """The sampler that the settings describe.

    Raises:
        SettingsError: nobody can be drawn by these settings, or a country is unknown, has no names or is not counted.
    """
    places = drawn_countries(people)
    if people.moved_share > 0 and len(places) == 1:
        raise SettingsError(
            f"people.moved_share: {people.moved_share} of the people should live abroad, but people.countries has only "
            f"{places[0]}. Set it to 0, or add a country."
        )
    genders, bands = drawn_genders(people), drawn_bands(people)
    if people.weights == "uniform":
        births = tuple(_even(genders, bands, places))
        return Sampler(births, tuple((place, 1.0) for place in places), people.moved_share)
    uncounted = [place for place in places if not _counts_of(place)]
    if uncounted:
        raise SettingsError(
            f"people.countries: there are no counts of people for {', '.join(uncounted)}. "
            "Set people.weights to uniform, or leave the country out."
        )
    births = tuple(_counted(genders, bands, places))
    if not births:
        raise SettingsError(f"people.bands: nobody of these ages is counted; the oldest are {LAST_AGE}.")
    return Sampler(births, _headcounts(places), people.moved_share)


def drawn_countries(people: PeopleSettings) -> tuple[str, ...]:
    """The countries of the settings by their one name.

    Raises:
        SettingsError: one is unknown, named twice, or has no names.
    """
    named = set(named_countries(people.names))
    places: dict[str, str] = {}
    for text in people.countries:
        try:
            place = country_named(text)
        except InputError as error:
            raise SettingsError(f"people.countries: {error}") from error
        if place in places:
            raise SettingsError(f"people.countries: {text!r} and {places[place]!r} are both {place}.")
        if place not in named:
            raise SettingsError(
                f"people.countries: there are no names for {place}. "
                f"Add them in people.names: a CSV with the columns {', '.join(NAME_COLUMNS)}."
            )
        places[place] = text
    return tuple(places)


def drawn_genders(people: PeopleSettings) -> tuple[Gender, ...]:
    """The genders of the settings that have a weight.

    Raises:
        SettingsError: there is none, or a word stands for two.
    """
    words = [gender.word for gender in people.genders]
    for word in words:
        if words.count(word) > 1:
            raise SettingsError(f"people.genders: {word!r} is there twice.")
    weighted = tuple(gender for gender in people.genders if gender.weight > 0)
    if not weighted:
        raise SettingsError("people.genders: no gender has a weight above 0.")
    return weighted


def drawn_bands(people: PeopleSettings) -> tuple[tuple[int, int], ...]:
    """The age bands of the settings, cut at min_age; bands below it fall away.

    Raises:
        SettingsError: a band runs backwards, or none is left.
    """
    for low, high in people.bands:
        if not 0 <= low <= high:
            raise SettingsError(f"people.bands: [{low}, {high}] is no band of ages.")
    bands = tuple((max(low, people.min_age), high) for low, high in people.bands if high >= people.min_age)
    if not bands:
        raise SettingsError(f"people.bands: no band reaches people.min_age ({people.min_age}).")
    return bands


def _even(
    genders: Sequence[Gender], bands: Iterable[tuple[int, int]], places: Iterable[str]
) -> Iterable[tuple[Cell, float]]:
    """Each band and each country alike, genders by weight."""
    ages = [tuple(range(low, high + 1)) for low, high in bands]
    weighted = [gender for gender in genders if gender.weight > 0]
    return ((Cell(band, gender.word, place), gender.weight) for place in places for gender in weighted for band in ages)


def _counted(
    genders: Sequence[Gender], bands: Iterable[tuple[int, int]], places: Iterable[str]
) -> Iterable[tuple[Cell, float]]:
    """As many of each country, sex and age as there are; an age group is even over its single years."""
    wanted = {age for low, high in bands for age in range(low, high + 1)}
    for place in places:
        for count in _counts_of(place):
            whole = range(count.age_from, count.age_to + 1)
            ages = tuple(age for age in whole if age in wanted)
            people = count.people * len(ages) / len(whole)
            for gender in genders:
                if ages and gender.counts_as in (count.sex, "both"):
                    yield Cell(ages, gender.word, place), people * gender.weight


def _headcounts(places: Iterable[str]) -> tuple[tuple[str, float], ...]:
    return tuple((place, float(sum(count.people for count in _counts_of(place)))) for place in places)


def _counts_of(place: str) -> list[Count]:
    return [count for count in population() if count.country == place]


def _without(home: str, homes: Iterable[tuple[str, float]]) -> tuple[list[str], list[float]]:
    others = [(place, weight) for place, weight in homes if place != home]
    return [place for place, _ in others], list(accumulate(weight for _, weight in others))


def _place(up_to: Sequence[float], rng: random.Random) -> int:
    """An index, drawn by weights that are given as running sums."""
    return min(bisect_right(up_to, rng.random() * up_to[-1]), len(up_to) - 1)
