"""Stage `personas`: thirty first-person sentences about one side of a person's life."""

import random
from collections.abc import Sequence
from functools import cache

from stark_udfs.core.ids import Json
from stark_udfs.llm.offline.block import Block
from stark_udfs.llm.offline.person import Person, person_of
from stark_udfs.llm.offline.slots import Slots, slots_in
from stark_udfs.llm.offline.values import Category, categories, fitting, spoken, tag_of, tails, value_of, words_of
from stark_udfs.llm.offline.words import capital, sentence

SENTENCES = 30
OPENERS = ("Honestly, ", "Believe it or not, ", "To tell the truth, ", "As anyone in my family can confirm, ")
WHEN = " {when}"


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply: `facts["sentences"]` items, or 30, each with sentence, key and value."""
    person = person_of(block.row)
    name = str(block.row.get("category"))
    category = categories().get(name) or categories()["Preference > Hobby"]
    asked = block.facts.get("sentences")
    count = asked if isinstance(asked, int) else SENTENCES
    tag = tag_of(category, person)
    slots = Slots(person, rng)
    items: list[Json] = []
    for core, tail in pairs(category, person, tag, rng=rng, count=count):
        value = value_of(category, slots, tag)
        slots.put(spoken(category, value))
        slots.filled["petname"] = rng.choice(words_of("petnames"))
        said = compose(slots, core, tail)
        items.append({"sentence": said, "key": str(block.row.get("entity_key") or category.key), "value": value})
    return {"personas": items}


def pairs(category: Category, person: Person, tag: str, *, rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Beginnings and ends of sentences, no pair twice while there are enough, an empty end for one in five."""
    cores = category.cores[tag]
    moved = tails(category.group, "moved") if person.moved else ()
    ends = ends_for(category.group, tag, person.age) + moved
    chosen: list[tuple[str, str]] = []
    deck: list[tuple[str, str]] = []
    while len(chosen) < count:
        if not deck:
            deck = [(core, end) for core in cores for end in ends if not slots_in(core) & slots_in(end)]
            rng.shuffle(deck)
        core, end = deck.pop()
        chosen.append((core, "" if slots_in(core) and rng.random() < 0.2 else end))
    return chosen


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
    rng = slots.rng
    chance = rng.random()
    if core.endswith(WHEN) and chance < 0.4:
        lead = capital(slots.say("{when}"))
        return sentence(f"{lead}{'' if lead.endswith(',') else ','} {slots.say(core[: -len(WHEN)] + tail)}")
    opener = rng.choice(OPENERS) if chance > 0.93 else ""
    return sentence(opener + slots.say(core + tail))


def names() -> Sequence[str]:
    """The categories that this author knows."""
    return tuple(categories())
