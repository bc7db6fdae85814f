"""Painting many rows: one size at a time, always the same number at once, fewer when the device is full.

A picture depends a little on how many are drawn at once, by rounding, and not at all on which. So a batch that is not
full is filled up with copies of its last row, whose pictures are thrown away.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from stark_udfs.images.protocols import (
    DeviceLost,
    OutOfMemory,
    Painter,
    PainterSpec,
    Painting,
    Pixels,
    Unpaintable,
    loaded,
)


class PaintError(StrEnum):
    """Why a row has no picture."""

    UNPAINTABLE = "unpaintable"  # the row's fault: it will never have one
    OUT_OF_MEMORY = "out_of_memory"  # not even one row of this size fits: a larger device may have it
    FAILED = "failed"  # the model raised something else for this row alone


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture, and how many were drawn at once."""

    key: str
    pixels: Pixels
    at_once: int


@dataclass(frozen=True)
class NotPainted:
    """A row without a picture, and why."""

    key: str
    fault: PaintError
    detail: str


class Form(NamedTuple):
    """What the paintings of one batch have in common."""

    width: int
    height: int
    faces: int


class Fit(NamedTuple):
    """Pictures of a form that were drawn at once, and the least number that did not fit."""

    most: int
    too_many: int

    @property
    def next(self) -> int:
        """How many to draw: half way between the two while that is worth a try, else as many as fitted."""
        return (self.most + self.too_many) // 2 if self.searching else self.most

    @property
    def searching(self) -> bool:
        """Whether more than a quarter could still be gained."""
        return self.too_many - self.most > max(1, self.most // 2)


@dataclass(frozen=True)
class BatchPainter:
    """A painter, and what was learnt about how many pictures of a form fit; one per Python worker.

    at_once: pictures at most.
    fits: forms of which fewer fit: the largest batch that does is looked for once, by halves, and kept.
    """

    painter: Painter
    at_once: int
    fits: dict[Form, Fit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.at_once < 1:
            raise ValueError(f"at_once: at least 1 (got {self.at_once}).")

    def paint(self, paintings: Iterable[Painting]) -> Iterator[Painted | NotPainted]:
        """One result for each painting, form by form as batches fill up; at most one batch of each form waits.

        Raises:
            DeviceLost: nothing more can be drawn in this process; results given so far stand.
        """
        waiting: defaultdict[Form, list[Painting]] = defaultdict(list)
        for painting in paintings:
            form = Form(painting.width, painting.height, len(painting.faces))
            waiting[form].append(painting)
            if len(waiting[form]) >= self._fit(form):
                yield from self._draw(form, waiting.pop(form))
        for form, rest in waiting.items():
            yield from self._draw(form, rest)

    def _fit(self, form: Form) -> int:
        fit = self.fits.get(form)
        return self.at_once if fit is None else fit.next

    def _draw(self, form: Form, rows: Sequence[Painting]) -> Iterator[Painted | NotPainted]:
        start = 0
        while start < len(rows):
            size = self._fit(form)
            try:
                yield from self._try(rows[start : start + size], size)
            except OutOfMemory as error:
                if size == 1:
                    yield NotPainted(rows[start].key, PaintError.OUT_OF_MEMORY, str(error))
                    start += 1
                else:
                    self.fits[form] = Fit(self.fits[form].most if form in self.fits else 0, size)
            else:
                start += size
                if form in self.fits:
                    self.fits[form] = self.fits[form]._replace(most=size)

    def _try(self, rows: Sequence[Painting], size: int) -> list[Painted | NotPainted]:
        """Draw rows in a batch of `size`; a batch that fails is drawn in halves, down to the row that is the cause."""
        try:
            pictures = self.painter.paint([*rows, *[rows[-1]] * (size - len(rows))])
        except (OutOfMemory, DeviceLost):
            raise
        except Exception as error:  # the border of one picture: whatever a model raises for a row is data
            if len(rows) == 1:
                fault = PaintError.UNPAINTABLE if isinstance(error, Unpaintable) else PaintError.FAILED
                return [NotPainted(rows[0].key, fault, f"{type(error).__name__}: {error}"[:500])]
            half = len(rows) // 2
            return [*self._try(rows[:half], size), *self._try(rows[half:], size)]
        return [Painted(row.key, picture, size) for row, picture in zip(rows, pictures[: len(rows)], strict=True)]


@dataclass(frozen=True)
class BatchPainterSpec:
    """A painter and its largest batch, as something that is loaded once per process."""

    painter: PainterSpec
    at_once: int

    def load(self) -> BatchPainter:
        """The painter, which has learnt nothing yet of what fits."""
        return BatchPainter(loaded(self.painter), self.at_once)


def batch_painter(spec: PainterSpec, at_once: int) -> BatchPainter:
    """The studio of this process for a painter: weights and what was learnt stay from task to task."""
    return loaded(BatchPainterSpec(spec, at_once))
