"""The one rule by which a person gets a face: `faces` paints it, `image_plans` speaks of the same hair and glasses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stark_udfs.core.ids import Json, fingerprint, seed_of
from stark_udfs.core.rejects import Reject
from stark_udfs.images.appearance import Face, draw_face
from stark_udfs.images.wardrobe import pool
from stark_udfs.settings.people import Gender

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


def face_of(settings: "Settings", *, episode_id: str, age: int, gender: str, birthplace: str) -> Face | Reject:
    """The face of an episode's person; none for a person under `safety.min_face_age`."""
    return draw_face(
        age=age,
        gender=gender_of(settings.people.genders, gender),
        birthplace=birthplace,
        seed=seed_of(settings.pipeline.seed, episode_id, "face"),
        min_age=settings.safety.min_face_age,
    )


def gender_of(genders: Sequence[Gender], word: str) -> Gender:
    """The gender of that word; a word that the settings have no more is spoken of as a person."""
    known = next((gender for gender in genders if gender.word == word), None)
    return known or Gender(
        word=word,
        noun="person",
        child_noun="child",
        subject="they",
        object="them",
        possessive="their",
        counts_as="both",
    )


def fingerprint_settings(settings: "Settings") -> dict[str, Json]:
    """Every setting and word list that `face_of` looks at, as JSON: part of the fingerprint of its callers."""
    return {
        "seed": settings.pipeline.seed,
        "min_face_age": settings.safety.min_face_age,
        "words": fingerprint(pool().model_dump(mode="json")),
        "genders": [gender.model_dump(mode="json", exclude={"weight"}) for gender in settings.people.genders],
    }
