"""The image stage of the bench: places, pictures of them, and devices that sleep. Executors import it by its name."""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.ids import Json, stable_id
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import Frames, ImageStage, TableStage
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.devices import OWN
from stark_udfs.images.protocols import DeviceLost
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    Finish,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    Unavailable,
    as_is,
)
from stark_udfs.tables.table import Table

PAINT_S = 1.36 / 8  # of a device, an image
SAMPLES = 4  # images of one prompt


class Place(Record):
    """What is painted."""

    place_id: str


class View(Record):
    """An image of a place, and the device that painted it."""

    view_id: str
    place_id: str
    path: str
    device: str


PLACES = Table("places", Place, key=("place_id",))
VIEWS = Table("views", View, key=("view_id",), parents=(("place_id", "places"),))


@dataclass(frozen=True)
class SleepingDevices:
    """A painter on the device that Spark gave its process, else on one of the process's own: sleeps, and logs that."""

    files: str
    log: str
    paint_s: float = PAINT_S
    at_once: int = 8
    provider: str = "simulated"

    def identity(self, order: ImageTask) -> dict[str, Json]:
        """See `ImageBackendSpec.identity`."""
        return {"painter": "sleeping"}

    def models(self) -> dict[str, Json]:
        """See `ImageBackendSpec.models`."""
        return {"painter": "sleeping"}

    def load(self) -> "SleepingDevices":
        """Nothing to load."""
        return self

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        """Nothing is read."""

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        """See `ImageBackend.begin`."""
        for place, answer in enumerate(self.work(orders)):
            yield place, partial(as_is, answer)

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        """See `ImageBackend.work`; DeviceLost where another process is on the device."""
        wishes = [order for order in orders if isinstance(order, ImageRequest)]
        device, begun = str(os.getpid() if OWN.number is None else OWN.number), time.time()
        with (Path(self.log) / f"device-{device}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DeviceLost(f"device {device} is used by two") from error
            images = sum(len(wish.seeds) for wish in wishes)
            time.sleep(self.paint_s * images)
        busy: dict[str, Json] = {"device": device, "images": images, "begun": begun, "ended": time.time()}
        with (Path(self.log) / f"busy-{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(busy) + "\n")
        return [self._painted(wish, device) for wish in wishes]

    def _painted(self, wish: ImageRequest, device: str) -> Candidates:
        files, made = ImageFiles(self.files), []
        for seed in wish.seeds:
            kept = files.put(f"{wish.prompt} {seed}".encode(), "png")
            made.append(
                Candidate(path=kept.path, sha256=kept.sha256, bytes=kept.size, seed=seed, source=f"gpu {device}")
            )
        return Candidates(candidates=made)


def places(count: int, frames: Frames) -> DataFrame:
    """So many rows."""
    return SparkSession.active().range(count).select(F.format_string("place %08d", "id").alias("place_id"))


def select(frames: Frames) -> DataFrame:
    """All of them."""
    return frames["places"].select("place_id")


def request(row: Place, answers: Sequence[ImageResult]) -> ImageTask | None:
    """Some pictures of a place."""
    return None if answers else ImageRequest(module=Module.T2I, prompt=row.place_id, count=SAMPLES)


def parse(row: Place, answers: Sequence[ImageResult]) -> list[View | Reject]:
    """One row each."""
    found = [one for answer in answers if isinstance(answer, Candidates) for one in answer.candidates]
    return [
        View(view_id=stable_id(row.place_id, at), place_id=row.place_id, path=one.path, device=one.source)
        for at, one in enumerate(found)
    ]


def stages(count: int, backend: SleepingDevices) -> tuple[TableStage, ImageStage[Place, View]]:
    """Places and their pictures."""
    return (
        TableStage("places", (), partial(places, count), PLACES, {"count": count}),
        ImageStage(
            name="views",
            reads=(PLACES,),
            select=select,
            each=Place,
            unit="place_id",
            request=request,
            parse=parse,
            writes=VIEWS,
            backend=backend,
            seed=7,
            settings={},
            gpus=1,
        ),
    )
