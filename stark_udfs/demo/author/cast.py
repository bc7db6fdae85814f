"""The people, places and small constants around one person: what a story's slots are filled with."""

import random
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import cache

from stark_udfs.core.ids import Json, rng_of
from stark_udfs.data.names import packaged_names
from stark_udfs.demo.author.beats import Beat, threads
from stark_udfs.demo.author.grammar import tidy
from stark_udfs.demo.author.person import Person
from stark_udfs.demo.author.world import weather

NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
COLOURS = ("green", "yellow", "rust-red", "blue", "grey", "pink", "white", "brown", "turquoise", "violet")
HALLS = ("the community centre", "the library annexe", "the old fire station", "the youth club", "the cultural centre",
         "the neighbourhood hall", "the former post office", "the music school")  # fmt: skip
Words = tuple[str, str, str, str]
SHE, HE = ("she", "her", "her", "herself"), ("he", "him", "his", "himself")
FEMALE_KIN = frozenset({"mother", "grandmother", "aunt", "sister", "daughter", "cousin"})
CLAUSES = {"routine": "regularly {}", "goal": "plan {}"}
YOUNG, OLD = 18, 62


@dataclass(frozen=True)
class Cast:
    """Everybody and everything that a person's story speaks of, the same in all its sessions."""

    person: Person
    group: str
    relation: str
    fixed: Mapping[str, str]
    other: Mapping[str, str]

    def slots(self, beat: Beat, day: date) -> dict[str, str]:
        """All slots for one beat on one day; numbers and weekdays are the beat's own."""
        rng = rng_of(self.person.key, beat.name)
        now = weather(self.person.home.name, day.month, self.person.city)
        return {
            **self.fixed,
            **(self.other if beat.other_helper else {}),
            "n": rng.choice(NUMBERS),
            "day": rng.choice(DAYS),
            "when": rng.choice(("this weekend", "next week", "tomorrow", f"on {rng.choice(DAYS)}", "in the next days")),
            "today": DAYS[day.weekday()],
            "rain": rng.choice(now.words),
            "light": rng.choice(now.light),
            "season": now.season,
        }

    def state(self, day: date) -> frozenset[str]:
        """Conditions that hold: minor or adult, young, old, works, studies, cold or warm, snow."""
        now = weather(self.person.home.name, day.month, self.person.city)
        stage = self.person.stage
        holds = {
            "minor": self.person.age < YOUNG, "adult": self.person.age >= YOUNG, "old": self.person.age >= OLD,
            "young": self.person.age < 30, "works": stage.works, "studies": stage.studies, "snow": now.snow,
            "cold": now.feel in {"cold", "freezing"}, "warm": now.feel in {"warm", "hot", "scorching"},
            "moved": self.person.moved,
        }  # fmt: skip
        return frozenset(name for name, true in holds.items() if true) | {self.group, self.relation}


def cast_of(person: Person, row: Mapping[str, Json]) -> Cast:
    """The cast that belongs to an episode: drawn by its id alone."""
    rng = rng_of(person.key, "cast")
    group, thing, doing = _thread(row)
    friend, friend_words = _somebody(person, rng, frozenset())
    kin, kin_words = _relative(person, rng)
    value = str(row.get("entity_value") or "it")
    fixed = {
        "value": value,
        "thing": _about(thing, value),
        "doing": _about(doing, value),
        "inf": _clause(row),
        "name": person.first_name or "you",
        "friend": friend,
        "kin": kin,
        "mate": f"{rng.choice(_mates(person))} {friend}",
        "city": person.city.name,
        "hall": rng.choice(HALLS),
        "place": rng.choice(person.city.places),
        "transit": rng.choice(person.home.transit),
        "food": rng.choice(person.home.foods),
        "colour": value if row.get("entity_key") == "color" else rng.choice(COLOURS),
    }
    for letter, words in (("f", friend_words), ("k", kin_words)):
        fixed |= _pronouns(letter, words)
    helper = _helper(person, rng, {friend})
    return Cast(
        person=person,
        group=group,
        relation=str(row.get("relation") or "routine"),
        fixed=fixed | helper,
        other=_helper(person, rng, {friend, helper["helper"]}),
    )


def group_of(row: Mapping[str, Json], age: int) -> str:
    """The side of life that a persona sentence belongs to."""
    path = str(row.get("category") or "")
    if path.startswith("Employment"):
        return "former" if age > 65 or "Previous" in path else "work"
    if path.startswith("School"):
        return "school" if age <= 24 else "alma"
    known = threads().get(_thread_key(row))
    return known[0] if known else "life"


def _thread(row: Mapping[str, Json]) -> tuple[str, str, str]:
    age = row.get("age")
    group = group_of(row, age if isinstance(age, int) else 30)
    _, thing, doing = threads().get(_thread_key(row), ("life", "<value>", "spending time on <value>"))
    return group, thing, doing


def _about(template: str, value: str) -> str:
    """The template with the value in it; the value loses its article where the template brings one."""
    owned = re.search(r"\b(?:my|the|a) <value>", template)
    return tidy(template.replace("<value>", re.sub(r"^(?:an?|the|my) ", "", value) if owned else value))


def _thread_key(row: Mapping[str, Json]) -> str:
    path = str(row.get("category") or "").split(" (")[0]
    return f"{path} > {row.get('entity_key')}" if path == "Location > Residence" else path


def _clause(row: Mapping[str, Json]) -> str:
    inference = str(row.get("inference") or "").strip().rstrip(".")
    relation = str(row.get("relation") or "routine")
    return CLAUSES.get(relation, "{}").format(inference)


def _mates(person: Person) -> tuple[str, ...]:
    stage = person.stage.name
    return {
        "child": ("my classmate", "my best friend", "my neighbour"),
        "teen": ("my classmate", "my best friend", "my friend"),
        "student": ("my flatmate", "my friend", "my course mate"),
        "retired": ("my neighbour", "my old friend", "my friend"),
    }.get(stage, ("my colleague", "my neighbour", "my friend", "my old friend"))


def _somebody(person: Person, rng: random.Random, taken: Set[str]) -> tuple[str, Words]:
    female = rng.random() < 0.5
    pool = first_names(person.home.name)["female" if female else "male"]
    not_again = {*taken, person.first_name}
    return rng.choice([name for name in pool if name not in not_again]), SHE if female else HE


def _helper(person: Person, rng: random.Random, taken: Set[str]) -> dict[str, str]:
    """A teacher, a stallholder, a partner: mostly by first name, sometimes as Ms or Mr."""
    name, words = _somebody(person, rng, taken)
    if rng.random() < 0.4:
        name = f"{'Ms' if words is SHE else 'Mr'} {rng.choice(person.home.surnames)}"
    return {"helper": name, "hnoun": "woman" if words is SHE else "man", **_pronouns("h", words)}


def _pronouns(letter: str, words: Words) -> dict[str, str]:
    return dict(zip((f"{letter}sub", f"{letter}obj", f"{letter}pos", f"{letter}self"), words, strict=True))


def _relative(person: Person, rng: random.Random) -> tuple[str, Words]:
    kin = person.kin(rng)
    home = {word: role for role, word in person.origin.family.items()}
    role = home.get(kin, kin)
    return f"my {kin}", SHE if role in FEMALE_KIN else HE


@cache
def first_names(country: str) -> dict[str, tuple[str, ...]]:
    """First names by gender; for a country without any, names from everywhere."""
    known = [name for name in packaged_names() if name.kind == "first" and len(name.name) > 2]
    here = [name for name in known if name.country == country] or known
    return {gender: tuple(name.name for name in here if name.gender == gender) for gender in ("female", "male")}
