"""Questions in other words without a model: an opening before the template's own. It measures nothing."""

import random
from collections.abc import Mapping

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block, items

OPENINGS = (
    "Do you remember this?",
    "From what you heard:",
    "Think back to these talks.",
    "One question about the talks:",
)


def write(block: Block, rng: random.Random) -> Mapping[str, Json]:
    """Every question with an opening."""
    asked = [str(one) for one in items(block.facts.get("questions"))]
    return {
        "questions": [
            {"number": number, "question": f"{rng.choice(OPENINGS)} {question}"}
            for number, question in enumerate(asked, 1)
        ]
    }
