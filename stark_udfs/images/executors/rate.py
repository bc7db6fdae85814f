"""Rates pictures: how well they show a text, whether they are safe, whom they show, and which look alike."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from stark_udfs.images.candidates import read_picture
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.likeness import cut_to_face
from stark_udfs.images.phash import phash
from stark_udfs.images.protocols import Box, EmbedderSpec, FaceFinderSpec, OutOfMemory, Pixels, ScorerSpec, loaded
from stark_udfs.images.requests import ImageScore, ScoreRequest, Scores, Unavailable, as_is

PICTURES = 64  # in memory at once, unless one rate has more
DIGITS = 6  # of a score
NO_NUMBER = ImageScore(fault="a score is not a number")  # half precision that ran over; JSON has no word for it


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture, and what it is rated for."""

    rate: ScoreRequest
    pixels: Pixels


@dataclass(frozen=True)
class RateExecutor:
    """Answers rates; a score is null where its model is None."""

    files: ImageFiles
    scorer: ScorerSpec | None = None
    nsfw: ScorerSpec | None = None
    detector: FaceFinderSpec | None = None
    likeness: EmbedderSpec | None = None

    def work(self, rates: Sequence[ScoreRequest]) -> list[Scores | Unavailable]:
        """The answer to each rate.

        Raises:
            DeviceLost: nothing more can be rated in this process.
            StorageError: files cannot be read at all.
        """
        return [answer for group in grouped(rates) for answer in self._rated(group)]

    def begin(self, rates: Sequence[ScoreRequest]) -> Iterator[tuple[int, Callable[[], Scores | Unavailable]]]:
        """As `work`; nothing is left to do."""
        for number, answer in enumerate(self.work(rates)):
            yield number, partial(as_is, answer)

    def _rated(self, rates: Sequence[ScoreRequest]) -> list[Scores | Unavailable]:
        """Several rates together; one by one where they do not fit the device together."""
        try:
            return list(self._together(rates))
        except OutOfMemory as error:
            if len(rates) == 1:
                return [Unavailable("out_of_memory", str(error))]
            return [answer for rate in rates for answer in self._rated([rate])]

    def _together(self, rates: Sequence[ScoreRequest]) -> list[Scores]:
        read = [[read_picture(self.files, path) for path in rate.paths] for rate in rates]
        shown = [Shown(rate, p) for rate, row in zip(rates, read, strict=True) for p in row if not isinstance(p, str)]
        ratings = iter(self._ratings(shown))
        return [
            Scores(ratings=[ImageScore(fault=p) if isinstance(p, str) else next(ratings) for p in row]) for row in read
        ]

    def _ratings(self, shown: Sequence[Shown]) -> list[ImageScore]:
        pictures = [one.pixels for one in shown]
        faces: Sequence[list[Box] | None] = [None] * len(shown)
        if self.detector and shown:
            faces = loaded(self.detector).find(pictures)
        columns = zip(
            shown, self._texts(shown), self._unsafe(pictures), faces, self._vectors(shown, faces), strict=True
        )
        return [
            NO_NUMBER
            if any(number is not None and not math.isfinite(number) for number in (text, turn, unsafe, *(vector or ())))
            else ImageScore(
                text_score=text,
                turn_score=turn,
                nsfw=unsafe,
                phash=phash(one.pixels),
                faces=None if boxes is None else len(boxes),
                embedding=vector,
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


def grouped(rates: Sequence[ScoreRequest]) -> Iterator[list[ScoreRequest]]:
    """Rates in their order, in groups of at most `PICTURES` pictures or of one rate."""
    group: list[ScoreRequest] = []
    for rate in rates:
        if group and sum(len(one.paths) for one in (*group, rate)) > PICTURES:
            yield group
            group = []
        group.append(rate)
    if group:
        yield group
