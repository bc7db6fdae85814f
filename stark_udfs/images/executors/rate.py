"""Rates pictures: how well they show a text, whether they are safe, whom they show, and which look alike."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import zip_longest

from stark_udfs.images.files import ImageFiles
from stark_udfs.images.likeness import cut_to_face
from stark_udfs.images.phash import phash
from stark_udfs.images.protocols import (
    Box,
    EmbedderSpec,
    FaceFinderSpec,
    OutOfMemory,
    Pixels,
    ScorerSpec,
    loaded,
    side_of,
)
from stark_udfs.images.reading import PictureReader, worth_reading
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores, Unavailable, as_is

PICTURES = 64  # in memory at once, unless one request has more
DIGITS = 6  # of a score
NO_NUMBER = ImageScore(fault="a score is not a number")  # half precision that ran over; JSON has no word for it


@dataclass(frozen=True, eq=False)
class Shown:
    """An image, and the request that it is scored for."""

    rate: ScoreRequest
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Measured:
    """A picture, and what the models say of it; or why it cannot be seen."""

    score: ImageScore
    pixels: Pixels | None = None

    def finished(self) -> ImageScore:
        """The score with its hash, which needs no device."""
        if self.pixels is None:
            return self.score
        return self.score.model_copy(update={"phash": phash(self.pixels)})


Finish = Callable[[], Scores | Unavailable]


@dataclass(frozen=True)
class RateExecutor:
    """Answers score requests; a score is null where its model is None."""

    files: ImageFiles
    scorer: ScorerSpec | None = None
    nsfw: ScorerSpec | None = None
    detector: FaceFinderSpec | None = None
    likeness: EmbedderSpec | None = None

    def work(self, rates: Sequence[ScoreRequest]) -> list[Scores | Unavailable]:
        """The answer to each score request.

        Raises:
            DeviceLost: nothing more can be rated in this process.
            StorageError: files cannot be read at all.
        """
        return [finish() for _, finish in self.begin(rates)]

    def begin(self, rates: Sequence[ScoreRequest]) -> Iterator[tuple[int, Finish]]:
        """Each rate once the models have seen its pictures; what is left is to hash them.

        Raises:
            DeviceLost: nothing more can be rated in this process.
            StorageError: files cannot be read at all.
        """
        groups = list(grouped(rates))
        number = 0
        for group, coming in zip_longest(groups, groups[1:], fillvalue=()):
            for finish in self._rated(group, coming):
                yield number, finish
                number += 1

    def ahead(self, rates: Sequence[ScoreRequest]) -> None:
        """Begin to read the pictures of rates that come next."""
        if not rates:
            return
        try:
            side = self._side
        except OutOfMemory:  # told when they are rated
            return
        self._reader.ahead((path for rate in next(grouped(rates)) for path in rate.paths), side)

    @cached_property
    def _reader(self) -> PictureReader:
        return PictureReader(self.files)

    @cached_property
    def _side(self) -> int | None:
        """As much of a picture as the models see; all of it where faces are looked for."""
        specs = [spec for spec in (self.scorer, self.nsfw, self.likeness) if spec is not None]
        return None if self.detector else worth_reading(side_of(loaded(spec)) for spec in specs)

    def _rated(self, rates: Sequence[ScoreRequest], coming: Sequence[ScoreRequest] = ()) -> list[Finish]:
        """Several rates together; one by one where they do not fit the device together."""
        try:
            return self._together(rates, coming)
        except OutOfMemory as error:
            if len(rates) == 1:
                return [partial(as_is, Unavailable("out_of_memory", str(error)))]
            return [finish for rate in rates for finish in self._rated([rate])]

    def _together(self, rates: Sequence[ScoreRequest], coming: Sequence[ScoreRequest]) -> list[Finish]:
        found = iter(self._reader.read([path for rate in rates for path in rate.paths], self._side))
        read = [[next(found) for _ in rate.paths] for rate in rates]
        self.ahead(coming)
        shown = [Shown(rate, p) for rate, row in zip(rates, read, strict=True) for p in row if not isinstance(p, str)]
        measured = iter(self._measured(shown))
        return [
            partial(finished, [Measured(ImageScore(fault=p)) if isinstance(p, str) else next(measured) for p in row])
            for row in read
        ]

    def _measured(self, shown: Sequence[Shown]) -> list[Measured]:
        pictures = [one.pixels for one in shown]
        faces: Sequence[list[Box] | None] = [None] * len(shown)
        if self.detector and shown:
            faces = loaded(self.detector).find(pictures)
        columns = zip(
            shown, self._texts(shown), self._unsafe(pictures), faces, self._vectors(shown, faces), strict=True
        )
        return [
            Measured(NO_NUMBER)
            if any(number is not None and not math.isfinite(number) for number in (text, turn, unsafe, *(vector or ())))
            else Measured(
                ImageScore(
                    text_score=text,
                    turn_score=turn,
                    nsfw=unsafe,
                    faces=None if boxes is None else len(boxes),
                    embedding=vector,
                ),
                one.pixels,
            )
            for one, (text, turn), unsafe, boxes, vector in columns
        ]

    def _texts(self, shown: Sequence[Shown]) -> list[tuple[float | None, float | None]]:
        """The score for the description, and for the turns where there are any: all of them in one go."""
        if self.scorer is None or not shown:
            return [(None, None)] * len(shown)
        told = [one for one in shown if one.rate.turns]
        pictures = [one.pixels for one in (*shown, *told)]
        texts = [*(one.rate.description for one in shown), *(one.rate.turns for one in told)]
        scores = [round(float(score), DIGITS) for score in loaded(self.scorer).score(pictures, texts)]
        turns = iter(scores[len(shown) :])
        return [(score, next(turns) if one.rate.turns else None) for one, score in zip(shown, scores, strict=False)]

    def _unsafe(self, pictures: Sequence[Pixels]) -> list[float | None]:
        if self.nsfw is None or not pictures:
            return [None] * len(pictures)
        return [round(float(score), DIGITS) for score in loaded(self.nsfw).score(pictures, [""] * len(pictures))]

    def _vectors(self, shown: Sequence[Shown], faces: Sequence[list[Box] | None]) -> list[list[float] | None]:
        """What likeness is measured by, for pictures of a person: of the largest face where faces were looked for."""
        if self.likeness is None:
            return [None] * len(shown)
        cuts = [
            cut_to_face(one.pixels, boxes or []) for one, boxes in zip(shown, faces, strict=True) if one.rate.of_person
        ]
        vectors = loaded(self.likeness).embed_pictures(cuts).tolist() if cuts else []
        rounded = iter([[round(value, DIGITS) for value in vector] for vector in vectors])
        return [next(rounded) if one.rate.of_person else None for one in shown]


def finished(measured: Sequence[Measured]) -> Scores:
    """The scores of a rate's pictures, in their order."""
    return Scores(ratings=[one.finished() for one in measured])


def grouped(rates: Sequence[ScoreRequest]) -> Iterator[list[ScoreRequest]]:
    """Score requests in their order, in groups of at most `PICTURES` images or of one request."""
    group: list[ScoreRequest] = []
    for rate in rates:
        if group and sum(len(one.paths) for one in (*group, rate)) > PICTURES:
            yield group
            group = []
        group.append(rate)
    if group:
        yield group
