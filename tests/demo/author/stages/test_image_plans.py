import re
from collections import Counter
from typing import Any

import pytest

from stark_udfs.core.ids import rng_of
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.stages import albums, image_plans
from stark_udfs.images.requests import Module
from stark_udfs.stages.images.image_plans.seeds import ImageSeed
from stark_udfs.stages.images.image_plans.stage import ImagePlan, ask, parse
from stark_udfs.stages.pipeline import load_settings
from tests.demo.author.lives import events_of, images_of, person, talks_of
from tests.demo.author.people import block_of

SOME = ("Preference > Food", "Preference > Game", "Preference > Travel", "Possession > Animal", "School > Name")
SETTINGS = load_settings("base")


def seed(row: dict[str, Any], place: str, number: int, **image: Any) -> ImageSeed:
    known = {name: row[name] for name in ("episode_id", "name", "age", "gender", "birthplace", "residence")}
    unknown = dict.fromkeys(("session_number", "turn", "shared_by", "category", "source", "rationale"))
    around = {"keywords": [], "turns_before": [], "turns_after": [], "sensitive": False}
    image_id = f"{row['episode_id']}-{place}-{number}"
    return ImageSeed.model_validate({**unknown, **known, **around, "image_id": image_id, "stands_in": place, **image})


def seeds() -> list[ImageSeed]:
    """Albums and sessions of ten episodes."""
    made = []
    for number in range(10):
        row = person(number, SOME[number % 5], age=15 + 6 * number)
        album = albums.write(block_of("albums", row, images=8), rng_of(number))["images"]
        made += [seed(row, "album", place, **image) for place, image in enumerate(album)]
        shared = [image for talk in talks_of(row, events_of(row)) for image in images_of(talk)]
        fields = ("description", "source", "rationale", "keywords")
        made += [
            seed(row, "turn", place, turn=3, shared_by="user", **{name: image[name] for name in fields})
            for place, image in enumerate(shared)
        ]
    return made


def planned(row: ImageSeed) -> ImagePlan | Reject:
    """What comes of all rounds."""
    said: list[Any] = []
    while (prompt := ask(SETTINGS, row, said)) is not None:
        block = Block("image_plans", row.image_id, row.model_dump(mode="json"), round=len(said), facts=prompt.facts)
        reply = image_plans.write(block, rng_of(row.image_id, len(said)))
        said.append(prompt.shape.model_validate(reply))
    [made] = parse(SETTINGS, row, said)
    return made


@pytest.fixture(scope="module")
def plans() -> list[tuple[ImageSeed, ImagePlan | Reject]]:
    return [(row, planned(row)) for row in seeds()]


def describe_write():
    def it_is_accepted_by_the_stage_and_no_rule_has_to_correct_it(plans):
        rejects = [made for _, made in plans if isinstance(made, Reject)]
        assert {reject.reason for reject in rejects} <= {RejectReason.WITHHELD_MINOR}
        assert {row.age < 18 for row, made in plans if isinstance(made, Reject)} <= {True}
        assert len(rejects) < 0.15 * len(plans)
        assert {made.why for _, made in plans if isinstance(made, ImagePlan)} == {None}

    def every_module_has_its_share(plans):
        modules = Counter(made.module for _, made in plans if isinstance(made, ImagePlan))
        assert modules.keys() == set(Module)
        for module in (Module.T2I, Module.RETRIEVAL, Module.WEB):
            assert 0.05 < modules[module] / modules.total() < 0.7

    def the_user_is_painted_with_looks_and_one_trigger(plans):
        of_user = [made for _, made in plans if isinstance(made, ImagePlan) and made.shown.has_user]
        assert len(of_user) >= 3
        for made in of_user:
            assert made.module is Module.P_T2I
            for prompt in (made.prompt, made.retry_prompt or ""):
                assert len(re.findall(r"\b(?:man|woman|person) img with an? [\w-]+ build", prompt)) == 1

    def prompts_are_plain_and_different(plans):
        made = [plan for _, plan in plans if isinstance(plan, ImagePlan)]
        assert len({plan.prompt for plan in made}) > 0.95 * len(made)
        for plan in made:
            assert plan.retry_prompt not in (None, plan.prompt)
            assert not re.search(r"[{}<>]|  | ,|,,", plan.prompt)
            assert 1 <= len(plan.query.split()) <= 12

    def it_says_the_same_each_time(plans):
        for row, made in plans[:20]:
            assert planned(row) == made

    def it_keeps_to_the_modules_that_are_offered():
        row = next(row for row in seeds() if row.category == "food" and row.age >= 18)
        block = Block("image_plans", "u1", row.model_dump(mode="json"), facts={"modules": ["web"]})
        assert image_plans.write(block, rng_of(1))["module"] == "web"
