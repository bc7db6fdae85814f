from stark_udfs.core.ids import seed_of
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.appearance import Face, draw_face
from stark_udfs.settings.run import PipelineSettings
from stark_udfs.stages.images.face_of import face_of, fingerprint_settings, gender_of
from stark_udfs.stages.images.settings import SafetySettings
from tests.stages.given import PEOPLE, settings_with

SETTINGS = settings_with()


def face(age: int = 34, gender: str = "female", **sections: object) -> Face | Reject:
    return face_of(settings_with(**sections), episode_id="e-1", age=age, gender=gender, birthplace="Japan")


def describe_face_of():
    def it_follows_from_the_runs_seed_and_the_episode():
        drawn = draw_face(
            age=34, gender=PEOPLE.genders[1], birthplace="Japan", seed=seed_of(42, "e-1", "face"), min_age=18
        )
        assert face() == drawn
        assert face(pipeline=PipelineSettings(seed=7)) != drawn

    def a_minor_has_none():
        made = face(age=17)
        assert isinstance(made, Reject) and made.reason is RejectReason.WITHHELD_MINOR
        assert isinstance(face(age=20, safety=SafetySettings(min_face_age=21)), Reject)

    def a_gender_that_the_settings_have_no_more_is_a_person():
        assert gender_of(PEOPLE.genders, "agender").noun == "person"
        assert isinstance(face(gender="agender"), Face)


def describe_looked_at():
    def it_changes_with_what_a_face_depends_on():
        assert fingerprint_settings(SETTINGS) == fingerprint_settings(settings_with())
        assert fingerprint_settings(SETTINGS) != fingerprint_settings(settings_with(pipeline=PipelineSettings(seed=7)))
        assert fingerprint_settings(SETTINGS) != fingerprint_settings(
            settings_with(safety=SafetySettings(min_face_age=21))
        )
