"""Stage `narratives`: two or three first-person sentences that say who, where, the persona and the inference."""

import random

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.parts import patterns
from stark_udfs.demo.author.person import Person, person_of
from stark_udfs.demo.author.slots import Slots
from stark_udfs.demo.author.words import a, sentence, spelled


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply: the narrative."""
    person = person_of(block.row)
    persona = sentence(str(block.row.get("sentence") or "").strip())
    relation = str(block.row.get("relation") or "routine")
    inference = str(block.row.get("inference") or "").strip().rstrip(".")
    slots = Slots(person, rng)
    slots.filled |= introduction(person)
    intro = slots.say(rng.choice(patterns("narratives", "moved" if person.moved else "intros")))
    link = rng.choice(patterns("narratives", "links", relation)).replace("{c}", inference)
    return {"narrative": arrange(intro, persona, link, relation=relation, rng=rng)}


def introduction(person: Person) -> dict[str, str]:
    """The slots of an opening sentence."""
    age = str(person.age) if person.age > 99 or person.key[-1:] in "02468ace" else spelled(person.age)
    return {
        "name": person.name,
        "first": person.first_name,
        "age": age,
        "a_age": a(str(person.age)),
        "noun": noun_of(person),
        "city": person.city.name,
    }


def noun_of(person: Person) -> str:
    """The person in one word: "girl", "man", "person"."""
    grown = person.age >= 18
    words = {"male": ("boy", "man"), "female": ("girl", "woman")}
    return words.get(person.gender.lower(), ("young person", "person"))[grown]


def arrange(intro: str, persona: str, link: str, *, relation: str, rng: random.Random) -> str:
    """Opening, persona and inference in one of several orders."""
    chance = rng.random()
    said = sentence(link)
    if link.startswith(("so", "no wonder", "as part", "best", "it ", "that", "and")) or chance < 0.45:
        return f"{sentence(intro)} {persona} {said}"
    if relation == "experience" or chance < 0.65:
        return f"{sentence(intro)} {said} {NOW[relation]}{lowered(persona)}"
    if chance < 0.85 and link.startswith("I ") and ", and" not in intro:
        return f"{sentence(f'{intro}, and {link}')} {persona}"
    return f"{persona} {sentence(intro)} {said}"


NOW = {
    "experience": "Now, ",
    "routine": "At the same time, ",
    "characteristic": "Apart from that, ",
    "goal": "Until then, ",
    "relationship": "Besides, ",
}


def lowered(text: str) -> str:
    """A sentence as it goes on after a lead: "I" keeps its capital."""
    return text if text.startswith(("I ", "I'")) else text[:1].lower() + text[1:]
