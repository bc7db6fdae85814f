"""Stage `commonsense`: what follows from a persona sentence, in one of five PeaCoK relations."""

import random
import re
from typing import cast

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.parts import patterns, read
from stark_udfs.demo.author.person import Person, person_of
from stark_udfs.demo.author.slots import Slots, slots_in
from stark_udfs.demo.author.values import category_of, fitting, spoken, tag_of

OBJECT = re.compile(r" it\b(?! (?:was|is|has|will|does)\b)(?!')")
NAMED = {"taste", "sip", "doing", "sport"}
FALLBACK = "doing"


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply: an inference that completes the relation's sentence, without "I" and without a final mark."""
    person = person_of(block.row)
    relation = str(block.row.get("relation") or "routine")
    category = category_of(block.row)
    value = str(block.row.get("entity_value") or "")
    group, tag = group_of(block.row, person)
    slots = Slots(person, rng, spoken(category, value) if category else value)
    core = rng.choice(fitting_ones(patterns("commonsense", "groups", group, relation), person, tag))
    said = slots.say(core)
    if value and group in NAMED and rng.random() < 0.6:
        said = OBJECT.sub(f" {value}", said, count=1)
    if rng.random() < 0.5:
        ends = [end for end in patterns("commonsense", "tails", relation) if not slots_in(end) & slots_in(core)]
        said += slots.say(rng.choice(ends)).replace(" ,", ",")
    return {"inference": said}


def group_of(row: "Json", person: Person) -> tuple[str, str]:
    """The group of patterns and the tense that fit a row's category and the person's age."""
    facts = cast("dict[str, Json]", row)
    category = category_of(facts)
    if category is None:
        return FALLBACK, "any"
    tag = tag_of(category, person)
    group = "dream" if tag == "dream" and category.time != "drive" else category.group
    same = cast("dict[str, str]", read("commonsense")["same_as"])
    return same.get(group, group), tag


def fitting_ones(listed: tuple[str, ...], person: Person, tag: str) -> list[str]:
    """The patterns that fit age ("…@18") and tense ("…#now", "…#past"), marks taken off."""
    found = []
    for pattern in fitting(listed, person.age):
        text, _, tense = pattern.partition("#")
        if not tense or (tense == "past") == (tag == "past"):
            found.append(text)
    return found
