from stark_udfs.core.ids import seed_of
from stark_udfs.core.rejects import Reason, Reject
from stark_udfs.core.settings import PipelineSettings, SafetySettings
from stark_udfs.stages.faces_rule import face_of, gender_of, looked_at
from stark_udfs.vision.faces import Face, draw_face
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
        assert isinstance(made, Reject) and made.reason is Reason.WITHHELD_MINOR
        assert isinstance(face(age=20, safety=SafetySettings(min_face_age=21)), Reject)

    def a_gender_that_the_settings_have_no_more_is_a_person():
        assert gender_of(PEOPLE.genders, "agender").noun == "person"
        assert isinstance(face(gender="agender"), Face)


def describe_looked_at():
    def it_changes_with_what_a_face_depends_on():
        assert looked_at(SETTINGS) == looked_at(settings_with())
        assert looked_at(SETTINGS) != looked_at(settings_with(pipeline=PipelineSettings(seed=7)))
        assert looked_at(SETTINGS) != looked_at(settings_with(safety=SafetySettings(min_face_age=21)))
