"""Faces: who gets one, and what becomes of a picture that cannot be taken."""

import pytest

from stark_udfs.core.rejects import RejectReason
from stark_udfs.images.requests import Candidates, ImageRequest, ImageScore, Module, ScoreRequest, Scores
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.faces import FaceImage, FaceSeed, parse, request
from stark_udfs.stages.images.settings import FacesSettings
from tests.stages.given import settings_with
from tests.stages.picture_rows import face, pictures

SETTINGS = settings_with(faces=FacesSettings(attempts=2, max_nsfw=0.5, one_face=True))
ANA = FaceSeed(episode_id="e-1", age=34, gender="female", birthplace="Japan")
GOOD = Scores(ratings=[ImageScore(nsfw=0.01, faces=1, phash="0" * 16, embedding=[1.0])])
NUDE = Scores(ratings=[ImageScore(nsfw=0.97)])
TWO_FACES = Scores(ratings=[ImageScore(nsfw=0.01, faces=2)])
BROKEN = Candidates()


def describe_request():
    def it_wishes_for_one_picture_of_the_person():
        order = request(SETTINGS, ANA, [])
        assert isinstance(order, ImageRequest)
        assert (order.module, order.count, order.prompt) == (Module.T2I, 1, face().description)
        assert order.person is not None
        assert (order.person.age, order.person.traits, order.person.face) == (34, face().traits, "")
        assert order.person.clothing == face().clothing
        assert (order.width, order.height) == (1024, 1024)

    def it_has_the_picture_rated_and_its_likeness_kept():
        order = request(SETTINGS, ANA, [pictures("a")])
        assert isinstance(order, ScoreRequest)
        assert order.of_person
        assert order.turns == ""

    def it_ends_with_a_good_picture():
        assert request(SETTINGS, ANA, [pictures("a"), GOOD]) is None

    @pytest.mark.parametrize("bad", [[pictures("a"), NUDE], [pictures("a"), TWO_FACES], [BROKEN]])
    def it_tries_once_more(bad):
        assert request(SETTINGS, ANA, bad) == request(SETTINGS, ANA, [])
        assert request(SETTINGS, ANA, [*bad, *bad]) is None

    def it_wishes_nothing_for_a_minor():
        assert request(SETTINGS, ANA.model_copy(update={"age": 17}), []) is None


def describe_parse():
    def it_gives_the_face_of_the_try_that_passed():
        [made] = parse(SETTINGS, ANA, [pictures("a"), NUDE, pictures("b"), GOOD])
        assert isinstance(made, FaceImage)
        assert (made.path, made.attempt, made.nsfw, made.faces_found) == ("images/b.png", 2, 0.01, 1)
        assert made.fixed == face().traits.phrase()
        assert made.fixed in made.description
        assert (made.age, made.gender, made.embedding) == (34, "female", [1.0])

    @pytest.mark.parametrize(
        ("answers", "reason"),
        [
            ([pictures("a"), NUDE] * 2, RejectReason.NSFW),
            ([BROKEN, BROKEN], RejectReason.NO_PICTURE),
            ([pictures("a"), NUDE, pictures("b"), TWO_FACES], RejectReason.NOT_ONE_FACE),
        ],
    )
    def it_rejects_after_the_last_try(answers, reason):
        [reject] = parse(SETTINGS, ANA, answers)
        assert (reject.reason, reject.key) == (reason, "e-1")
        assert reject.detail

    def it_withholds_minors():
        [reject] = parse(SETTINGS, ANA.model_copy(update={"age": 17}), [])
        assert (reject.reason, reject.key) == (RejectReason.WITHHELD_MINOR, "e-1")

    def it_takes_any_picture_in_the_paper():
        paper = settings_with(faces=FacesSettings(attempts=1, max_nsfw=None, one_face=False))
        nude_crowd = Scores(ratings=[ImageScore(nsfw=0.97, faces=3)])
        assert isinstance(parse(paper, ANA, [pictures("a"), nude_crowd])[0], FaceImage)


def describe_stage():
    def it_looks_at_whatever_makes_a_face():
        base = faces.stage(settings_with())
        assert faces.stage(settings_with(pipeline={"seed": 7})).settings != base.settings
        assert faces.stage(settings_with(faces=FacesSettings(attempts=3))).settings != base.settings
        assert faces.stage(settings_with(pictures={"image_size": 512})).settings != base.settings
        assert base.reads[0].name == "narratives"
