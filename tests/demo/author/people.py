"""Rows as the stages hand them to the offline author."""

import random
from typing import Any

from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.stages import commonsense, narratives, personas
from stark_udfs.demo.author.values import categories
from stark_udfs.demo.author.world import countries

RELATIONS = ("routine", "characteristic", "experience", "goal", "relationship")


def block_of(stage: str, row: dict[str, Any], **facts: Any) -> Block:
    return Block(stage=stage, unit_key="u1", row=row, facts=facts)


def seed(category: str, rng: random.Random, **fixed: Any) -> dict[str, Any]:
    home = rng.choice(countries())
    return {
        "seed_id": f"s{rng.random()}",
        "demographic_id": f"d{rng.random()}",
        "age": rng.randint(10, 90),
        "gender": rng.choice(("male", "female", "non-binary")),
        "birthplace": rng.choice(countries()),
        "residence": home,
        "category": category,
        "entity_key": categories()[category].key,
        **fixed,
    }


def life(category: str, rng: random.Random, **fixed: Any) -> dict[str, Any]:
    row = seed(category, rng, **fixed)
    item = rng.choice(personas.write(block_of("personas", row), rng)["personas"])
    row |= {"entity_value": item["value"], "sentence": item["sentence"]}
    row |= {"relation": rng.choice(RELATIONS), **fixed}
    row |= commonsense.write(block_of("commonsense", row), rng)
    row |= {"episode_id": f"e{rng.random()}", "name": "Mina Okada"}
    return row | narratives.write(block_of("narratives", row), rng)
