"""What the people of a set are meant to be: weights by value of age band, gender, country and category."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people.quotas import Part
from stark_udfs.stages.people.sampler import Profile, sampler
from stark_udfs.stages.people.strata import band_of
from stark_udfs.stages.text.personas.categories import drawn
from stark_udfs.stages.text.personas.settings import PersonasSettings

BAND, GENDER, COUNTRY, CATEGORY = "age band", "gender", "country", "category"
DIMENSIONS = (BAND, GENDER, COUNTRY)  # of people; the category is of their persona
PARTS: Mapping[Part, str] = {"age_band": BAND, "gender": GENDER, "country": COUNTRY, "category": CATEGORY}
REST = "all others"

Target = Mapping[str, Mapping[str, float]]  # dimension → value → share or weight

PAPER: Target = {  # paper, Table 2: its age bands share their ends; its ten most frequent countries
    BAND: {
        "10-19": 9.76,
        "20-29": 13.68,
        "30-39": 12.10,
        "40-49": 13.19,
        "50-59": 14.12,
        "60-69": 13.29,
        "70-79": 10.96,
        "80+": 12.88,
    },
    GENDER: {"male": 51.29, "female": 48.71},
    COUNTRY: {
        "China": 7.85,
        "United States": 7.79,
        "United Kingdom": 6.73,
        "Russia": 6.43,
        "India": 5.75,
        "Japan": 5.72,
        "Brazil": 5.64,
        "Germany": 5.60,
        "Italy": 5.41,
        "South Korea": 5.23,
        REST: 33.85,
    },
}


def population_target(people: PeopleSettings) -> Target:
    """The real population of 2024 (or the even one) that the settings draw from: what people are born as.

    Raises:
        SettingsError: nobody can be drawn by them.
    """
    found: dict[str, dict[str, float]] = {name: defaultdict(float) for name in DIMENSIONS}
    for cell, weight in sampler(people).births:
        found[GENDER][cell.gender] += weight
        found[COUNTRY][cell.country] += weight
        for age in cell.ages:
            found[BAND][band_of(age)] += weight / len(cell.ages)
    return found


def people_target(profiles: Iterable[Profile]) -> Target:
    """The distribution of given people: the user's own table, or all that were drawn."""
    given = list(profiles)
    return {name: {value: float(count) for value, count in people_counts(name, given).items()} for name in DIMENSIONS}


def category_target(personas: PersonasSettings) -> Target:
    """The categories that personas are drawn from: they take turns, those of one path as often as it has keys."""
    weights = Counter(one.path for one in drawn(personas.exclude_categories, sensitive=personas.sensitive))
    return {CATEGORY: {path: float(count) for path, count in weights.items()}}


def quotas_target(by: Sequence[Part], people: Iterable[Profile], categories: Iterable[str]) -> Target:
    """Equal strata, as quotas fill them: every combination of the parts that the people and categories make.

    Args:
        by: `quotas.by`.
        people: all that were drawn.
        categories: all that personas are drawn from.
    """
    features = [name for part, name in PARTS.items() if part in by and name != CATEGORY]
    strata = {tuple(_feature(name, one) for name in features) for one in people}
    found: dict[str, Mapping[str, float]] = {
        name: {value: float(count) for value, count in Counter(stratum[place] for stratum in strata).items()}
        for place, name in enumerate(features)
    }
    return found | ({CATEGORY: dict.fromkeys(categories, 1.0)} if "category" in by else {})


def people_counts(dimension: str, people: Iterable[Profile]) -> Counter[str]:
    """How many people have each value of one of `DIMENSIONS`."""
    return Counter(_feature(dimension, one) for one in people)


def _feature(dimension: str, one: Profile) -> str:
    if dimension == BAND:
        return band_of(one.age)
    return one.gender if dimension == GENDER else one.birthplace
