"""How busy a device is kept: `python -m bench.device_busy [--wishes N]`.

The device is simulated: a batch of eight paintings takes it 1.36 s, rating 32 pictures 0.07 s, as one H100 does;
--scale makes all of it faster or slower. Beside it, pictures are encoded and written, decoded for the raters, and
fetched from sites that take their time. Mixed orders of 60 images: painted, some of a person, rated, from an index,
from the web.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from stark_udfs.images.executors.paint import PaintExecutor
from stark_udfs.images.executors.rate import RateExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import Painting, Pixels, Vectors
from stark_udfs.images.requests import (
    Candidates,
    Finish,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    ScoreRequest,
    Unavailable,
)
from stark_udfs.images.worker import ImageWorker

PAINT_S = 1.36 / 8  # of the device, a picture
SCORE_S = 0.07 / 32
EMBED_S = 0.01  # the words of a batch of queries
FETCH_S = 2.0  # a site, a picture
SAMPLES = 4


@dataclass
class Device:
    """Sleeps for as long as a device works, and counts that."""

    scale: float = 1.0
    busy_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, seconds: float) -> None:
        """Be busy; one at a time."""
        with self.lock:
            begun = time.monotonic()
            time.sleep(seconds * self.scale)
            self.busy_s += time.monotonic() - begun


DEVICE = Device()


@cache
def ground_of(side: int) -> Pixels:
    """What pictures are cut out of: soft noise, as wide as a picture and twice as high."""
    noise = np.random.default_rng(1).integers(0, 256, (side // 4, side // 8, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).resize((side, 2 * side)))


@dataclass(frozen=True)
class SleepingPainter:
    """Takes the device's time for noise of the size asked for."""

    def load(self) -> "SleepingPainter":
        """Nothing to load."""
        return self

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        DEVICE.work(PAINT_S * len(paintings))
        side = paintings[0].width
        ground = ground_of(side)
        return np.stack([ground[painting.seed % side :][:side] for painting in paintings])


@dataclass(frozen=True)
class SleepingScorer:
    """Takes the device's time for a score."""

    low: float = 0.0
    high: float = 1.0
    side: int = 336

    def load(self) -> "SleepingScorer":
        """Nothing to load."""
        return self

    def score(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> Vectors:
        """See `Scorer.score`."""
        DEVICE.work(SCORE_S * len(pictures))
        return np.full(len(pictures), 0.5, dtype=np.float32)


@dataclass(frozen=True)
class Mixed:
    """The executors that paint and rate, and a search and an index whose sites are slow."""

    painter: PaintExecutor
    rater: RateExecutor

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        """See `ImageBackend.ahead`."""
        self.rater.ahead([order for order in orders if isinstance(order, ScoreRequest)])

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        """See `ImageBackend.begin`; orders are of one kind."""
        if isinstance(orders[0], ScoreRequest):
            yield from self.rater.begin([order for order in orders if isinstance(order, ScoreRequest)])
        elif orders[0].module is Module.RETRIEVAL:
            DEVICE.work(EMBED_S)
            for place in range(len(orders)):
                yield place, partial(fetched, 1.0)
        else:
            yield from self.painter.begin([order for order in orders if isinstance(order, ImageRequest)])

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        """See `ImageBackend.work`."""
        return [finish() for _, finish in self.begin(orders)]


def fetched(times: float) -> Candidates:
    """What a site answers after its time."""
    time.sleep(FETCH_S * times * DEVICE.scale)
    return Candidates()


@dataclass
class Unit:
    """An image: painted, then rated; or looked for."""

    number: int
    module: Module

    def first(self, side: int) -> ImageRequest:
        """What is asked first."""
        count = SAMPLES if self.module in (Module.T2I, Module.P_T2I) else 1
        seeds = tuple(self.number * SAMPLES + at for at in range(count))
        return ImageRequest(
            module=self.module, prompt=f"image {self.number}", query="q", width=side, height=side, seeds=seeds
        )


def measure(folder: Path, wishes: int, *, side: int, at_once: int) -> dict[str, float]:
    """Seconds, and the share of them that the device was busy."""
    files = ImageFiles(str(folder))
    backend = Mixed(
        PaintExecutor(SleepingPainter(), at_once, files, source="simulated"), RateExecutor(files, SleepingScorer())
    )
    modules = (Module.T2I, Module.P_T2I, Module.T2I, Module.WEB, Module.P_T2I, Module.RETRIEVAL)
    units = [Unit(number, modules[number % len(modules)]) for number in range(wishes)]
    ground_of(side)
    DEVICE.busy_s, begun, device_until, pictures = 0.0, time.monotonic(), 0.0, 0

    def search(unit: Unit, order: ImageTask) -> Candidates:
        return fetched(1.0)

    with ImageWorker[Unit](backend, at_once=at_once, search=search) as worker:
        coming = iter(units)
        open_units = True
        while open_units or worker.held:
            while open_units and worker.room:
                unit = next(coming, None)
                if unit is None:
                    open_units = False
                else:
                    worker.put(unit, unit.first(side))
            before = DEVICE.busy_s
            for answered in worker.turn():
                if isinstance(answered.answer, Candidates) and answered.answer.candidates:
                    paths = tuple(candidate.path for candidate in answered.answer.candidates)
                    pictures += len(paths)
                    worker.put(
                        answered.unit, ScoreRequest(paths=paths, captions=("",) * len(paths), description="a dog")
                    )
            if DEVICE.busy_s > before:
                device_until = time.monotonic()
    assert worker.failure is None, worker.failure
    seconds = device_until - begun
    return {
        "wishes": wishes,
        "pictures": pictures,
        "seconds": round(seconds, 2),
        "device_busy_s": round(DEVICE.busy_s, 2),
        "share_busy": round(DEVICE.busy_s / seconds, 3),
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.device_busy", description=__doc__)
    parser.add_argument("--wishes", type=int, default=60)
    parser.add_argument("--side", type=int, default=1024, help="px of a painting")
    parser.add_argument("--scale", type=float, default=1.0, help="of all simulated times")
    options = parser.parse_args()
    DEVICE.scale = options.scale
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), options.wishes, side=options.side, at_once=8)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
