import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from stark_udfs.images.models.batching import BatchPainter, NotPainted, Painted, PaintError, batch_painter
from stark_udfs.images.protocols import DeviceLost, OutOfMemory, Painting, Pixels, Unpaintable


@dataclass(frozen=True)
class Board:
    """A painter that fills a picture with its row's seed, and has room for `room` pictures of 64 × 64."""

    room: int = 100
    bad: tuple[str, ...] = ()
    lost_at: str = ""
    broken: tuple[str, ...] = ()
    calls: list[int] = field(default_factory=list)

    def load(self) -> "Board":
        return self

    def __hash__(self) -> int:
        return hash(self.room)

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        self.calls.append(len(paintings))
        first = paintings[0]
        assert {(row.width, row.height, len(row.faces)) for row in paintings} == {
            (first.width, first.height, len(first.faces))
        }
        if len(paintings) * first.width * first.height > self.room * 64 * 64:
            raise OutOfMemory("full")
        for row in paintings:
            if row.key == self.lost_at:
                raise DeviceLost("gone")
            if row.key in self.bad:
                raise Unpaintable("no trigger")
            if row.key in self.broken:
                raise RuntimeError("shape mismatch")
        return np.stack([np.full((row.height, row.width, 3), row.seed % 256, np.uint8) for row in paintings])


def rows(count: int, side: int = 64, start: int = 0) -> list[Painting]:
    return [Painting(f"{side}-{at}", "a dog", at, side, side) for at in range(start, start + count)]


def describe_paint():
    def it_gives_every_row_its_picture():
        results = list(BatchPainter(Board(), 4).paint(rows(10)))
        assert all(isinstance(result, Painted) for result in results)
        assert {result.key: int(result.pixels[0, 0, 0]) for result in results} == {f"64-{at}": at for at in range(10)}

    def it_always_draws_the_same_number_at_once():
        board = Board()
        results = list(BatchPainter(board, 4).paint(rows(10)))
        assert board.calls == [4, 4, 4]
        assert {result.at_once for result in results} == {4}

    def it_draws_one_form_at_a_time():
        face = np.zeros((8, 8, 3), np.uint8)
        mixed = [
            row
            for trio in zip(
                rows(5),
                rows(5, side=32),
                [dataclasses.replace(r, key=f"f{r.key}", faces=(face,)) for r in rows(5)],
                strict=True,
            )
            for row in trio
        ]
        results = list(BatchPainter(Board(), 4).paint(mixed))
        assert sorted(result.key for result in results) == sorted(row.key for row in mixed)
        assert {result.pixels.shape[0] for result in results} == {64, 32}

    def it_keeps_at_most_one_batch_of_a_form_waiting():
        given = []

        def watched():
            for row in rows(8):
                given.append(row.key)
                yield row

        results = BatchPainter(Board(), 4).paint(watched())
        next(results)
        assert len(given) == 4

    def it_draws_nothing_from_nothing():
        assert list(BatchPainter(Board(), 4).paint([])) == []


def describe_a_full_device():
    def it_halves_the_batch_and_goes_on():
        board = Board(room=3)
        results = list(BatchPainter(board, 8).paint(rows(9)))
        assert [result.key for result in results] == [f"64-{at}" for at in range(9)]
        assert board.calls == [8, 4, 2, 3, 3, 3]
        assert {result.at_once for result in results} == {2, 3}

    def it_remembers_what_fits_by_form():
        board = Board(room=3)
        painted = BatchPainter(board, 8)
        list(painted.paint(rows(8)))
        board.calls.clear()
        assert {result.at_once for result in painted.paint(rows(8, start=8))} == {3}
        assert board.calls == [3, 3, 3]
        assert {result.at_once for result in painted.paint(rows(8, side=32))} == {8}

    @pytest.mark.parametrize(("room", "kept", "calls"), [(7, 6, [8, 4, 6]), (5, 4, [8, 4, 6, 4]), (16, 8, [8, 8])])
    def it_finds_about_the_largest_batch_with_one_more_try(room: int, kept: int, calls: list[int]):
        board = Board(room=room)
        painted = BatchPainter(board, 8)
        list(painted.paint(rows(10)))
        assert board.calls[: len(calls)] == calls
        assert {result.at_once for result in painted.paint(rows(8))} == {kept}

    def it_says_so_when_not_even_one_fits():
        results = list(BatchPainter(Board(room=1), 4).paint([*rows(2), *rows(1, side=128)]))
        assert [result.key for result in results if isinstance(result, Painted)] == ["64-0", "64-1"]
        assert [result for result in results if isinstance(result, NotPainted)] == [
            NotPainted("128-0", PaintError.OUT_OF_MEMORY, "full")
        ]


def describe_a_row_that_fails():
    @pytest.mark.parametrize(
        "bad", [("64-0",), ("64-3",), ("64-1", "64-2"), ("64-9",), tuple(f"64-{at}" for at in range(10))]
    )
    def it_is_data_and_costs_no_other_row(bad: tuple[str, ...]):
        results = list(BatchPainter(Board(bad=bad), 4).paint(rows(10)))
        assert sorted(result.key for result in results) == sorted(f"64-{at}" for at in range(10))
        assert {result.key for result in results if isinstance(result, NotPainted)} == set(bad)
        assert all(result.at_once == 4 for result in results if isinstance(result, Painted))

    def it_says_what_the_model_raised():
        board = Board(bad=("64-0",), broken=("64-1",))
        failed = [result for result in BatchPainter(board, 2).paint(rows(3)) if isinstance(result, NotPainted)]
        assert failed == [
            NotPainted("64-0", PaintError.UNPAINTABLE, "Unpaintable: no trigger"),
            NotPainted("64-1", PaintError.FAILED, "RuntimeError: shape mismatch"),
        ]

    def it_is_an_exception_where_the_device_is_lost():
        results = BatchPainter(Board(lost_at="64-5"), 4).paint(rows(10))
        done = [next(results) for _ in range(4)]
        assert [result.key for result in done] == [f"64-{at}" for at in range(4)]
        with pytest.raises(DeviceLost):
            next(results)


def describe_studio():
    def it_is_one_per_painter_and_process():
        assert batch_painter(Board(room=7), 4) is batch_painter(Board(room=7), 4)
        assert batch_painter(Board(room=7), 4) is not batch_painter(Board(room=7), 2)

    def it_draws_at_least_one_at_once():
        with pytest.raises(ValueError, match="at_once"):
            BatchPainter(Board(), 0)
