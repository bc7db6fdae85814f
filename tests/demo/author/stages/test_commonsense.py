import random
import re

import pytest

from stark_udfs.demo.author.stages.commonsense import write
from stark_udfs.demo.author.values import categories
from tests.demo.author.people import RELATIONS, block_of, life


def describe_write():
    @pytest.mark.parametrize("category", categories())
    @pytest.mark.parametrize("relation", RELATIONS)
    def it_completes_the_form_of_the_relation(category: str, relation: str):
        rng = random.Random(category)
        for _ in range(10):
            row = life(category, rng, relation=relation)
            inference = write(block_of("commonsense", row), rng)["inference"]
            assert not inference.startswith("I ")
            assert not inference.endswith(".")
            assert not re.search(r"[{}@#]|  | ,|\ba [aeio]", inference)
            assert inference.startswith("to ") == (relation == "goal")

    def it_varies():
        rng = random.Random(1)
        row = life("Preference > Food", rng, relation="goal")
        assert len({write(block_of("commonsense", row), rng)["inference"] for _ in range(100)}) > 60

    def it_often_names_what_the_persona_is_about():
        rng = random.Random(1)
        row = life("Preference > Hobby", rng, relation="goal", age=40)
        said = [write(block_of("commonsense", row), rng)["inference"] for _ in range(100)]
        assert sum(row["entity_value"] in inference for inference in said) > 20

    def it_gives_a_child_no_colleagues():
        rng = random.Random(1)
        row = life("Employment > Company", rng, relation="relationship", age=12)
        said = [write(block_of("commonsense", row), rng)["inference"] for _ in range(100)]
        assert not any("colleague" in inference for inference in said)
