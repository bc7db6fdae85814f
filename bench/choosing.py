"""What choosing among candidates is worth: the paper's setting, base, and the steps between, on planted pictures.

    python -m bench.choosing [--images N] [--seed S]

No model and no Spark: `request` and `parse` of the stage are answered by a world in which every picture has a hidden
quality, towards its description and towards the turns before it. The chooser sees it with noise. A second scorer with
noise of its own, which had no say, rates what was chosen. In two further rows a judge over HTTP chooses
(`bench/planted_judge.py`). Writes bench/out/choosing.json; exits 1 where base is not ahead of the paper's setting.
"""

import argparse
import json
import math
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from statistics import fmean

from bench.planted_judge import PlantedJudge, judging
from stark_udfs.core.ids import rng_of, seed_of
from stark_udfs.core.rejects import Reject
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    ImageRequest,
    ImageResult,
    ImageScore,
    ImageTask,
    Module,
    ScoreRequest,
    Scores,
)
from stark_udfs.stages.images.face_of import face_of
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin
from stark_udfs.stages.images.images.attempts import AttemptRules, PlannedImage
from stark_udfs.stages.images.images.selection import SelectionRules
from stark_udfs.stages.images.images.stage import Image, parse, request
from stark_udfs.stages.pipeline import Settings, load_settings

OUT = Path(__file__).parent / "out" / "choosing.json"
MEAN, SPREAD = 0.5, 0.12  # of scores
LEAST = 0.45  # of the score against the description; both settings take nothing below it
NOISE = 0.06  # of either scorer
SCENE, WORDING, PICTURE = 0.5, 0.5, 0.7  # where quality comes from: what is to be shown, the words and module, luck
TOGETHER = 0.5  # correlation of the two qualities
BROKEN, UNSAFE, UNLICENSED = {Module.RETRIEVAL: 0.02, Module.WEB: 0.15}, 0.02, 0.25
PLANNED = {Module.P_T2I: 0.3, Module.RETRIEVAL: 0.4, Module.WEB: 0.3}  # the three that the paper offers
STEPS = (  # each with all before it, over the paper's settings
    ("paper", ()),
    ("+ 4 draws", ("aligner.samples=4",)),
    ("+ last turns", ("choosing.turns_weight=0.3",)),
    ("+ rewrite", ("aligner.rewrite=true",)),
    ("+ fallback", ("aligner.fallback=[t2i, retrieval, web]",)),
)
JUDGES = (("base, by a judge over HTTP", NOISE), ("the same, with half the noise", NOISE / 2))
WEIGHTS = (0.0, 0.15, 0.5, 0.7)  # of the last turns, beside base's own
SCENE_NAME = re.compile(r"scene \d+(?: anew)?")


@dataclass(frozen=True)
class Quality:
    """What a picture is really like: how well it fits description and turns, and whether it is safe."""

    text: float
    turn: float
    safe: bool


@dataclass(frozen=True)
class World:
    """Answers orders; all of it follows from the seed and the words of the order."""

    seed: int
    judge: PlantedJudge | None = None

    def answer(self, order: ImageTask, round: int) -> ImageResult:
        """What a backend would answer."""
        return self.found(order, round) if isinstance(order, ImageRequest) else self.rated(order)

    def found(self, wish: ImageRequest, round: int) -> Candidates:
        """Pictures whose path says what they are pictures of, so that both scorers can know the truth."""
        scene = SCENE_NAME.search(wish.prompt or wish.query)
        if scene is None:
            raise ValueError(f"no scene in {wish}")
        painted = wish.module in (Module.P_T2I, Module.T2I)
        draws = [f"{round}.{place}" if painted else str(place) for place in range(wish.count)]
        return Candidates(candidates=[self._candidate(f"{scene.group()}|{wish.module.value}|{draw}") for draw in draws])

    def _candidate(self, path: str) -> Candidate:
        rng, module = rng_of(self.seed, path, "file"), Module(path.split("|")[1])
        if rng.random() < BROKEN.get(module, 0.0):
            return Candidate(fault="broken")
        licence = None if module is Module.WEB and rng.random() < UNLICENSED else "CC BY 4.0"
        return Candidate(path=path, sha256=f"{seed_of(path):064x}", licence=licence)

    def quality(self, path: str) -> Quality:
        """The truth."""
        wording, module, _ = path.split("|")
        scene = wording.removesuffix(" anew")
        text = self._drawn(scene, wording, module, path, "text")
        other = self._drawn(scene, wording, module, path, "turn")
        turn = TOGETHER * text + (1 - TOGETHER**2) ** 0.5 * other
        safe = rng_of(self.seed, path, "safe").random() >= UNSAFE
        return Quality(MEAN + SPREAD * text, MEAN + SPREAD * turn, safe)

    def _drawn(self, scene: str, wording: str, module: str, path: str, kind: str) -> float:
        """A standard normal number whose parts pictures of one scene, or of one wording and module, share."""
        shares = ((SCENE, scene), (WORDING, f"{wording}|{module}"), (PICTURE, path))
        total: float = sum(rng_of(self.seed, name, kind).gauss(0, share) for share, name in shares)
        return total / math.sqrt(SCENE**2 + WORDING**2 + PICTURE**2)

    def rated(self, rate: ScoreRequest) -> Scores:
        """The chooser's view; what a judge says is added to what a classifier says of it."""
        if self.judge is None:
            return Scores(ratings=[self.seen(path, "chooser", turns=bool(rate.turns)) for path in rate.paths])
        said = zip(rate.paths, self.judge.rated(rate).ratings, strict=True)
        return Scores(ratings=[one.model_copy(update={"nsfw": self.seen(path, "chooser").nsfw}) for path, one in said])

    def seen(self, path: str, scorer: str, *, turns: bool = True, noise: float = NOISE) -> ImageScore:
        """The quality with the noise of a scorer."""
        rng, truth = rng_of(self.seed, path, scorer), self.quality(path)
        text, turn = truth.text + rng.gauss(0, noise), truth.turn + rng.gauss(0, noise)
        nsfw = rng.uniform(0.0, 0.2) if truth.safe else rng.uniform(0.4, 1.0)
        return ImageScore(text_score=text, turn_score=turn if turns else None, nsfw=nsfw)


@dataclass(frozen=True)
class Outcome:
    """What one setting came to; scores are those of the scorer that had no say.

    with_picture: share of the images for which a candidate was chosen.
    passing: share for which one was chosen that this scorer lets pass, too.
    text_score, turn_score: mean over the images that have a picture in all settings.
    unsafe: share of the chosen pictures.
    wishes, ratings, pictures: orders sent and files made or fetched, per image.
    """

    setting: str
    images: int
    with_picture: float
    passing: float
    text_score: float
    turn_score: float
    unsafe: float
    wishes: float
    pictures: float
    ratings: float


@dataclass(frozen=True)
class Choice:
    """The chosen path of each image that has one, and what it took."""

    paths: Mapping[str, str]
    wishes: int
    ratings: int
    pictures: int


def choose(settings: Settings, world: World, rows: Sequence[PlannedImage]) -> Choice:
    """Let the stage choose for all images."""
    rules, taste = AttemptRules.of(settings), SelectionRules.of(settings)
    paths: dict[str, str] = {}
    spent: Counter[str] = Counter()
    for row in rows:
        answers: list[ImageResult] = []
        while (order := request(rules, taste, row, answers)) is not None:
            answers.append(world.answer(order, len(answers)))
            spent[order.kind] += 1
        for item in parse(rules, taste, row, answers):
            if isinstance(item, Image) and item.path is not None:
                spent["picture"] += 1
                if item.chosen:
                    paths[row.image_id] = item.path
    return Choice(paths, spent["wish"], spent["rate"], spent["picture"])


def rate(name: str, choice: Choice, world: World, images: int, common: Collection[str]) -> Outcome:
    """What the scorer that had no say makes of a choice; `common`: images that have a picture in all settings."""
    seen = {image: world.seen(path, "judge") for image, path in choice.paths.items()}
    return Outcome(
        setting=name,
        images=images,
        with_picture=len(seen) / images,
        passing=sum((rating.text_score or 0.0) >= LEAST for rating in seen.values()) / images,
        text_score=fmean(seen[image].text_score or 0.0 for image in common),
        turn_score=fmean(seen[image].turn_score or 0.0 for image in common),
        unsafe=sum(not world.quality(path).safe for path in choice.paths.values()) / len(seen),
        wishes=choice.wishes / images,
        pictures=choice.pictures / images,
        ratings=choice.ratings / images,
    )


def planned(number: int, settings: Settings, rng: Random) -> PlannedImage:
    """One planned image: a picture of the user for p-t2i, else of things."""
    [module] = rng.choices(list(PLANNED), list(PLANNED.values()))
    of_user, scene = module is Module.P_T2I, f"scene {number}"
    face = face_of(settings, episode_id=scene, age=30, gender=settings.people.genders[0].word, birthplace="Japan")
    if isinstance(face, Reject):
        raise ValueError(face.detail)
    return PlannedImage(
        image_id=scene,
        episode_id=scene,
        stands_in=ImageOrigin.TURN,
        session_number=1,
        turn=3,
        source="mobile" if of_user else "internet",
        name="Ken Mori",
        age=30,
        gender=settings.people.genders[0].word,
        module=module,
        shown=Shown.USER if of_user else Shown.NOBODY,
        real_person=None,
        prompt=f"a man img, {scene}" if of_user else scene,
        class_word="man" if of_user else None,
        retry_prompt=f"a man img, {scene} anew" if of_user else f"{scene} anew",
        query=scene,
        reframed=None,
        description=scene,
        relevance="Ken Mori: look at this.",
        planned=module.value,
        why=None,
        sensitive=False,
        traits=face.traits,
        face="face.png",
    )


def outcomes(images: int, seed: int) -> list[Outcome]:
    """The paper's setting, step by step to base, and base with other weights, on the same images and pictures."""
    same = ["pictures.provider=offline", f"choosing.min_score.words={LEAST}"]
    base = load_settings("base", overrides=same)
    rows = [planned(number, base, rng_of(seed, "plan", number)) for number in range(images)]
    overrides = list(same)
    world, choices = World(seed), {}
    for name, further in STEPS:
        overrides += further
        choices[name] = choose(load_settings("paper", overrides=overrides), world, rows)
    choices["base"] = choose(base, world, rows)
    for weight in WEIGHTS:
        other = load_settings("base", overrides=[*same, f"choosing.turns_weight={weight}"])
        choices[f"base, turns weigh {weight:g}"] = choose(other, world, rows)
    for name, noise in JUDGES:
        choices[name] = judge_chooses(base, world, rows, noise)
    common = set.intersection(*(set(choice.paths) for choice in choices.values()))
    return [rate(name, choice, world, images, common) for name, choice in choices.items()]


def judge_chooses(settings: Settings, world: World, rows: Sequence[PlannedImage], noise: float) -> Choice:
    """Base, with a judge over HTTP in the chooser's place."""
    seen = partial(world.seen, scorer="chooser", noise=noise)
    with tempfile.TemporaryDirectory() as folder, judging(folder, seen, world.seed) as (judge, server):
        choice = choose(settings, replace(world, judge=judge), rows)
        assert server.twice == 0
    return choice


def table(found: Sequence[Outcome]) -> str:
    """The outcomes, one a line."""
    lines = [
        "| setting | with a picture | passing | description | turns | unsafe | wishes | pictures | ratings |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.setting} | {one.with_picture:.1%} | {one.passing:.1%} | {one.text_score:.3f} | {one.turn_score:.3f} | "
        f"{one.unsafe:.1%} | {one.wishes:.2f} | {one.pictures:.2f} | {one.ratings:.2f} |"
        for one in found
    ]
    return "\n".join(lines)


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    found = outcomes(options.images, options.seed)
    print(table(found))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    kept = {"seed": options.seed, "noise": NOISE, "least": LEAST, "outcomes": [asdict(one) for one in found]}
    OUT.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    by_name = {one.setting: one for one in found}
    paper, base = by_name["paper"], by_name["base"]
    ahead = base.passing > paper.passing and base.text_score + base.turn_score > paper.text_score + paper.turn_score
    return 0 if ahead else 1


if __name__ == "__main__":
    sys.exit(main())
