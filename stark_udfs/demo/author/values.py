"""The values that a persona may be about: lists, lists that depend on person and country, and composed names."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.person import Person
from stark_udfs.demo.author.slots import Slots, abroad, season
from stark_udfs.demo.author.words import the
from stark_udfs.demo.author.world import Country, countries, country, snows

GENTLE = {
    "swimming", "table tennis", "hiking", "dancing", "bowling", "tai chi", "chess", "pétanque", "bocce", "cycling",
    "badminton", "carrom", "yoga", "curling", "darts", "archery", "Nordic walking", "togyzkumalak", "falconry",
}  # fmt: skip
COLD = ("ski", "skating", "ice hockey", "sledging", "snow", "curling", "biathlon")


@dataclass(frozen=True)
class Category:
    """How one category is written. `time` says which cores fit an age: "" means those under "any"."""

    key: str
    group: str
    time: str
    values: str | tuple[str, ...]
    cores: dict[str, tuple[str, ...]]


@cache
def raw() -> dict[str, object]:
    """The data file, parsed once per process."""
    text = files("stark_udfs.demo.author").joinpath("data/personas.json").read_text("utf-8")
    return cast("dict[str, object]", json.loads(text))


@cache
def words_of(name: str) -> tuple[str, ...]:
    """A list of the data file."""
    return tuple(cast("list[str]", raw()[name]))


@cache
def table_of(name: str, part: str) -> tuple[str, ...]:
    """A list in a table of the data file."""
    return tuple(cast("dict[str, list[str]]", raw()[name])[part])


@cache
def categories() -> dict[str, Category]:
    """The categories by name."""
    known = cast("dict[str, dict[str, str | list[str]]]", raw()["categories"])
    found = {}
    for name, facts in known.items():
        values = facts["values"]
        found[name] = Category(
            key=str(facts["key"]),
            group=str(facts["group"]),
            time=str(facts.get("time", "")),
            values=values if isinstance(values, str) else tuple(values),
            cores={tag: tuple(facts[tag]) for tag in ("any", "young", "now", "past", "dream") if tag in facts},
        )
    return found


def category_of(row: Mapping[str, Json]) -> Category | None:
    """The category of a stage's row, by its path, or by path and key where two categories share a path."""
    path = str(row.get("category"))
    return categories().get(path) or categories().get(f"{path} ({row.get('entity_key')})")


@cache
def tails(group: str, part: str) -> tuple[str, ...]:
    """The ends of sentences of a group: "tails" for all, "moved" for people who live abroad."""
    return tuple(cast("dict[str, dict[str, list[str]]]", raw()["groups"])[group].get(part, ()))


@cache
def fitting(listed: tuple[str, ...], age: int) -> tuple[str, ...]:
    """The entries that fit an age: "value@18" from 18 on, "value@18-30" until 30; the mark is taken off."""
    found = []
    for entry in listed:
        value, _, mark = entry.partition("@")
        first, _, last = mark.partition("-")
        if int(first or 0) <= age <= int(last or 999):
            found.append(value)
    return tuple(found)


def school_name(slots: Slots, tag: str) -> str:
    """The name of a school of the country where the person goes, or went, to one."""
    person = slots.person
    where = person.home if tag == "now" else person.origin
    known = cast("dict[str, dict[str, list[str]]]", raw()["schools"])
    forms = known.get(where.language, known[""])
    level = {"child": "child", "teen": "teen", "student": "uni"}.get(person.stage.name, "teen")
    pattern = slots.rng.choice(forms[level if tag == "now" else "teen"])
    city = person.city if tag == "now" else slots.rng.choice(where.cities)
    return pattern.format(street=slots.rng.choice(forms["streets"]), city=city.name, num=slots.rng.randint(2, 180))


def title(slots: Slots) -> str:
    """An invented title."""
    return f"{slots.rng.choice(words_of('title_first'))} {slots.rng.choice(words_of('title_last'))}"


def surname(slots: Slots) -> str:
    """A family name from anywhere."""
    return slots.rng.choice(country(slots.rng.choice(countries())).surnames)


def book(slots: Slots, _: str) -> str:
    """An old classic, or an invented title."""
    return slots.rng.choice(words_of("books")) if slots.rng.random() < 0.35 else title(slots)


def author(slots: Slots, _: str) -> str:
    """A writer of long ago, or an invented one."""
    if slots.rng.random() < 0.35:
        return slots.rng.choice(words_of("authors"))
    return f"{slots.rng.choice(words_of('author_first'))} {surname(slots)}"


def artist(slots: Slots, _: str) -> str:
    """An invented band or singer."""
    if slots.rng.random() < 0.3:
        return f"{slots.rng.choice(words_of('author_first'))} {surname(slots)}"
    return f"{slots.rng.choice(words_of('artist_first'))} {slots.rng.choice(words_of('artist_last'))}"


def show(slots: Slots, _: str) -> str:
    """An invented series."""
    city = slots.rng.choice(country(slots.rng.choice(countries())).cities).name
    thing = slots.rng.choice(words_of("title_last"))
    form = slots.rng.choice(words_of("show_forms"))
    return form.format(city=city, thing=thing, name=surname(slots))


def company(slots: Slots, _: str) -> str:
    """An invented company."""
    if slots.rng.random() < 0.25:
        return f"{surname(slots)} {slots.rng.choice(words_of('company_last'))}"
    return f"{slots.rng.choice(words_of('company_first'))} {slots.rng.choice(words_of('company_last'))}"


def city_state(slots: Slots, _: str) -> str:
    """A city of the country of residence with its region, or with the country where the region is the city's own."""
    home = slots.person.home
    city = slots.rng.choice(home.cities)
    region = city.region if city.region and city.name not in city.region else home.name
    return f"{city.name}, {region}"


def city_other(slots: Slots, _: str) -> str:
    """A city abroad, in every third draw one of the country of birth for those who left it."""
    person = slots.person
    where = person.origin if person.moved and slots.rng.random() < 1 / 3 else country(abroad(slots))
    return slots.rng.choice(where.cities).name


def a_place(slots: Slots, _: str) -> str:
    """An everyday place, mostly of the person's own city."""
    person = slots.person
    city = person.city if slots.rng.random() < 0.6 else slots.rng.choice(person.home.cities)
    return slots.rng.choice(city.places)


def season_value(slots: Slots, _: str) -> str:
    """A season of the place where the person lives, or a part of one."""
    if slots.rng.random() < 0.35:
        return season(slots)
    form = slots.rng.choice(words_of("seasons"))
    said = slots.say(form)
    slots.put("")
    return said.replace("early the ", "the early ").replace("late the ", "the late ")


def pooled(home: Callable[[Country], Sequence[str]], name: str | None) -> Callable[[Slots, str], str]:
    """A draw from the words of both countries and a list of the data file."""

    def draw(slots: Slots, _: str) -> str:
        chance = slots.rng.random()
        if name is not None and chance < 0.5:
            return slots.rng.choice(fitting(words_of(name), slots.person.age))
        return slots.rng.choice(home(slots.person.home if chance < 0.8 else slots.person.origin))

    return draw


def sport(slots: Slots, _: str) -> str:
    """A sport that the country and the age allow."""
    return slots.rng.choice(sports_of(slots.person.home.name, slots.person.city.name, slots.person.age))


@cache
def sports_of(home: str, city: str, age: int) -> tuple[str, ...]:
    """The sports of a place: those on snow and ice only where snow lies, gentle ones from 66 on."""
    where = next((c for c in country(home).cities if c.name == city), None)
    all_sports = (*country(home).sports, *country(home).sports, *fitting(words_of("sports"), age))
    if snows(home, where):
        all_sports = (*all_sports, *words_of("snow_sports"))
    else:
        all_sports = tuple(s for s in all_sports if not any(word in s for word in COLD))
    return tuple(s for s in all_sports if age < 66 or s in GENTLE)


def vehicle(slots: Slots, tag: str) -> str:
    """A vehicle that the age may drive."""
    if tag == "now" and slots.rng.random() < 0.5:
        return slots.rng.choice(slots.person.home.vehicles)
    return slots.rng.choice(table_of("vehicles", tag))


def by_tag(name: str) -> Callable[[Slots, str], str]:
    """A draw from the part of a table that is named after the tag."""
    return lambda slots, tag: slots.rng.choice(fitting(table_of(name, tag), slots.person.age))


def school_status(slots: Slots, tag: str) -> str:
    """A pupil's, student's or former pupil's standing."""
    part = slots.person.stage.name if tag == "now" else "past"
    return slots.rng.choice(table_of("school_status", part))


SOURCES: dict[str, Callable[[Slots, str], str]] = {
    "school_name": school_name,
    "school_status": school_status,
    "company_name": company,
    "job_status": by_tag("job_status"),
    "vehicle": vehicle,
    "city_other": city_other,
    "city_state": city_state,
    "country": lambda slots, _: slots.person.home.name,
    "place": a_place,
    "show": show,
    "movie": lambda slots, _: title(slots),
    "book": book,
    "author": author,
    "artist": artist,
    "season": season_value,
    "sports": sport,
    "animals": pooled(lambda c: c.animals, "animals"),
    "foods": pooled(lambda c: c.foods, None),
    "drinks": pooled(lambda c: c.drinks, None),
    "music": pooled(lambda c: c.music, "music"),
    "instruments": pooled(lambda c: c.instruments, "instruments"),
}


def tag_of(category: Category, person: Person) -> str:
    """Which cores of a category fit an age: now, past, dream, young or any."""
    stage = person.stage
    tag = "any"
    if category.time == "school":
        tag = "now" if stage.studies else "past"
    elif category.time and not stage.adult:
        tag = "dream"
    elif category.time == "degree":
        tag = "now" if stage.studies else "past"
    elif category.time == "drive":
        tag = "now"
    elif category.time:
        tag = "now" if stage.works else "past"
    elif not stage.adult and "young" in category.cores:
        tag = "young"
    return tag


def value_of(category: Category, slots: Slots, tag: str) -> str:
    """A value of the category for the person."""
    if isinstance(category.values, str):
        return SOURCES[category.values](slots, tag)
    age = slots.person.age if tag != "dream" else 40
    return slots.rng.choice(fitting(category.values, age))


def spoken(category: Category, value: str) -> str:
    """The value as it stands in a sentence; it holds the value verbatim."""
    return the(value) if category.key == "country" else value
