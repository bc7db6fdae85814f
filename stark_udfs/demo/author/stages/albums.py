"""Stage `albums`: pictures that a person has on the phone, each a concrete scene with a category."""

import random

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.parts import keys, patterns
from stark_udfs.demo.author.person import Person, person_of
from stark_udfs.demo.author.slots import Slots
from stark_udfs.demo.author.stages.commonsense import group_of
from stark_udfs.demo.author.stages.narratives import noun_of
from stark_udfs.demo.author.values import category_of, spoken
from stark_udfs.demo.author.words import a, capital, spelled
from stark_udfs.demo.author.world import weather

IMAGES = 5
OWN = 2
COMMON = ("selfie", "selfie", "nature", "nature", "screenshot", "screenshot", "landmark", "food", "art", "travel")


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply: `facts["images"]` pictures, or five; up to two about the persona, the rest about daily life."""
    asked = block.facts.get("images")
    count = asked if isinstance(asked, int) else IMAGES
    person = person_of(block.row)
    group, _ = group_of(dict(block.row), person)
    scenes = chosen(group, person, rng=rng, count=count)
    images: list[Json] = [
        {"description": scene(pattern, block, person, rng=rng), "category": category} for category, pattern in scenes
    ]
    return {"images": images}


def chosen(group: str, person: Person, *, rng: random.Random, count: int) -> list[tuple[str, str]]:
    """Category and pattern of each picture, no pattern twice while there are enough."""
    own = [(kind, p) for kind in keys("albums", "groups", group) for p in patterns("albums", "groups", group, kind)]
    picked = rng.sample(own, min(OWN, count, len(own)))
    kinds = keys("albums", "categories")
    while len(picked) < count:
        kind = rng.choice(COMMON if rng.random() < 0.6 else kinds)
        if kind == "work" and not person.stage.works:
            continue
        pair = (kind, rng.choice(patterns("albums", "categories", kind)))
        if pair not in picked or len(picked) > 60:
            picked.append(pair)
    rng.shuffle(picked)
    return picked


def scene(pattern: str, block: Block, person: Person, *, rng: random.Random) -> str:
    """One description: a noun phrase that starts with a capital and has no final mark."""
    category = category_of(block.row)
    value = str(block.row.get("entity_value") or "")
    said = spoken(category, value) if category else value
    slots = Slots(person, rng, said)
    subject = subject_of(person)
    around = weather(person.home.name, rng.randint(1, 12), person.city)
    slots.filled |= {
        "V": capital(said),
        "light": rng.choice(around.light),
        "city": person.city.name,
        "subject": subject,
        "Subject": capital(subject),
        "Place_": capital(rng.choice(person.city.places)),
        "place2": rng.choice(rng.choice(person.origin.cities).places),
        "surface2": "a fridge door",
        "animals1": rng.choice(person.home.animals),
        "instrument": rng.choice(person.origin.instruments),
        "n_": capital(spelled(rng.randint(3, 6))),
        "scene_": capital(rng.choice(person.origin.festivals).scene),
    }
    slots.filled |= {name: rng.choice(patterns("albums", "parts", name)) for name in keys("albums", "parts")}
    return slots.say(pattern)


def subject_of(person: Person) -> str:
    """How the person looks to a stranger: "a young woman", "an elderly man"."""
    noun = noun_of(person)
    if person.age < 18:
        return a(noun if person.age < 14 else f"teenage {noun}")
    if person.age < 35:
        return f"a young {noun}"
    return f"an elderly {noun}" if person.age >= 66 else a(noun)
