"""What was decided about who may be shown before the decision had one place: `decisions.json`, made from this grid.

The grid crosses the owner's age, who shares the picture, what its words say and what the model says of it. A decision
is the module and who is shown, or the reason why there is no picture.
"""

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from stark_udfs.core.ids import stable_id
from stark_udfs.core.rejects import Reject
from stark_udfs.images.requests import Candidates, ImageRequest, Module
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, PlanReply
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin, ImageSeed, Sharer
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.images.attempts import AttemptRules, PlannedImage
from stark_udfs.stages.images.images.selection import SelectionRules
from stark_udfs.stages.images.settings import AlignerSettings, ImagePlansSettings
from stark_udfs.stages.pipeline import Settings
from tests.stages.given import settings_with
from tests.stages.picture_rows import SOUP

KEPT = Path(__file__).with_name("decisions.json")
REPLIES = Path(__file__).parents[2] / "replies" / "image_plans.jsonl"

TEXTS = (
    "A pot of beans on a gas stove, steam against the window",
    "A child in a yellow raincoat by the canal",
    "My daughter's ink-stained fingers on a page",
    "A girls' team on a wet pitch",
    "A girl's bicycle against a wall",
    "A playground with no children in sight",
    "A 14-year-old on a bench",
    "A 12-year-old whisky in a tumbler",
    "A selfie at the station",
    "Me and a dog on a pier",
    "Hana in a kimono before a shrine",
    "A 34-year-old woman at a market stall",
    "A 34-year-old man at a market stall",
    "Two friends on a wall",
    "Three people on a bench",
    "Three people and an old man on a bench",
    "An elderly fisherman mends a net",
    "Selfie of two women in a doorway",
    "A selfie with my son on the beach",
    "A statue of a boy in a fountain",
    "Screenshot of a call, three faces",
    "",
)
SHARED = (  # place, by whom, source
    (ImageOrigin.ALBUM, None, None),
    (ImageOrigin.TURN, Sharer.USER, "mobile"),
    (ImageOrigin.TURN, Sharer.USER, "internet"),
    (ImageOrigin.TURN, Sharer.ASSISTANT, "internet"),
    (ImageOrigin.TURN, Sharer.ASSISTANT, "mobile"),
)
OWNERS = ((14, "female"), (17, "male"), (18, "male"), (34, "female"), (34, "non-binary person"))
NAMED = ("", "Frida Kahlo", "Hana Mori")


def gender(word: str, noun: str, counts_as: str) -> Gender:
    return Gender(
        word=word, noun=noun, child_noun="child", subject="x", object="x", possessive="x", counts_as=counts_as
    )


PEOPLE = PeopleSettings(
    bands=((10, 90),),
    genders=(
        gender("male", "man", "male"),
        gender("female", "woman", "female"),
        gender("non-binary person", "person", "both"),
    ),
    countries=("Japan",),
)


def settings_of(**safety: object) -> dict[str, Settings]:
    """The settings that the grid is decided with, and whose rules of safety have these values."""
    return {
        "base": settings_with(people=PEOPLE, safety=safety),
        "paper": settings_with(
            people=PEOPLE,
            image_plans=ImagePlansSettings(planner_input="profile", on_bad_module="t2i"),
            aligner=AlignerSettings(modules=("p-t2i", "retrieval", "web"), rewrite=False, fallback=(), samples=1),
            safety=safety,
        ),
        "older": settings_with(people=PEOPLE, safety={**safety, "min_face_age": 21}),
    }


def seed(owner: tuple[int, str], shared: tuple[ImageOrigin, Sharer | None, str | None], description: str) -> ImageSeed:
    (age, word), (place, sharer, source) = owner, shared
    return ImageSeed(
        image_id="i-1",
        episode_id="e-1",
        stands_in=place,
        session_number=None,
        turn=None,
        shared_by=sharer,
        name="Hana Mori",
        age=age,
        gender=word,
        birthplace="Japan",
        residence="Brazil",
        description=description,
        category=None,
        source=source,
        rationale=None,
        keywords=["beans"],
        turns_before=[],
        turns_after=[],
        sensitive=False,
    )


def reply(**changed: Any) -> PlanReply:
    given = {"shown": "nobody", "under_18": False, "real_person": "", "module": "t2i"}
    words = {"prompt": "A black pot", "retry_prompt": "A pot, black", "query": "black pot"}
    return PlanReply.model_validate({**given, **words, **changed})


def replies() -> Iterator[PlanReply]:
    """What a model may say: each field crossed with those that it could weigh against, and words in each text."""
    for shown, module in product(Shown, Module):
        yield reply(shown=shown.value, module=module.value)
    for shown, name, under in product(Shown, NAMED, (False, True)):
        yield reply(shown=shown.value, real_person=name, under_18=under)
    for text, field in product(TEXTS[1:-1], ("prompt", "retry_prompt", "query")):
        yield reply(**{field: text})


def planned(settings: Settings, row: ImageSeed, *said: BriefPlanReply) -> Iterator[str]:
    """The decisions of `image_plans`: whether the picture is asked about, and what each reply leads to."""
    yield "silent" if image_plans.ask(settings, row, []) is None else "asked"
    for reply in said:
        [made] = image_plans.parse(settings, row, [reply])
        yield (
            str(made.reason)
            if isinstance(made, Reject)
            else f"{made.module} {made.shown} {made.real_person} {made.why}"
        )


def tried(rules: AttemptRules, row: PlannedImage) -> str:
    """The decision of `images`: the modules that are tried, or the reason."""
    taste = SelectionRules()
    [*_, last] = images.parse(rules, taste, row, [Candidates()] * 9)
    modules, answers = [], list[Candidates]()
    while isinstance(order := images.request(rules, taste, row, answers), ImageRequest):
        modules.append(f"{order.module}{'+face' if order.person else ''}")
        answers.append(Candidates())
    return " ".join(modules) or (str(last.reason) if isinstance(last, Reject) else "nothing")


def image(owner: tuple[int, str], source: str | None, **changed: Any) -> PlannedImage:
    age, word = owner
    looks = {"traits": None, "face": None} if age < 18 else {}
    return SOUP.model_copy(update={**looks, "age": age, "gender": word, "source": source, **changed})


def plan_rows(settings: Settings) -> Iterator[str]:
    shown = [reply(shown=shown.value) for shown in Shown]
    for owner, shared, text in product(OWNERS, SHARED, TEXTS):
        yield from planned(settings, seed(owner, shared, text), *shown)
    brief = (BriefPlanReply(), BriefPlanReply(module="P-T2I ", shown="me"))
    for owner, text in product(OWNERS, (TEXTS[0], TEXTS[8], TEXTS[16])):
        yield from planned(settings, seed(owner, SHARED[1], text), *replies(), *brief)


def image_rows(settings: Settings) -> Iterator[str]:
    rules = AttemptRules.of(settings)
    for owner, source, text in product(OWNERS, (None, "internet"), TEXTS):
        for shown in Shown:
            yield tried(rules, image(owner, source, description=text, shown=shown))
    for owner, shown, module, name in product(OWNERS, Shown, Module, (None, "Frida Kahlo")):
        yield tried(rules, image(owner, "mobile", shown=shown, module=module, real_person=name))
        yield tried(rules, image(owner, "mobile", shown=shown, real_person=name, traits=None, face=None))
    for owner, text, field in product(OWNERS, TEXTS[1:-1], ("prompt", "retry_prompt", "query")):
        yield tried(rules, image(owner, "mobile", **{field: text}))


def recorded(settings: Settings) -> Iterator[str]:
    """Of the recorded replies: the words of the question, and the decision."""
    for line in REPLIES.read_text("utf-8").splitlines()[:27]:
        record = json.loads(line)
        row = ImageSeed.model_validate(record["row"])
        prompt = image_plans.ask(settings, row, [])
        yield "not asked" if prompt is None else stable_id(prompt.system, prompt.user)
        yield from planned(settings, row, PlanReply.model_validate_json(record["reply"]))


GRIDS: dict[str, Callable[[Settings], Iterator[str]]] = {
    "image_plans": plan_rows,
    "images": image_rows,
    "recorded replies": recorded,
}


def decided() -> dict[str, list[str]]:
    """By settings and grid: every decision, in the grid's order. No picture is asked for once more, as then."""
    cases = product(settings_of(children="withhold").items(), GRIDS.items())
    return {f"{name}: {grid}": list(rows(settings)) for (name, settings), (grid, rows) in cases}


def kept() -> dict[str, list[str]]:
    """The decisions of before."""
    data = json.loads(KEPT.read_text("utf-8"))
    return {name: [data["decisions"][number] for number in numbers] for name, numbers in data["of"].items()}


def keep(found: dict[str, list[str]]) -> None:
    """Write them, each different decision once."""
    words = sorted({decision for rows in found.values() for decision in rows})
    of = {name: [words.index(decision) for decision in rows] for name, rows in found.items()}
    KEPT.write_text(json.dumps({"decisions": words, "of": of}, separators=(",", ":")) + "\n", "utf-8")
