"""Rows and answers that the tests of faces and images start from."""

from stark_udfs.images.appearance import Face
from stark_udfs.images.requests import Candidate, Candidates, ImageScore, Module, Scores
from stark_udfs.stages.images.face_of import face_of
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin
from stark_udfs.stages.images.image_plans.stage import ImagePlan
from stark_udfs.stages.images.images.attempts import PlannedImage
from stark_udfs.stages.pipeline import Settings
from tests.stages.given import settings_with

PICTURES = settings_with()
FACE_PATH = f"images/aa/{'a' * 64}.png"


def face(age: int = 34, settings: Settings = PICTURES) -> Face:
    made = face_of(settings, episode_id="e-1", age=max(18, age), gender="female", birthplace="Japan")
    assert isinstance(made, Face)
    return made


PLAN = ImagePlan(
    image_id="i-1",
    episode_id="e-1",
    stands_in=ImageOrigin.TURN,
    session_number=2,
    turn=5,
    source="mobile",
    name="Hana Mori",
    age=34,
    gender="female",
    module=Module.T2I,
    shown=Shown.NOBODY,
    real_person=None,
    prompt="A bowl of miso soup on a wooden table, morning light",
    class_word=None,
    retry_prompt="Close view of a steaming bowl of miso soup",
    query="miso soup wooden table",
    reframed=None,
    description="A steaming bowl of miso soup on a wooden table",
    relevance="Hana Mori: I finally made it as my grandmother did.",
    planned="t2i",
    why=None,
    sensitive=False,
)
SOUP = PlannedImage(**dict(PLAN), traits=face().traits, face=FACE_PATH)
SELFIE = SOUP.model_copy(
    update={
        "image_id": "i-2",
        "module": Module.P_T2I,
        "shown": Shown.USER,
        "description": "A selfie of a 34-year-old woman in front of a bakery",
        "prompt": "a photo of a woman img, standing in front of a bakery",
        "class_word": "woman",
        "retry_prompt": "a woman img, smiling, a bakery behind her",
        "query": "selfie bakery",
        "planned": "p-t2i",
    }
)


def pictures(*names: str, **told: object) -> Candidates:
    made = [
        Candidate(path=f"images/{name}.png", sha256=name, bytes=7, width=64, height=64, seed=1, source="test", **told)
        for name in names
    ]
    return Candidates(candidates=made)


def ratings(*scores: float | None, **told: object) -> Scores:
    return Scores(ratings=[ImageScore(text_score=score, **told) for score in scores])


NOTHING = Candidates(candidates=[Candidate(fault="no_source", detail="no index", source="test")])
