"""Faces: what an episode's person looks like, in words and in one picture. Nobody under the age limit has one."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.checking.measures import Counted, Exact, Share
from stark_udfs.engine.stage import Check, Frames, ImageStage
from stark_udfs.images.appearance import Face, FixedTraits
from stark_udfs.images.requests import (
    Candidate,
    ImageRequest,
    ImageResult,
    ImageScore,
    ImageTask,
    Module,
    Person,
    ScoreRequest,
)
from stark_udfs.stages.images.backend import image_backend
from stark_udfs.stages.images.face_of import face_of, fingerprint_settings
from stark_udfs.stages.images.images.progress import ImageProgress, next_task
from stark_udfs.stages.images.images.selection import (
    CandidateFault,
    NotChosen,
    ScoredCandidate,
    nearest,
    scored,
    unusable,
)
from stark_udfs.stages.images.settings import FacesSettings
from stark_udfs.stages.preflight import check_pictures
from stark_udfs.stages.text import narratives
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class FaceSeed(Record):
    """One face: whose it is."""

    episode_id: str
    age: int
    gender: str
    birthplace: str


class FaceImage(Record):
    """One row of `faces`."""

    episode_id: str = Field(description="references narratives.episode_id")
    age: int
    gender: str
    description: str = Field(description="the prompt of the picture: shot, age, gender, birthplace, looks, clothes")
    traits: FixedTraits
    fixed: str = Field(description="the traits in words, as later prompts repeat them")
    path: str = Field(description="below storage.files")
    sha256: str
    bytes: int
    width: int = Field(description="px")
    height: int = Field(description="px")
    seed: int | None
    source: str = Field(description="the model that painted it, or the drawing hand")
    attempt: int = Field(description="1, or more where earlier pictures were not taken")
    nsfw: float | None = Field(description="in [0, 1]; null: no classifier")
    faces_found: int | None = Field(description="null: no detector")
    phash: str | None = Field(description="perceptual hash, 16 hex digits")
    embedding: list[float] | None = Field(description="unit vector of the picture, for likeness")


TABLE = Table("faces", FaceImage, key=("episode_id",), parents=(("episode_id", "narratives"),))


def request(settings: "Settings", row: FaceSeed, answers: Sequence[ImageResult]) -> ImageTask | None:
    """A picture and its rating, and both again with another seed if it cannot be taken; nothing for a minor."""
    face = _face(settings, row)
    return (
        None
        if isinstance(face, Reject)
        else course(settings.faces, settings.pictures.image_size, row, face, answers).next
    )


def parse(settings: "Settings", row: FaceSeed, answers: Sequence[ImageResult]) -> list[FaceImage | Reject]:
    """One row or reject."""
    face = _face(settings, row)
    if isinstance(face, Reject):
        return [face.model_copy(update={"key": row.episode_id})]
    tried = course(settings.faces, settings.pictures.image_size, row, face, answers)
    if tried.chosen is not None:
        return [_row(row, face, tried.chosen, attempt=len(tried.tries))]
    judged = [one for each in tried.tries for one in each.judged]
    detail = "; ".join(f"{one.why_not}: {one.detail}" for one in judged) or "nothing was painted"
    return [Reject(reason=nearest(judged), detail=detail[:500], key=row.episode_id)]


def course(
    settings: FacesSettings, side: int, row: FaceSeed, face: Face, answers: Sequence[ImageResult]
) -> ImageProgress:
    """How far the face has come; every try is the same request, for which the engine draws other seeds."""
    person = Person(age=row.age, traits=face.traits, clothing=face.clothing)
    wish = ImageRequest(module=Module.T2I, prompt=face.description, width=side, height=side, person=person)

    def rate(pictures: Sequence[Candidate]) -> ScoreRequest:
        return ScoreRequest(
            paths=tuple(picture.path for picture in pictures),
            captions=tuple(picture.caption for picture in pictures),
            description=face.description,
            of_person=True,
        )

    def judge(
        wish: ImageRequest, candidates: Sequence[Candidate], ratings: Sequence[ImageScore]
    ) -> list[ScoredCandidate]:
        return [ScoredCandidate.of(*pair, _fault(settings, *pair)) for pair in scored(candidates, ratings)]

    return next_task([wish] * settings.attempts, answers, rate=rate, judge=judge)


def _fault(settings: FacesSettings, candidate: Candidate, rating: ImageScore) -> CandidateFault | None:
    fault = unusable(candidate, rating, max_nsfw=settings.max_nsfw)
    if fault is None and settings.one_face and rating.faces not in (None, 1):
        return CandidateFault(NotChosen.NOT_ONE_FACE, f"{rating.faces} faces found")
    return fault


def _face(settings: "Settings", row: FaceSeed) -> Face | Reject:
    return face_of(settings, episode_id=row.episode_id, age=row.age, gender=row.gender, birthplace=row.birthplace)


def _row(row: FaceSeed, face: Face, chosen: ScoredCandidate, *, attempt: int) -> FaceImage:
    picture, rating = chosen.candidate, chosen.rating
    return FaceImage(
        episode_id=row.episode_id,
        age=row.age,
        gender=row.gender,
        description=face.description,
        traits=face.traits,
        fixed=face.traits.phrase(),
        path=picture.path,
        sha256=picture.sha256,
        bytes=picture.bytes,
        width=picture.width,
        height=picture.height,
        seed=picture.seed,
        source=picture.source,
        attempt=attempt,
        nsfw=rating.nsfw,
        faces_found=rating.faces,
        phash=rating.phash,
        embedding=rating.embedding,
    )


def select(frames: Frames) -> DataFrame:
    """One row per episode."""
    return frames[narratives.TABLE.name].select(*FaceSeed.model_fields)


CHECKS = (
    Check("nobody under 18 has a face", Exact("count_if(age < 18)"), high=0),
    Check("faces of their own", Counted("count(distinct sha256)"), low=0.99),
    Check("faces of the first try", Share("attempt = 1"), low=0.9, least=20),
)


def stage(settings: "Settings") -> ImageStage[FaceSeed, FaceImage]:
    """The stage with these settings."""
    return ImageStage(
        name="faces",
        reads=(narratives.TABLE,),
        select=select,
        each=FaceSeed,
        unit="episode_id",
        request=partial(request, settings),
        parse=partial(parse, settings),
        writes=TABLE,
        backend=image_backend(settings.pictures, settings.storage.files),
        gpus=settings.pictures.gpus,
        seed=settings.pipeline.seed,
        settings={
            **fingerprint_settings(settings),
            "side": settings.pictures.image_size,
            "faces": settings.faces.model_dump(mode="json"),
        },
        checks=CHECKS,
        preflight=partial(check_pictures, settings.pictures),
    )
