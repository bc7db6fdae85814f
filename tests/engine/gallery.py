"""An image stage over a table of towns, and a backend that writes small files and a log of what it was asked."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame

from stark_udfs.core.ids import Json, stable_id
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.stage import Frames, ImageStage, TableStage
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import DeviceLost
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    Finish,
    ImageRequest,
    ImageResult,
    ImageScore,
    ImageTask,
    Module,
    ScoreRequest,
    Scores,
    Unavailable,
    as_is,
)
from stark_udfs.tables.table import Table
from tests.engine.toy import TOWNS, Town, Toy, towns


class View(Record):
    view_id: str
    town_id: str
    path: str
    seed: int
    score: float


VIEWS = Table("views", View, key=("view_id",), parents=(("town_id", "towns"),))


@dataclass(frozen=True)
class ToyBackend:
    """Draws one line of text per seed; scores it by its length. What goes wrong is planted.

    lose_at: the n-th batch of all processes loses the device, once.
    busy: towns that cannot be drawn now, while the file `<files>/busy` is there.
    """

    files: str
    scorer: str = "length"
    at_once: int = 4
    lose_at: int = 0
    busy: str = ""
    provider: str = "toy"

    def identity(self, order: ImageTask) -> dict[str, Json]:
        return {"painter": "line"} if isinstance(order, ImageRequest) else {"scorer": self.scorer}

    def models(self) -> dict[str, Json]:
        return {"painter": "line", "scorer": self.scorer}

    def load(self) -> "ToyBackend":
        return self

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        pass

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        log = Path(self.files) / "orders.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as file:
            file.write("".join(json.dumps(order.model_dump(mode="json")) + "\n" for order in orders))
        batches = Path(self.files) / "batches"
        with batches.open("a") as file:
            file.write("x")
        if batches.stat().st_size == self.lose_at:
            raise DeviceLost("planted")
        return [self._one(order) for order in orders]

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        for place, answer in enumerate(self.work(orders)):
            yield place, partial(as_is, answer)

    def _one(self, order: ImageTask) -> ImageResult | Unavailable:
        if isinstance(order, ScoreRequest):
            return Scores(
                ratings=[ImageScore(text_score=len(path) + len(caption)) for path, caption in self._both(order)]
            )
        if self.busy and self.busy in order.prompt and (Path(self.files) / "busy").exists():
            return Unavailable("busy", "planted")
        made = []
        for seed in order.seeds:
            kept = ImageFiles(self.files).put(f"{order.prompt} {seed}".encode(), "png")
            made.append(Candidate(path=kept.path, sha256=kept.sha256, bytes=kept.size, seed=seed, caption=order.prompt))
        return Candidates(candidates=made)

    def _both(self, order: ScoreRequest) -> list[tuple[str, str]]:
        return list(zip(order.paths, order.captions, strict=True))


def request(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
    if row.name.startswith("Ulm"):
        return None
    if not answers:
        return ImageRequest(module=Module.T2I, prompt=f"a view of {row.name}", count=2)
    if len(answers) == 1:
        found = answers[0]
        assert isinstance(found, Candidates)
        return ScoreRequest(
            paths=tuple(c.path for c in found.candidates),
            captions=tuple(c.caption for c in found.candidates),
            description=row.name,
        )
    return None


def parse(least: float, row: Town, answers: Sequence[ImageResult]) -> list[View | Reject]:
    if not answers:
        return [Reject(reason=RejectReason.WITHHELD_MINOR, detail="never shown", key=row.town_id)]
    found, rated = answers
    assert isinstance(found, Candidates)
    assert isinstance(rated, Scores)
    return [
        View(
            view_id=stable_id(row.town_id, place),
            town_id=row.town_id,
            path=candidate.path,
            seed=candidate.seed or 0,
            score=rating.text_score or 0.0,
        )
        if (rating.text_score or 0.0) >= least
        else Reject(reason=RejectReason.NOTHING_USABLE, detail="low", key=stable_id(row.town_id, place))
        for place, (candidate, rating) in enumerate(zip(found.candidates, rated.ratings, strict=True))
    ]


def select(frames: Frames) -> DataFrame:
    return frames["towns"].select("town_id", "name")


def stages(toy: Toy, backend: ToyBackend, least: float = 0.0) -> tuple[TableStage, ImageStage[Town, View]]:
    return (
        TableStage("towns", (), partial(towns, toy), TOWNS, {"towns": toy.towns, "suffix": toy.suffix}),
        ImageStage(
            name="views",
            reads=(TOWNS,),
            select=select,
            each=Town,
            unit="town_id",
            request=request,
            parse=partial(parse, least),
            writes=VIEWS,
            backend=backend,
            seed=7,
            settings={"least": least},
        ),
    )


def orders(files: str) -> list[dict[str, Json]]:
    """What all backends were asked so far, repeats included."""
    return [json.loads(line) for line in (Path(files) / "orders.jsonl").read_text().splitlines()]
