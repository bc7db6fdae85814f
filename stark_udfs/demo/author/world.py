"""What the offline author knows of the world: countries, cities, weather by month, and what fits an age."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from stark_udfs.core.ids import seed_of

ELSEWHERE = "elsewhere"
Tokens = tuple[str, ...]
StageName = Literal["child", "teen", "student", "adult", "midlife", "retired"]


@dataclass(frozen=True)
class City:
    """A city and everyday places in it; a place carries its own article ("the riverside park")."""

    name: str
    region: str
    climate: str
    places: Tokens


@dataclass(frozen=True)
class Festival:
    """A feast, the months in which it may fall (1-12), and what one sees of it (a noun phrase)."""

    name: str
    months: tuple[int, ...]
    scene: str


@dataclass(frozen=True)
class Country:
    """Everyday facts about a country. All words are lower case unless they are names.

    foods, drinks, music are bare nouns ("I eat kimbap"); instruments, vehicles are singular without article; animals
    plural; transit carries its article ("the tram"); schools run from the youngest pupils to students; family maps
    mother, father, grandmother and grandfather to the word used at home.
    """

    name: str
    demonym: str
    language: str
    currency: str
    southern: bool
    cities: tuple[City, ...]
    foods: Tokens
    drinks: Tokens
    festivals: tuple[Festival, ...]
    sports: Tokens
    music: Tokens
    instruments: Tokens
    vehicles: Tokens
    transit: Tokens
    school: Tokens
    animals: Tokens
    surnames: Tokens
    family: Mapping[str, str]


@dataclass(frozen=True)
class Weather:
    """A month at a place. `words` and `light` are noun phrases: "in {words}", "under {light}"."""

    season: str
    feel: str
    snow: bool
    words: Tokens
    light: Tokens


@dataclass(frozen=True)
class LifeStage:
    """What an age brings. `companions` read after "with", `moments` at the end of a sentence."""

    name: StageName
    works: bool
    studies: bool
    drives: bool
    adult: bool
    companions: Tokens
    moments: Tokens


@cache
def facts() -> dict[str, dict[str, dict[str, object]]]:
    """The data file, parsed once per process."""
    text = files("stark_udfs.demo.author").joinpath("data/world.json").read_text("utf-8")
    return cast("dict[str, dict[str, dict[str, object]]]", json.loads(text))


def countries() -> Tokens:
    """Names of the countries that are known in detail."""
    return tuple(facts()["countries"])


@cache
def country(name: str) -> Country:
    """Facts about a country; one that is not known gets general ones under its own name."""
    known = facts()["countries"].get(name) or facts()[ELSEWHERE]
    cities = cast("list[dict[str, str | list[str]]]", known["cities"])
    festivals = cast("list[dict[str, str | list[int]]]", known["festivals"])
    words = {key: tuple(cast("list[str]", value)) for key, value in known.items() if isinstance(value, list)}
    return Country(
        name=name,
        demonym=str(known["demonym"]),
        language=str(known["language"]),
        currency=str(known["currency"]),
        southern=known["hemisphere"] == "south",
        cities=tuple(
            City(str(c["name"]), str(c["region"]), str(c["climate"]), tuple(cast("list[str]", c["places"])))
            for c in cities
        ),
        festivals=tuple(
            Festival(str(f["name"]), tuple(cast("list[int]", f["months"])), str(f["scene"])) for f in festivals
        ),
        foods=words["foods"],
        drinks=words["drinks"],
        sports=words["sports"],
        music=words["music"],
        instruments=words["instruments"],
        vehicles=words["vehicles"],
        transit=words["transit"],
        school=words["school"],
        animals=words["animals"],
        surnames=words["surnames"],
        family=cast("dict[str, str]", known["family"]),
    )


def city_of(name: str, key: str, text: str = "") -> City:
    """The city of a person in country `name`: one that `text` names itself or by a place, else drawn by `key`."""
    cities = country(name).cities
    placed = [city for city in cities if any(spot in text for spot in city.places)]
    named = [city for city in cities if city.name in text]
    return (placed or named or [cities[seed_of("city", name, key) % len(cities)]])[0]


@cache
def weather(name: str, month: int, city: City | None = None) -> Weather:
    """The weather of a month (1-12) in a country, or in one of its cities."""
    where = country(name)
    climate = cast(
        "dict[str, dict[str, str | bool | list[str]]]", facts()["climates"][(city or where.cities[0]).climate]
    )
    seasons = cast("list[str]", climate["seasons"])
    season = seasons[(month - 1 + (6 if where.southern else 0)) % 12]
    words = climate[season]
    return Weather(
        season=season,
        feel=str(words["feel"]),
        snow=bool(words["snow"]),
        words=tuple(cast("list[str]", words["words"])),
        light=tuple(cast("list[str]", words["light"])),
    )


def snows(name: str, city: City | None = None) -> bool:
    """Whether snow lies there in any month."""
    return any(weather(name, month, city).snow for month in range(1, 13))


def place(name: str, rng: random.Random, city: City | None = None) -> str:
    """An everyday place with its article, in the city if one is given."""
    return rng.choice((city or rng.choice(country(name).cities)).places)


def festival(name: str, month: int, rng: random.Random) -> Festival | None:
    """A feast that falls in the month, if the country has one."""
    fitting = [f for f in country(name).festivals if month in f.months]
    return rng.choice(fitting) if fitting else None


def life_stage(age: int) -> LifeStage:
    """What fits an age: child to 13, teen to 17, student to 24, adult to 39, midlife to 65, then retired."""
    return next(stage for last, stage in life_stages() if age <= last)


@cache
def life_stages() -> tuple[tuple[int, LifeStage], ...]:
    """The stages in order, each with the last age that belongs to it."""
    listed = cast("list[dict[str, int | str | bool | list[str]]]", facts()["stages"])
    return tuple((int(cast("int", stage["until"])), stage_of(stage)) for stage in listed)


def stage_of(stage: Mapping[str, object]) -> LifeStage:
    """A life stage from its entry in the data file."""
    return LifeStage(
        name=cast("StageName", stage["name"]),
        works=bool(stage["works"]),
        studies=bool(stage["studies"]),
        drives=bool(stage["drives"]),
        adult=bool(stage["adult"]),
        companions=tuple(cast("list[str]", stage["companions"])),
        moments=tuple(cast("list[str]", stage["moments"])),
    )
