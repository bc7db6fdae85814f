import io
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stark_udfs.images.decode import Bounds, pixels_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.reading import AHEAD, LEAST_SIDE, PictureReader, in_threads, worth_reading


def jpeg(width: int, height: int, quality: int = 90) -> bytes:
    y, x = np.mgrid[0:height, 0:width]
    shown = np.stack([x * 255 / width, y * 255 / height, (x + y) % 256], axis=-1).astype(np.uint8)
    data = io.BytesIO()
    Image.fromarray(shown).save(data, "JPEG", quality=quality)
    return data.getvalue()


def describe_a_picture_at_less_than_its_size():
    @pytest.mark.parametrize(
        ("size", "side", "shape"),
        [
            ((1024, 1024), 448, (512, 512)),
            ((1024, 768), 448, (768, 1024)),  # a half would have 384
            ((2048, 1800), 448, (450, 512)),
            ((300, 300), 448, (300, 300)),
            ((1024, 1024), None, (1024, 1024)),
        ],
    )
    def it_has_as_many_pixels_as_the_model_sees(size: tuple[int, int], side: int | None, shape: tuple[int, int]):
        assert pixels_of(jpeg(*size), Bounds(), side).shape == (*shape, 3)

    def it_shows_the_same():
        whole, half = pixels_of(jpeg(1024, 1024), Bounds()), pixels_of(jpeg(1024, 1024), Bounds(), 448)
        small = Image.fromarray(whole).resize((512, 512), Image.Resampling.BOX)
        assert np.abs(np.asarray(small).astype(int) - half).mean() < 4

    def it_is_bounded_by_what_the_file_says():
        assert "pixels" in pixels_of(jpeg(1024, 1024), Bounds(pixels=1000), 448).detail

    def it_stays_upright():
        data = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.open(io.BytesIO(jpeg(1024, 2048))).save(data, "JPEG", exif=exif)
        assert pixels_of(data.getvalue(), Bounds(), 448).shape == (512, 1024, 3)


def describe_worth_reading():
    def it_is_the_most_that_any_model_sees_and_never_little():
        assert worth_reading([224, 336]) == LEAST_SIDE
        assert worth_reading([224, 512]) == 512
        assert worth_reading([]) == LEAST_SIDE

    def a_model_that_does_not_say_sees_all():
        assert worth_reading([336, None]) is None


def describe_the_reader():
    def it_reads_equal_paths_once_and_tells_faults(tmp_path: Path):
        files = ImageFiles(str(tmp_path))
        path = files.put(jpeg(64, 64), "jpg").path
        first, again, gone = PictureReader(files).read([path, path, "images/00/x.jpg"], None)
        assert first is again
        assert gone == "foreign"

    def what_was_read_ahead_is_not_read_again(tmp_path: Path):
        files = ImageFiles(str(tmp_path))
        path = files.put(jpeg(64, 64), "jpg").path
        reader = PictureReader(files)
        reader.ahead([path], 448)
        while not all(future.done() for future in reader._coming.values()):
            time.sleep(0.01)
        (tmp_path / path).unlink()
        assert not isinstance(reader.read([path], 448)[0], str)
        assert reader.read([path], 448) == ["missing"]

    def no_more_than_so_many_wait(tmp_path: Path):
        reader = PictureReader(ImageFiles(str(tmp_path)))
        reader.ahead((f"{number}" for number in range(3 * AHEAD)), 448)
        assert len(reader._coming) == AHEAD


def describe_in_threads():
    def rows_keep_their_order_and_few_are_under_way():
        begun: list[int] = []

        def make(row: int) -> int:
            begun.append(row)
            return row * 2

        made = in_threads(range(100), make, readers=3)
        assert next(made) == 0
        time.sleep(0.05)
        assert len(begun) <= 3 + 2 + 1
        assert list(made) == [row * 2 for row in range(1, 100)]

    def they_run_beside_each_other():
        both = threading.Barrier(2, timeout=20)
        assert list(in_threads(range(2), lambda row: both.wait() >= 0, readers=2)) == [True, True]

    def what_goes_wrong_is_raised():
        with pytest.raises(ZeroDivisionError):
            list(in_threads([1, 0], lambda row: 1 / row))
