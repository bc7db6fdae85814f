"""Images: for every planned image its candidates, the one that was chosen, and why not the others."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import Frames, ImageStage
from stark_udfs.images.requests import Candidate, ImageRequest, ImageResult, ImageScore, ImageTask, Module, ScoreRequest
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.backend import image_backend
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.images.attempts import Attempt, AttemptRules, PlannedImage, attempts
from stark_udfs.stages.images.images.checks import checks
from stark_udfs.stages.images.images.progress import AttemptResult, ImageProgress, next_task
from stark_udfs.stages.images.images.selection import (
    NotChosen,
    ScoredCandidate,
    SelectionRules,
    nearest,
    score_candidates,
)
from stark_udfs.stages.preflight import check_pictures
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class Image(Record):
    """One row of `images`: a candidate for one image."""

    image_id: str = Field(description="references image_plans.image_id")
    candidate: int = Field(description="1, 2, 3, … over all tries")
    episode_id: str
    attempt: int = Field(description="the try: 1 as planned; then other words, then other modules")
    module: Module = Field(description="p-t2i | t2i | retrieval | web")
    rewritten: bool = Field(description="whether the try took the plan's second wording")
    prompt: str = Field(description="what was painted or searched for")
    path: str | None = Field(description="below storage.files; null: no picture")
    sha256: str | None
    bytes: int | None
    width: int | None = Field(description="px")
    height: int | None = Field(description="px")
    seed: int | None = Field(description="of a painting")
    source: str = Field(description="model, index or site")
    caption: str = Field(description="what the source says it shows")
    page: str = Field(description="where a web picture is shown")
    licence: str | None = Field(description="as the source names it; null: it names none")
    licence_url: str | None
    creator: str | None
    found_score: float | None = Field(description="of the search")
    text_score: float | None = Field(description="picture against description")
    turn_score: float | None = Field(description="picture against the last turns")
    score: float | None = Field(description="both, weighted: by this candidates of one try were ranked")
    nsfw: float | None = Field(description="in [0, 1]")
    phash: str | None = Field(description="perceptual hash, 16 hex digits")
    faces_found: int | None
    faces_expected: int | None = Field(description="as far as the plan tells: null where others are shown")
    embedding: list[float] | None = Field(description="unit vector, of pictures of the user")
    chosen: bool = Field(description="true for one candidate of an image, or for none")
    why_not: NotChosen | None = Field(description="null: chosen")
    detail: str = Field(description="figures of why_not")


TABLE = Table("images", Image, key=("image_id", "candidate"), parents=(("image_id", "image_plans"),))


def course(
    rungs: Sequence[Attempt], taste: SelectionRules, row: PlannedImage, answers: Sequence[ImageResult]
) -> ImageProgress:
    """How far the image has come up these rungs with these answers."""
    wishes = [rung.wish for rung in rungs]

    def rate(pictures: Sequence[Candidate]) -> ScoreRequest:
        return ScoreRequest(
            paths=tuple(picture.path for picture in pictures),
            captions=tuple(picture.caption for picture in pictures),
            description=row.description,
            turns=row.relevance if taste.turns_weight else "",
            of_person=any(wish.person is not None for wish in wishes),
        )

    def judged(
        wish: ImageRequest, candidates: Sequence[Candidate], ratings: Sequence[ImageScore]
    ) -> list[ScoredCandidate]:
        return score_candidates(taste, wish.module, candidates, ratings)

    return next_task(wishes, answers, rate=rate, judge=judged)


def request(
    rules: AttemptRules, taste: SelectionRules, row: PlannedImage, answers: Sequence[ImageResult]
) -> ImageTask | None:
    """The next request; None when a candidate was chosen, nothing is left to try, or nothing may be shown."""
    rungs = attempts(rules, row)
    return None if isinstance(rungs, Reject) else course(rungs, taste, row, answers).next


def parse(
    rules: AttemptRules, taste: SelectionRules, row: PlannedImage, answers: Sequence[ImageResult]
) -> list[Image | Reject]:
    """All candidates of all tries, and a reject if none was chosen."""
    rungs = attempts(rules, row)
    if isinstance(rungs, Reject):
        return [rungs]
    tries = course(rungs, taste, row, answers).tries
    made: list[Image | Reject] = []
    for attempt, (rung, tried) in enumerate(zip(rungs, tries, strict=False), 1):
        for judged in tried.judged:
            made.append(_image(row, rung, judged, attempt=attempt, number=len(made) + 1))
    if not tries or tries[-1].chosen is None:
        made.append(_reject(row, tries))
    return made


def _image(row: PlannedImage, rung: Attempt, judged: ScoredCandidate, *, attempt: int, number: int) -> Image:
    candidate, rating, wish = judged.candidate, judged.rating, rung.wish
    there = bool(candidate.path)
    return Image(
        image_id=row.image_id,
        candidate=number,
        episode_id=row.episode_id,
        attempt=attempt,
        module=wish.module,
        rewritten=rung.rewritten,
        prompt=wish.prompt or wish.query,
        path=candidate.path or None,
        sha256=candidate.sha256 or None,
        bytes=candidate.bytes if there else None,
        width=candidate.width if there else None,
        height=candidate.height if there else None,
        seed=candidate.seed,
        source=candidate.source,
        caption=candidate.caption,
        page=candidate.page,
        licence=candidate.licence,
        licence_url=candidate.licence_url,
        creator=candidate.creator,
        found_score=candidate.found_score,
        text_score=rating.text_score,
        turn_score=rating.turn_score,
        score=judged.score,
        nsfw=rating.nsfw,
        phash=rating.phash,
        faces_found=rating.faces,
        faces_expected=_faces_expected(row),
        embedding=rating.embedding,
        chosen=judged.why_not is None,
        why_not=judged.why_not,
        detail=judged.detail,
    )


def _faces_expected(row: PlannedImage) -> int | None:
    """The user's own where no other is to be seen; none in pictures of things; else nobody knows."""
    if row.shown is Shown.USER or row.reframed:
        return 1
    return 0 if row.shown in (Shown.NOBODY, Shown.DOCUMENT) else None


def _reject(row: PlannedImage, tries: Sequence[AttemptResult]) -> Reject:
    told = [f"{tried.wish.module.value}: {_counted(tried)}" for tried in tries]
    judged = [one for tried in tries for one in tried.judged]
    return Reject(reason=nearest(judged), detail="; ".join(told)[:500], key=row.image_id)


def _counted(tried: AttemptResult) -> str:
    whys = Counter(one.why_not for one in tried.judged)
    return ", ".join(f"{count} {why}" for why, count in whys.items()) or "nothing found"


def select(frames: Frames) -> DataFrame:
    """One row per planned image, with the face of its episode's person, if they have one."""
    looks = frames[faces.TABLE.name].select("episode_id", "traits", F.col("path").alias("face"))
    return frames[image_plans.TABLE.name].join(looks, "episode_id", "left").select(*PlannedImage.model_fields)


def stage(settings: "Settings") -> ImageStage[PlannedImage, Image]:
    """The stage with these settings."""
    rules, taste = AttemptRules.of(settings), SelectionRules.of(settings)
    return ImageStage(
        name="images",
        reads=(image_plans.TABLE, faces.TABLE),
        select=select,
        each=PlannedImage,
        unit="image_id",
        request=partial(request, rules, taste),
        parse=partial(parse, rules, taste),
        writes=TABLE,
        backend=image_backend(settings.pictures, settings.storage.files),
        gpus=settings.pictures.gpus,
        searches=True,
        paintings=settings.aligner.samples,
        seed=settings.pipeline.seed,
        settings={"rules": rules.looked_at(), "taste": taste.looked_at()},
        checks=checks(settings.pictures),
        preflight=partial(check_pictures, settings.pictures),
    )
