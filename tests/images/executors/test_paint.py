import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stark_udfs.core.ids import rng_of
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.decode import picture_of
from stark_udfs.images.executors.paint import PaintExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.ip_adapter import IpAdapterSpec
from stark_udfs.images.models.photomaker.photomaker import PhotoMakerSpec
from stark_udfs.images.models.sdxl import SdxlBase, SdxlSpec
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.protocols import DeviceLost, OutOfMemory, PainterSpec, Painting, Pixels, Unpaintable
from stark_udfs.images.requests import Candidates, ImageRequest, Module, Person, Unavailable
from tests.images import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers itself

PERSON = Person(age=30, traits=draw_traits(30, "female", rng_of(1)))
DOG = ImageRequest(module=Module.T2I, prompt="a dog", width=64, height=64, seeds=(1, 2))
CAT = ImageRequest(module=Module.T2I, prompt="a cat in the garden", width=64, height=64, seeds=(1,))
WIDE = ImageRequest(module=Module.T2I, prompt="a red house", width=80, height=48, seeds=(3,))


@dataclass(frozen=True)
class Board:
    """Fills a picture with its seed; what goes wrong stands in the prompt."""

    room: int = 100

    def load(self) -> "Board":
        return self

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        if len(paintings) * paintings[0].width * paintings[0].height > self.room * 64 * 64:
            raise OutOfMemory("full")
        for painting in paintings:
            if "img" in painting.prompt:
                raise RuntimeError(painting.prompt)
            if "impossible" in painting.prompt:
                raise Unpaintable("no")
            if "lost" in painting.prompt:
                raise DeviceLost("gone")
        return np.stack([np.full((p.height, p.width, 3), p.seed % 256, np.uint8) for p in paintings])


@dataclass(frozen=True)
class NoRoom:
    """A painter whose weights do not fit the device."""

    def load(self) -> Board:
        raise OutOfMemory("others hold it")


def executor(spec: PainterSpec, folder: Path, *, triggered: bool = False, at_once: int = 4) -> PaintExecutor:
    return PaintExecutor(spec, at_once, ImageFiles(str(folder)), source="tiny", triggered=triggered)


def face_file(folder: Path, seed: int) -> str:
    return ImageFiles(str(folder)).put(picture_of(Image.fromarray(tiny.picture(seed)), "PNG").data, "png").path


def selfie(face: str, seed: int = 1, prompt: str = "a photo of a woman img, reading") -> ImageRequest:
    person = PERSON.model_copy(update={"face": face})
    return ImageRequest(
        module=Module.P_T2I, prompt=prompt, negative="ugly", width=64, height=64, seeds=(seed,), person=person
    )


def paths(answer: Candidates | Unavailable) -> list[str]:
    assert isinstance(answer, Candidates)
    assert not any(candidate.fault for candidate in answer.candidates), answer
    return [candidate.path for candidate in answer.candidates]


def seen(folder: Path, path: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(ImageFiles(str(folder)).read(path)))).astype(int)


@pytest.fixture(scope="module")
def sdxl(models: Path) -> SdxlSpec:
    return SdxlSpec(SdxlBase(str(models / "sdxl")), steps=2)


@pytest.fixture(scope="module")
def photomaker(models: Path) -> PhotoMakerSpec:
    weights = WeightFile(str(models / "photomaker"), "photomaker-v1.bin")
    return PhotoMakerSpec(SdxlBase(str(models / "sdxl")), weights, steps=3)


@pytest.fixture(scope="module")
def ip_adapter(models: Path) -> IpAdapterSpec:
    weights = WeightFile(str(models / "ip_adapter"), "sdxl_models/ip-adapter_sdxl.safetensors")
    return IpAdapterSpec(SdxlBase(str(models / "sdxl")), weights, steps=2, scale=1.0)


def describe_text_to_image():
    def it_paints_mixed_wishes_each_seed_once(sdxl: SdxlSpec, tmp_path: Path):
        dog, cat, wide = executor(sdxl, tmp_path).work([DOG, CAT, WIDE])
        assert [len(paths(answer)) for answer in (dog, cat, wide)] == [2, 1, 1]
        assert len({*paths(dog), *paths(cat), *paths(wide)}) == 4
        assert isinstance(dog, Candidates)
        assert isinstance(wide, Candidates)
        assert [(c.seed, c.at_once, c.source, c.caption) for c in dog.candidates] == [
            (1, 4, "tiny", "a dog"),
            (2, 4, "tiny", "a dog"),
        ]
        assert (wide.candidates[0].width, wide.candidates[0].height) == (80, 48)
        assert seen(tmp_path, paths(wide)[0]).shape == (48, 80, 3)

    def it_gives_the_same_file_for_the_same_wish_whatever_the_others_are(sdxl: SdxlSpec, tmp_path: Path):
        once = executor(sdxl, tmp_path / "once").work([DOG, WIDE])
        again = executor(sdxl, tmp_path / "again").work([CAT, DOG])
        assert once[0] == again[1]

    def a_face_is_kept_without_loss(tmp_path: Path):
        face = DOG.model_copy(update={"person": PERSON})
        first, second = executor(Board(), tmp_path).work([face, DOG])
        assert [path[-4:] for path in (*paths(first), *paths(second))] == [".png", ".png", ".jpg", ".jpg"]
        assert (seen(tmp_path, paths(first)[0]) == 1).all()

    def files_carry_nothing_but_pixels(tmp_path: Path):
        (answer,) = executor(Board(), tmp_path).work([DOG])
        image = Image.open(io.BytesIO(ImageFiles(str(tmp_path)).read(paths(answer)[0])))
        assert not image.getexif()
        assert "exif" not in image.info

    def it_paints_nothing_for_nothing(tmp_path: Path):
        assert executor(Board(), tmp_path).work([]) == []


def describe_a_person():
    @pytest.mark.parametrize("kind", ["photomaker", "ip_adapter"])
    def another_face_changes_the_picture_of_its_wish_alone(kind: str, request: pytest.FixtureRequest, tmp_path: Path):
        spec = request.getfixturevalue(kind)
        faces = [face_file(tmp_path, seed) for seed in range(5)]
        work = executor(spec, tmp_path, triggered=kind == "photomaker").work
        before = work([selfie(faces[0]), selfie(faces[1], 2), selfie(faces[2], 3)])
        after = work([selfie(faces[0]), selfie(faces[4], 2), selfie(faces[2], 3)])
        assert [before[0], before[2]] == [after[0], after[2]]
        moved = np.abs(seen(tmp_path, paths(before[1])[0]) - seen(tmp_path, paths(after[1])[0])).mean()
        assert moved > 0.5, "of 255, on average"

    def a_lost_face_is_no_answer_and_stops_no_other(photomaker: PhotoMakerSpec, tmp_path: Path):
        good, bad = face_file(tmp_path, 1), face_file(tmp_path, 2)
        (tmp_path / bad).write_bytes(b"damaged")
        gone = f"images/00/{'0' * 64}.png"
        answers = executor(photomaker, tmp_path, triggered=True).work([selfie(bad), selfie(good), selfie(gone)])
        assert [type(answer) for answer in answers] == [Unavailable, Candidates, Unavailable]
        assert answers[0] == Unavailable("face", f"{bad}: damaged")
        assert answers[2] == Unavailable("face", f"{gone}: missing")

    def a_prompt_without_trigger_is_a_candidate_with_a_fault(photomaker: PhotoMakerSpec, tmp_path: Path):
        face = face_file(tmp_path, 1)
        good, bad = executor(photomaker, tmp_path, triggered=True).work([selfie(face), selfie(face, 2, "a woman")])
        assert paths(good)
        assert isinstance(bad, Candidates)
        (candidate,) = bad.candidates
        assert (candidate.fault, candidate.path, candidate.seed) == ("unpaintable", "", 2)
        assert "img" in candidate.detail

    def a_painter_without_trigger_word_never_reads_it(tmp_path: Path):
        (answer,) = executor(Board(), tmp_path).work([selfie(face_file(tmp_path, 1))])
        assert isinstance(answer, Candidates)
        assert answer.candidates[0].caption == "a photo of a woman, reading"
        assert paths(answer)


def describe_what_goes_wrong():
    def a_row_that_cannot_be_painted_costs_no_other(tmp_path: Path):
        bad = CAT.model_copy(update={"prompt": "impossible"})
        first, second = executor(Board(), tmp_path).work([bad, DOG])
        assert isinstance(first, Candidates)
        assert [(c.fault, c.detail) for c in first.candidates] == [("unpaintable", "Unpaintable: no")]
        assert len(paths(second)) == 2

    def a_wish_that_does_not_fit_is_no_answer(tmp_path: Path):
        large = WIDE.model_copy(update={"width": 128, "height": 128, "seeds": (1, 2)})
        answers = executor(Board(room=1), tmp_path).work([DOG, large])
        assert len(paths(answers[0])) == 2
        assert answers[1] == Unavailable("out_of_memory", "full")

    def a_lost_device_is_raised(tmp_path: Path):
        with pytest.raises(DeviceLost):
            executor(Board(), tmp_path).work([DOG, CAT.model_copy(update={"prompt": "lost"})])


def describe_a_device_that_is_full_from_the_start():
    def it_leaves_every_wish_open_with_the_reason(tmp_path: Path):
        answers = executor(NoRoom(), tmp_path).work([DOG, CAT, DOG.model_copy(update={"seeds": ()})])
        assert answers == [
            *[Unavailable("out_of_memory", "loading the model: others hold it")] * 2,
            Candidates(),
        ]
