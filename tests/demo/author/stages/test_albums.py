import random
import re

import pytest

from stark_udfs.demo.author.person import person_of
from stark_udfs.demo.author.stages.albums import subject_of, write
from stark_udfs.demo.author.values import categories
from tests.demo.author.people import block_of, life


def describe_write():
    @pytest.mark.parametrize("category", categories())
    def it_describes_five_different_scenes(category: str):
        rng = random.Random(category)
        for _ in range(10):
            images = write(block_of("albums", life(category, rng)), rng)["images"]
            assert len({image["description"] for image in images}) == 5
            for image in images:
                assert image["category"]
                assert image["description"][:1].isupper()
                assert len(image["description"].split()) >= 6
                assert not re.search(r"[{}@#]|  | ,|\.$|\b[Aa] [aeio]", image["description"])

    def it_makes_as_many_as_are_asked_for():
        rng = random.Random(1)
        assert len(write(block_of("albums", life("Preference > Food", rng), images=8), rng)["images"]) == 8

    def it_shows_what_the_persona_is_about():
        rng = random.Random(1)
        row = life("Preference > Food", rng)
        images = write(block_of("albums", row), rng)["images"]
        assert any(row["entity_value"].lower() in image["description"].lower() for image in images)

    def it_shows_no_snow_in_cairo():
        rng = random.Random(1)
        for _ in range(100):
            row = life("Preference > Place", rng, residence="Egypt", birthplace="Egypt")
            assert not any("snow" in image["description"] for image in write(block_of("albums", row), rng)["images"])


def describe_subject_of():
    @pytest.mark.parametrize(
        ("age", "gender", "subject"),
        [
            (12, "female", "a girl"),
            (16, "male", "a teenage boy"),
            (25, "female", "a young woman"),
            (50, "non-binary", "a person"),
            (70, "male", "an elderly man"),
        ],
    )
    def it_is_how_a_stranger_would_put_it(age: int, gender: str, subject: str):
        assert subject_of(person_of({"age": age, "gender": gender, "residence": "Japan"})) == subject
