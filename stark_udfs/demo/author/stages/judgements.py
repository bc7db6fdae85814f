"""Judgements without a judge: plausible scores that follow from a draw, and say so. They measure nothing."""

import random
from collections.abc import Mapping

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block, items

SAID = "Drawn offline: nobody read this session."
SCORES, WEIGHTS = (2, 3, 4), (1, 4, 5)
CRITERIA = (
    "coherence",
    "consistency",
    "image_turn_relevance",
    "image_dialogue_relevance",
    "image_persona_relevance",
    "time_interval",
    "experience",
)


def write(block: Block, rng: random.Random) -> Mapping[str, Json]:
    """A score for each criterion that applies, null for the others."""
    asked = {str(one) for one in items(block.facts.get("criteria"))}
    return {name: _scored(rng, there=name in asked) for name in CRITERIA}


def _scored(rng: random.Random, *, there: bool) -> dict[str, Json]:
    drawn = rng.choices(SCORES, WEIGHTS)[0]
    return {"rationale": SAID, "score": drawn} if there else {"rationale": "", "score": None}
