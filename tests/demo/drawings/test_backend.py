import io
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.drawings.backend import OfflineBackendSpec
from stark_udfs.demo.drawings.pen import rgb
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    ImageRequest,
    ImageResult,
    ImageScore,
    ImageTask,
    Module,
    Person,
    ScoreRequest,
    Scores,
    Unavailable,
)
from stark_udfs.images.wardrobe import draw_clothing

ANA = Person(
    age=30, traits=draw_traits(30, "female", rng_of(1)), clothing=draw_clothing("female", "portrait", rng_of(1))
)
FACE = ImageRequest(module=Module.T2I, prompt="A portrait of a woman", seeds=(1,), person=ANA)
SELFIE = ImageRequest(module=Module.P_T2I, prompt="a photo of a woman img, with a cat", seeds=(1, 2), person=ANA)
SCENE = ImageRequest(module=Module.T2I, prompt="a cup of coffee on the table", seeds=(1, 2))
SEARCH = ImageRequest(module=Module.RETRIEVAL, query="a dog in the park", count=3)
WEB = ImageRequest(module=Module.WEB, query="a dog in the park", count=2)

WITHOUT_MODELS = """
import sys
for name in ("torch", "torchvision", "transformers", "diffusers", "faiss", "peft"):
    sys.modules[name] = None
from stark_udfs.settings.image_models import PicturesSettings
from stark_udfs.stages.images.backend import image_backend
from stark_udfs.images.requests import ImageRequest, Module, ScoreRequest
backend = image_backend(PicturesSettings(), sys.argv[1]).load()
wanted = [ImageRequest(module=module, prompt="a red house", query="a dog", seeds=(1,)) for module in Module]
found = backend.work(wanted)
paths = tuple(candidate.path for answer in found for candidate in answer.candidates)
backend.work([ScoreRequest(paths=paths, captions=paths, description="a dog", of_person=True)])
print(len(paths), "pandas" in sys.modules, "pyspark" in sys.modules)
"""


def work(folder: Path, *orders: ImageTask) -> list[ImageResult | Unavailable]:
    return loaded(pickle.loads(pickle.dumps(OfflineBackendSpec(str(folder))))).work(orders)


def found(folder: Path, wish: ImageRequest) -> list[Candidate]:
    (answer,) = work(folder, wish)
    assert isinstance(answer, Candidates)
    return answer.candidates


def ratings(folder: Path, rate: ScoreRequest) -> list[ImageScore]:
    (answer,) = work(folder, rate)
    assert isinstance(answer, Scores)
    return answer.ratings


def rate(candidates: list[Candidate], description: str, **asked: object) -> ScoreRequest:
    paths, captions = tuple(c.path for c in candidates), tuple(c.caption for c in candidates)
    return ScoreRequest(paths=paths, captions=captions, description=description, **asked)


def image(folder: Path, candidate: Candidate) -> Image.Image:
    return Image.open(io.BytesIO(ImageFiles(str(folder)).read(candidate.path)))


def describe_paintings():
    def a_face_is_an_avatar(tmp_path: Path):
        (face,) = found(tmp_path, FACE)
        assert (face.width, face.height, face.seed) == (512, 512, 1)
        assert (face.caption, face.source) == ("A portrait of a woman", "offline drawing")

    def a_person_stands_in_the_scene_that_the_words_name(tmp_path: Path):
        selfies = found(tmp_path, SELFIE)
        assert [(c.seed, c.width, c.caption) for c in selfies] == [
            (1, 640, "a photo of a woman, with a cat"),
            (2, 640, "a photo of a woman, with a cat"),
        ]
        alone = SELFIE.model_copy(update={"person": None, "module": Module.T2I})
        assert not {c.path for c in selfies} & {c.path for c in found(tmp_path, alone)}

    def the_person_is_drawn_once_and_others_beside_them(tmp_path: Path):
        worded = [
            SELFIE.model_copy(update={"prompt": f"a photo of a {who} on a beach", "seeds": (1,)})
            for who in ("woman img", "woman img and a man")
        ]
        alone, together = (np.asarray(image(tmp_path, found(tmp_path, wish)[0])).astype(int) for wish in worded)
        blue = [(np.abs(shown - rgb("#4577b8")).sum(axis=2) < 12).mean() for shown in (alone, together)]  # their shirt
        assert blue[0] < 0.001 < blue[1]

    def everything_is_marked_as_drawn(tmp_path: Path):
        for wish in (FACE, SELFIE, SCENE, SEARCH, WEB):
            for candidate in found(tmp_path, wish):
                assert candidate.source.startswith("offline")
                assert image(tmp_path, candidate).info["Software"] == "stark offline drawing"

    def equal_wishes_give_equal_files_and_other_seeds_others(tmp_path: Path):
        assert work(tmp_path / "a", SELFIE, SCENE) == work(tmp_path / "b", SELFIE, SCENE)
        assert len({candidate.path for candidate in found(tmp_path, SCENE)}) == 2


def describe_searches():
    def retrieval_finds_captioned_drawings_with_scores_and_licence(tmp_path: Path):
        candidates = found(tmp_path, SEARCH)
        assert "dog" in candidates[0].caption
        assert len(candidates) == 3
        scores = [candidate.found_score for candidate in candidates]
        assert scores == sorted(scores, reverse=True)
        assert {candidate.licence for candidate in candidates} == {"CC0-1.0 (drawn by this project)"}

    def the_web_is_another_shelf(tmp_path: Path):
        web, retrieved = found(tmp_path, WEB), found(tmp_path, SEARCH)
        assert [candidate.caption for candidate in web] == [candidate.caption for candidate in retrieved[:2]]
        assert not {candidate.path for candidate in web} & {candidate.path for candidate in retrieved}
        assert {candidate.creator for candidate in web} == {"stark offline drawing"}

    def no_shared_word_finds_nothing(tmp_path: Path):
        assert found(tmp_path, SEARCH.model_copy(update={"query": "xyzzy"})) == []

    @pytest.mark.parametrize("wish", [SEARCH, WEB])
    def a_person_of_ours_is_not_looked_for(wish: ImageRequest, tmp_path: Path):
        (candidate,) = found(tmp_path, wish.model_copy(update={"person": ANA}))
        assert (candidate.fault, candidate.path) == ("stranger", "")


def describe_ratings():
    def words_are_what_counts(tmp_path: Path):
        scene = found(tmp_path, SCENE)[:1]
        (same,) = ratings(tmp_path, rate(scene, "a cup of coffee on the table", turns="Look, my coffee!"))
        (near,) = ratings(tmp_path, rate(scene, "coffee"))
        (far,) = ratings(tmp_path, rate(scene, "a mountain lake"))
        assert same.text_score == 1
        assert 0 < (near.text_score or 0) < 1
        assert far.text_score == 0
        assert 0 < (same.turn_score or 0) < 1
        assert near.turn_score is None

    def what_no_drawing_can_tell_is_null(tmp_path: Path):
        (rating,) = ratings(tmp_path, rate(found(tmp_path, FACE), "a woman"))
        assert (rating.nsfw, rating.faces, rating.embedding) == (None, None, None)
        assert len(rating.phash or "") == 16

    def a_lost_file_is_a_fault(tmp_path: Path):
        scene = found(tmp_path, SCENE)
        (tmp_path / scene[0].path).unlink()
        (tmp_path / scene[1].path).write_bytes(b"x")
        assert [r.fault for r in ratings(tmp_path, rate(scene, "coffee"))] == ["missing", "damaged"]


def describe_likeness():
    def drawn_people_are_more_like_themselves_than_like_others(tmp_path: Path):
        people = [Person(age=30, traits=draw_traits(30, "female", rng_of("p", n))) for n in range(12)]
        words = ("a photo of a woman img at the beach", "a photo of a woman img, with a dog in the park")
        vectors = []
        for person in people:
            face = FACE.model_copy(update={"person": person})
            later = [SELFIE.model_copy(update={"person": person, "prompt": text, "seeds": (7,)}) for text in words]
            shown = [candidate for wish in (face, *later) for candidate in found(tmp_path, wish)]
            vectors.append([r.embedding for r in ratings(tmp_path, rate(shown, "x", of_person=True))])
        faces, pictures = np.array(vectors)[:, 0], np.array(vectors)[:, 1:]
        likeness = np.einsum("pnd,qd->pq", pictures, faces) / len(words)
        own = np.diag(likeness)
        others = (likeness.sum(axis=1) - own) / (len(people) - 1)
        assert np.linalg.norm(faces, axis=1) == pytest.approx(1, abs=1e-3)
        assert (own > others).all()
        assert (own - others).mean() > 0.5
        assert (likeness.argmax(axis=1) == np.arange(len(people))).mean() > 0.7


def describe_identity():
    def it_tells_drawings_from_ratings():
        spec, asked = OfflineBackendSpec("a"), rate([], "x")
        assert spec.identity(SCENE) == OfflineBackendSpec("b", at_once=99).identity(WEB)
        assert spec.identity(asked).keys() == {"provider", "scorer"}
        assert spec.identity(asked.model_copy(update={"of_person": True})).keys() == {"provider", "scorer", "likeness"}
        assert spec.identity(SCENE).items() <= spec.models().items()


def describe_a_machine_without_models():
    def it_has_faces_and_pictures_of_all_modules(tmp_path: Path):
        root = Path(__file__).parents[3]
        command = [sys.executable, "-c", WITHOUT_MODELS, str(tmp_path)]
        ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
        assert ended.stderr == ""
        assert ended.stdout == "4 False False\n"
