"""The parts of a sentence that come from the person and the world: {who}, {when}, {place}, {weather} …

A pattern names slots in braces; `Slots.say` fills them. Within one sentence a slot keeps its first value.
"""

import random
import re
from collections.abc import Callable, Sequence
from functools import cache

from stark_udfs.demo.author.person import Person
from stark_udfs.demo.author.words import ORDINALS, SLOT, a, capital, spelled, the, times
from stark_udfs.demo.author.world import countries, country, festival, weather

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WORK_TIMES = ("on weekday mornings", "at six in the morning", "on Tuesdays", "at weekends", "every other evening",
              "on market days", "twice a week", "from Wednesday to Sunday")  # fmt: skip
FRIENDS = ("my best friend", "a friend I still write to", "the quietest person in the room", "my oldest friend",
           "somebody I now call family", "a friend with the same name as my cousin")  # fmt: skip
FIRST_TIMES = ("on a trip to {elsewhere}", "at a neighbour's wedding", "in a hurry between two trains",
               "on a school outing", "at {festival}", "when I was {young}", "when I was {young}")  # fmt: skip


MANY = ("two ", "a few ", "the ", "my old colleagues", "my whole family")
LONG_AGO = ("years ago", "two summers ago", "last {month}", "on a school trip", "three moves ago", "the other winter")


class Slots:
    """Fills the slots of patterns for one person; `value` is what {v} stands for.

    Draws are made only for slots that a pattern names, in the order in which it names them.
    """

    def __init__(self, person: Person, rng: random.Random, value: str = "") -> None:
        """A filler with no slot drawn yet."""
        self.person = person
        self.rng = rng
        self.filled: dict[str, str] = {}
        self.put(value)

    def put(self, value: str) -> None:
        """Start a new sentence about another value."""
        self.filled = {"v": value}

    def say(self, pattern: str) -> str:
        """The pattern with its slots filled; an "a" before a slot becomes "an" where the word needs it.

        Raises:
            KeyError: it names a slot that nothing fills.
        """
        return SLOT.sub(self._fill, pattern)

    def _fill(self, slot: "re.Match[str]") -> str:
        article, name = slot.groups()
        said = self.drawn(name)
        if article is None:
            return said
        return a(said) if article == "a" else capital(a(said))

    def drawn(self, name: str) -> str:
        """What a slot stands for in this sentence.

        Raises:
            KeyError: nothing fills it.
        """
        said = self.filled.get(name)
        if said is None:
            said = DRAWS[name](self)
            for _ in range(3):
                if said not in self.filled["v"] and said not in self.filled.values():
                    break
                said = DRAWS[name](self)
            self.filled[name] = said
        return said

    def number(self, low: int, high: int) -> int:
        """A number between two bounds; the lower one where they cross."""
        return self.rng.randint(low, max(low, high))


@cache
def slots_in(pattern: str) -> frozenset[str]:
    """Names of the slots of a pattern, {v} aside; {one} counts as {who}."""
    return frozenset(name for _, name in SLOT.findall(pattern.replace("{one}", "{who}"))) - {"v"}


def from_either(slots: Slots, home: Sequence[str], origin: Sequence[str]) -> str:
    """A draw from the words of the country of residence or, as often, of birth."""
    return slots.rng.choice(home if slots.rng.random() < 0.5 else origin)


def one(slots: Slots) -> str:
    """A single companion, fit to be the subject of a verb."""
    who = slots.person.companion(slots.rng)
    while who.startswith(MANY):
        who = slots.person.companion(slots.rng)
    return who


def elsewhere(slots: Slots) -> str:
    """A city of a country where the person does not live: no home city but their own is ever named."""
    return slots.rng.choice(country(abroad(slots)).cities).name


def abroad(slots: Slots) -> str:
    """A known country that is not the one of residence."""
    home = slots.person.home.name
    return slots.rng.choice([name for name in countries() if name != home])


def weather_words(slots: Slots) -> str:
    """Weather that occurs where the person lives, in any month."""
    person = slots.person
    return slots.rng.choice(weather(person.home.name, slots.rng.randint(1, 12), person.city).words)


def season(slots: Slots) -> str:
    """A season of the place where the person lives, with its article where it has one."""
    person = slots.person
    name = weather(person.home.name, slots.rng.randint(1, 12), person.city).season
    return name if name in {"winter", "spring", "summer", "autumn"} else f"the {name}"


def feast(slots: Slots) -> str:
    """A feast of the country of residence."""
    home = slots.person.home.name
    found = festival(home, slots.rng.randint(1, 12), slots.rng) or slots.rng.choice(country(home).festivals)
    return found.name


def line(slots: Slots) -> str:
    """A means of public transport with the definite article."""
    return slots.rng.choice([way for way in slots.person.home.transit if way.startswith("the ")])


def on_transit(slots: Slots) -> str:
    """ "on the bus", "in a shared taxi"."""
    way = slots.rng.choice(slots.person.home.transit)
    return f"on {way}" if way.startswith("the ") else f"in {way}"


def job_years(slots: Slots) -> str:
    """How long somebody may have worked who started at nineteen or later."""
    most = min(slots.person.age - 19, 25)
    return "almost a year" if most < 2 else times(slots.number(2, most), "year")


def young_age(slots: Slots) -> str:
    """An age of childhood, before the present one, in words."""
    return spelled(slots.number(6, min(slots.person.age - 2, 14)))


def ordinal(slots: Slots) -> str:
    """A school or study year that fits."""
    return slots.rng.choice(ORDINALS[1:3] if slots.person.stage.name == "student" else ORDINALS[1:])


DRAWS: dict[str, Callable[[Slots], str]] = {
    "who": lambda s: s.person.companion(s.rng),
    "one": one,
    "friend": lambda s: s.rng.choice(FRIENDS),
    "kin": lambda s: s.person.kin(s.rng),
    "gm": lambda s: s.person.origin.family["grandmother"],
    "gf": lambda s: s.person.origin.family["grandfather"],
    "when": lambda s: s.rng.choice(s.person.stage.moments),
    "workwhen": lambda s: s.rng.choice(WORK_TIMES),
    "place": lambda s: s.rng.choice(s.person.city.places),
    "city": lambda s: s.person.city.name,
    "elsewhere": elsewhere,
    "home": lambda s: the(s.person.home.name),
    "origin": lambda s: the(s.person.origin.name),
    "language": lambda s: s.person.origin.language,
    "currency": lambda s: s.person.home.currency,
    "demonym": lambda s: s.person.origin.demonym,
    "food": lambda s: from_either(s, s.person.home.foods, s.person.origin.foods),
    "drink": lambda s: from_either(s, s.person.home.drinks, s.person.origin.drinks),
    "animals": lambda s: s.rng.choice(s.person.home.animals),
    "music": lambda s: from_either(s, s.person.home.music, s.person.origin.music),
    "sport": lambda s: s.rng.choice(s.person.home.sports),
    "line": line,
    "ontransit": on_transit,
    "festival": feast,
    "month": lambda s: s.rng.choice(MONTHS),
    "season": season,
    "weather": weather_words,
    "n": lambda s: spelled(s.rng.randint(2, 7)),
    "num": lambda s: str(s.rng.randint(2, 180)),
    "ordinal": ordinal,
    "young": young_age,
    "since": lambda s: f"since I was {spelled(s.number(6, min(s.person.age - 2, 30)))}",
    "sincewhen": lambda s: s.say(s.rng.choice(FIRST_TIMES)),
    "longago": lambda s: s.say(s.rng.choice(LONG_AGO)),
    "nextage": lambda s: spelled((s.person.age // 5 + 1) * 5) if s.person.age < 95 else "a hundred",
    "years": lambda s: times(s.number(2, min(s.person.age - 8, 30)), "year"),
    "shortyears": lambda s: times(s.number(2, min(s.person.age - 8, 7)), "year"),
    "fewyears": lambda s: times(s.number(2, min(max(s.person.age - 64, 3), 15)), "year"),
    "longyears": lambda s: times(s.number(18, 38), "year"),
    "jobyears": job_years,
    "latestart": lambda s: spelled(s.number(19, min(s.person.age - 1, 45))),
    "latestudy": lambda s: spelled(s.number(22, min(s.person.age - 1, 48))),
}
