import random
import re

import pytest

from stark_udfs.demo.author.stages.personas import write
from stark_udfs.demo.author.values import COLD, categories
from tests.demo.author.people import block_of, seed

SNOW = re.compile("|".join(COLD))


def sentences(category: str, rng: random.Random, **fixed: object) -> list[str]:
    return [item["sentence"] for item in write(block_of("personas", seed(category, rng, **fixed)), rng)["personas"]]


def describe_write():
    @pytest.mark.parametrize("category", categories())
    def it_gives_thirty_items_that_hold_their_value_under_the_right_key(category: str):
        rng = random.Random(category)
        for _ in range(20):
            row = seed(category, rng)
            items = write(block_of("personas", row), rng)["personas"]
            assert len(items) == 30
            for item in items:
                assert item["key"] == row["entity_key"]
                assert item["value"]
                assert item["value"].lower() in item["sentence"].lower()
                assert re.search(r"\b(I|my|me)\b", item["sentence"])
                assert not re.search(r"[{}@#]|  | ,|\.\.|\ba [aeio]", item["sentence"])

    def it_gives_as_many_as_are_asked_for():
        row = seed("Preference > Food", random.Random(1))
        assert len(write(block_of("personas", row, sentences=7), random.Random(1))["personas"]) == 7

    def it_is_the_same_for_the_same_seed():
        row = seed("Preference > Food", random.Random(1))
        first, second = (write(block_of("personas", row), random.Random(3)) for _ in range(2))
        assert first == second

    def it_knows_fifty_categories():
        assert len(categories()) == 50

    def it_answers_for_a_category_that_it_does_not_know():
        row = seed("Preference > Food", random.Random(1)) | {"category": "Preference > Cloud", "entity_key": "cloud"}
        assert {item["key"] for item in write(block_of("personas", row), random.Random(1))["personas"]} == {"cloud"}

    def it_gives_a_child_no_job():
        said = sentences("Employment > Profession", random.Random(2), age=12)
        assert not any(re.match(r"I (work|earn|train)\b", sentence) for sentence in said)

    def it_leaves_pensioners_their_working_life_in_the_past():
        said = sentences("Employment > Company", random.Random(2), age=80)
        assert not any(re.search(r"\bI (work|am on the early shift) ", sentence) for sentence in said)

    def it_sends_nobody_over_sixty_five_to_school():
        said = sentences("School > Name", random.Random(2), age=80)
        assert not any("every morning" in sentence for sentence in said)

    @pytest.mark.parametrize("home", ["Egypt", "United Arab Emirates", "India"])
    def it_keeps_snow_sports_out_of_warm_countries(home: str):
        rng = random.Random(4)
        said = [s for _ in range(30) for s in sentences("Preference > Sport", rng, residence=home, birthplace=home)]
        assert not [s for s in said if SNOW.search(s)]

    def it_repeats_few_sentences():
        rng = random.Random(5)
        said = [s for _ in range(4) for category in categories() for s in sentences(category, rng)]
        assert len(set(said)) / len(said) > 0.97
