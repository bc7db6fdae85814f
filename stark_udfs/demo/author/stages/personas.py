"""Stage `personas`: thirty first-person sentences about one side of a person's life."""

import random
from collections.abc import Callable, Sequence
from functools import cache

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.person import Person, person_of
from stark_udfs.demo.author.slots import Slots, slots_in
from stark_udfs.demo.author.values import (
    Category,
    categories,
    category_of,
    fitting,
    spoken,
    tag_of,
    tails,
    value_of,
    words_of,
)
from stark_udfs.demo.author.words import capital, sentence, them
from stark_udfs.demo.author.world import Country

SENTENCES = 30
OPENERS = ("Honestly, ", "Believe it or not, ", "To tell the truth, ", "As anyone in my family can confirm, ")
JOINS = (", and ", ", and ", ", and ", "; ", "; ", " – ")
WHEN = " {when}"
KITCHEN: dict[str, Callable[[Country], Sequence[str]]] = {"taste": lambda c: c.foods, "sip": lambda c: c.drinks}
DREAMT = ("work", "degree", "previous")
DREAMS = {"pastwork": "pastdream", "status": "status"}


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply: `facts["sentences"]` items, or 30, each with sentence, key and value."""
    person = person_of(block.row)
    category = category_of(block.row) or categories()["Preference > Hobby"]
    asked = block.facts.get("sentences")
    count = asked if isinstance(asked, int) else SENTENCES
    tag = tag_of(category, person)
    slots = Slots(person, rng)
    items: list[Json] = []
    for core, tail in pairs(category, person, tag, rng=rng, count=count):
        value = value_of(category, slots, tag)
        if category.group in KITCHEN and ("{gm}" in core + tail or tail in tails(category.group, "moved")):
            value = rng.choice(KITCHEN[category.group](person.origin))
        slots.put(spoken(category, value))
        slots.filled |= {"petname": rng.choice(words_of("petnames")), "them": them(value)}
        said = compose(slots, core, tail)
        items.append({"sentence": said, "key": str(block.row.get("entity_key") or category.key), "value": value})
    return {"personas": items}


def pairs(category: Category, person: Person, tag: str, *, rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Beginnings and ends of sentences, no pair twice while there are enough, an empty end for one in seven."""
    group = DREAMS.get(category.group, "dream") if tag == "dream" and category.time in DREAMT else category.group
    moved = tails(group, "moved") if person.moved else ()
    deck: list[tuple[str, str]] = []
    chosen: list[tuple[str, str]] = []
    while len(chosen) < count:
        if not deck:
            deck = list(deck_of(fitting(category.cores[tag], person.age), ends_for(group, tag, person.age) + moved))
            rng.shuffle(deck)
        core, end = deck.pop()
        chosen.append((core, "" if slots_in(core) and rng.random() < 1 / 7 else end))
    return chosen


@cache
def deck_of(cores: tuple[str, ...], ends: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs that name no slot twice."""
    return tuple((core, end) for core in cores for end in ends if not slots_in(core) & slots_in(end))


@cache
def ends_for(group: str, tag: str, age: int) -> tuple[str, ...]:
    """The ends of a group that fit tense and age: "…#past" only with past cores, "…#now" only with others."""
    found = []
    for end in fitting(tails(group, "tails"), age):
        text, _, tense = end.partition("#")
        if not tense or (tense == "past") == (tag == "past"):
            found.append(text)
    return tuple(found)


def compose(slots: Slots, core: str, tail: str) -> str:
    """One sentence out of a beginning and an end, sometimes turned round or opened with a phrase."""
    chance = slots.rng.random()
    join = slots.rng.choice(JOINS) if tail else ""
    said = slots.say(core + join + tail)
    if core.endswith(WHEN) and chance < 0.4:
        lead = slots.say(WHEN)
        said = f"{capital(lead.strip())}, {said.replace(lead, '', 1)}"
    elif chance > 0.94:
        said = slots.rng.choice(OPENERS) + said
    return sentence(said)
