"""Paints images from a prompt, or from a prompt and the face of a person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PIL import Image

from stark_udfs.images.candidates import faulty, kept, read_picture
from stark_udfs.images.decode import picture_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.batching import NotPainted, Painted, PaintError, batch_painter
from stark_udfs.images.models.photomaker.trigger import without_trigger
from stark_udfs.images.protocols import OutOfMemory, PainterSpec, Painting, Pixels
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Module, Unavailable, as_is


@dataclass(frozen=True)
class PaintExecutor:
    """Answers requests for paintings, one candidate for each seed.

    A face image is kept as PNG, since other pictures are painted after it, everything else as JPEG.

    source: the model, as candidates name it.
    triggered: whether the painter reads the trigger word; it is taken out for one that does not.
    """

    spec: PainterSpec
    at_once: int
    files: ImageFiles
    source: str
    triggered: bool = False

    def work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        """The answer to each request.

        Raises:
            DeviceLost: nothing more can be drawn in this process.
            StorageError: files cannot be written or read at all.
        """
        answers = {number: finish() for number, finish in self.begin(wishes)}
        return [answers[number] for number in range(len(wishes))]

    def begin(self, wishes: Sequence[ImageRequest]) -> Iterator[tuple[int, Callable[[], Candidates | Unavailable]]]:
        """Each request once all its images are painted; what is left is to encode and to write them.

        Raises:
            DeviceLost: nothing more can be drawn in this process.
            StorageError: files cannot be read at all.
        """
        faces = [self._faces(wish) for wish in wishes]
        for number, (wish, face) in enumerate(zip(wishes, faces, strict=True)):
            if isinstance(face, Unavailable):
                yield number, partial(as_is, face)
            elif not wish.seeds:
                yield number, Candidates
        painted: dict[int, dict[int, Painted | NotPainted]] = {}
        try:
            painter = batch_painter(self.spec, self.at_once)
        except OutOfMemory as error:  # others hold the device: its weights do not fit, let alone a picture
            yield from self._without_device(wishes, faces, error)
            return
        for result in painter.paint(self._paintings(wishes, faces)):
            number, seed = (int(part) for part in result.key.split("/"))
            results = painted.setdefault(number, {})
            results[seed] = result
            if len(results) == len(set(wishes[number].seeds)):
                yield number, partial(self._finish, wishes[number], painted.pop(number))

    def _without_device(
        self, wishes: Sequence[ImageRequest], faces: Sequence[object], error: OutOfMemory
    ) -> Iterator[tuple[int, Callable[[], Unavailable]]]:
        for number, (wish, face) in enumerate(zip(wishes, faces, strict=True)):
            if wish.seeds and not isinstance(face, Unavailable):
                yield number, partial(as_is, Unavailable(PaintError.OUT_OF_MEMORY.value, f"loading the model: {error}"))

    def _finish(self, wish: ImageRequest, results: Mapping[int, Painted | NotPainted]) -> Candidates | Unavailable:
        made = {seed: self._candidate(wish, seed, result) for seed, result in results.items()}
        return whole([made[seed] for seed in wish.seeds])

    def _faces(self, wish: ImageRequest) -> tuple[Pixels, ...] | Unavailable:
        """The face images of the person to show; a lost file is no verdict on the request: a run makes it again."""
        if wish.module is not Module.P_T2I or wish.person is None or not wish.person.face:
            return ()
        face = read_picture(self.files, wish.person.face)
        return Unavailable("face", f"{wish.person.face}: {face}") if isinstance(face, str) else (face,)

    def _paintings(
        self, wishes: Sequence[ImageRequest], faces: Sequence[tuple[Pixels, ...] | Unavailable]
    ) -> Iterator[Painting]:
        for number, (wish, shown) in enumerate(zip(wishes, faces, strict=True)):
            if isinstance(shown, Unavailable):
                continue
            prompt = wish.prompt if self.triggered else without_trigger(wish.prompt)
            for seed in dict.fromkeys(wish.seeds):
                yield Painting(f"{number}/{seed}", prompt, seed, wish.width, wish.height, wish.negative, shown)

    def _candidate(self, wish: ImageRequest, seed: int, result: Painted | NotPainted) -> Candidate | Unavailable:
        told = Candidate(seed=seed, source=self.source, caption=without_trigger(wish.prompt))
        if isinstance(result, Painted):
            is_face = wish.person is not None and not wish.person.face
            picture = picture_of(Image.fromarray(result.pixels), "PNG" if is_face else "JPEG")
            return kept(self.files, picture, told.model_copy(update={"at_once": result.at_once}))
        if result.fault is PaintError.OUT_OF_MEMORY:
            return Unavailable(result.fault.value, result.detail)
        return faulty(told, result.fault.value, result.detail)


def whole(made: Sequence[Candidate | Unavailable]) -> Candidates | Unavailable:
    """All paintings of a request; none yet where one of them did not fit the device."""
    candidates = [candidate for candidate in made if isinstance(candidate, Candidate)]
    return next((one for one in made if isinstance(one, Unavailable)), Candidates(candidates=candidates))
