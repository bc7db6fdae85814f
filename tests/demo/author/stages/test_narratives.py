import random
import re

import pytest

from stark_udfs.demo.author.stages.narratives import arrange
from stark_udfs.demo.author.values import categories
from stark_udfs.demo.author.words import spelled
from tests.demo.author.people import RELATIONS, life


def describe_write():
    @pytest.mark.parametrize("category", categories())
    def it_says_name_and_age_persona_and_inference_in_two_or_three_sentences(category: str):
        rng = random.Random(category)
        for _ in range(20):
            row = life(category, rng)
            said = row["narrative"]
            assert "Mina" in said
            assert row["inference"] in said
            assert row["sentence"][1:] in said
            assert re.search(rf"\b{row['age']}\b", said) or spelled(row["age"]) in said or "near" in said
            assert 2 <= len(re.findall(r"[.!?](?= [A-Z]|$)", said)) <= 3
            assert not re.search(r"[{}@#]|  | ,|\.\.", said)

    def it_is_arranged_in_many_ways():
        rng = random.Random(1)
        heads = {life("Preference > Food", rng)["narrative"].split("Mina")[0][:20] for _ in range(60)}
        assert len(heads) > 10


def describe_arrange():
    @pytest.mark.parametrize("relation", RELATIONS)
    def it_keeps_every_part(relation: str):
        for draw in range(30):
            said = arrange("I am Mina", "I like tea.", "I sing", relation=relation, rng=random.Random(draw))
            assert "I am Mina" in said
            assert "I like tea." in said
            assert "I sing" in said
