"""The backend of the demo: draws what is wished for, searches a drawn shelf, and rates by words. No model, no network.

Everything says that it is drawn: the mark in the picture, the note in the file, `source`, and `provider` in the tables.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stark_udfs.core.ids import Json
from stark_udfs.demo.drawings.avatar import avatar
from stark_udfs.demo.drawings.catalogue import CREATOR, LICENCE, LICENCE_URL, SOURCE, DemoCatalogue, DemoWebSearch
from stark_udfs.demo.drawings.rating import EMBEDDER, SCORER, head_colours, overlap
from stark_udfs.demo.drawings.scene import Portrait, scene_card
from stark_udfs.images.candidates import from_strangers, kept, kept_or_not, of_image, read_picture
from stark_udfs.images.decode import Picture
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.photomaker.trigger import without_person, without_trigger
from stark_udfs.images.phash import phash
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
)

DRAWINGS = 1  # raised when drawings or captions change: what was drawn before is then drawn anew
DRAWN = "offline drawing"


@dataclass(frozen=True)
class OfflineBackendSpec:
    """Drawings under `files`, the URI of `storage.files`."""

    provider: ClassVar[str] = "offline"

    files: str
    at_once: int = 8

    def identity(self, order: ImageTask) -> dict[str, Json]:
        """See `ImageBackendSpec.identity`."""
        parts = (
            ["drawings"] if isinstance(order, ImageRequest) else ["scorer", *(["likeness"] if order.of_person else [])]
        )
        models = self.models()
        return {name: models[name] for name in ("provider", *parts)}

    def models(self) -> dict[str, Json]:
        """See `ImageBackendSpec.models`."""
        return {"provider": self.provider, "drawings": DRAWINGS, "scorer": SCORER, "likeness": EMBEDDER}

    def load(self) -> "OfflineBackend":
        """The backend; nothing has to be loaded."""
        return OfflineBackend(ImageFiles(self.files))


@dataclass(frozen=True)
class OfflineBackend:
    """Answers orders with drawings; a painting's width and height are the drawing's own."""

    files: ImageFiles

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        """See `ImageBackend.work`; StorageError if files cannot be written or read at all."""
        return [self._answer(order) for order in orders]

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        """See `ImageBackend.begin`; nothing needs a device."""
        for place, order in enumerate(orders):
            yield place, partial(self._answer, order)

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        """See `ImageBackend.ahead`; nothing is read beside a device that nobody needs."""

    def _answer(self, order: ImageTask) -> ImageResult | Unavailable:
        return self._find(order) if isinstance(order, ImageRequest) else self._rate(order)

    def _find(self, wish: ImageRequest) -> Candidates:
        query = wish.query or wish.prompt
        if refusal := from_strangers(wish):
            return refusal
        if wish.module is Module.RETRIEVAL:
            return Candidates(candidates=self._retrieved(query, wish.count))
        if wish.module is Module.WEB:
            return Candidates(candidates=asyncio.run(self._searched(query, wish.count)))
        return Candidates(candidates=[self._painted(wish, seed) for seed in wish.seeds])

    def _painted(self, wish: ImageRequest, seed: int) -> Candidate:
        told = Candidate(seed=seed, caption=without_trigger(wish.prompt), source=DRAWN)
        return kept(self.files, drawing(wish, seed), told)

    def _retrieved(self, query: str, count: int) -> list[Candidate]:
        shelf = DemoCatalogue()
        shared = Candidate(source=SOURCE, licence=LICENCE, licence_url=LICENCE_URL, creator=CREATOR)
        found = []
        for hit in shelf.search(query, count):
            told = shared.model_copy(update={"caption": hit.caption, "found_score": round(hit.score, 6)})
            found.append(kept(self.files, shelf.picture(hit.scene), told))
        return found

    async def _searched(self, query: str, count: int) -> list[Candidate]:
        web = DemoWebSearch()
        images = await web.search(query, count)
        return [kept_or_not(self.files, await web.fetch(image.url), of_image(image)) for image in images]

    def _rate(self, rate: ScoreRequest) -> Scores:
        pairs = zip(rate.paths, rate.captions, strict=True)
        return Scores(ratings=[self._rating(path, caption, rate) for path, caption in pairs])

    def _rating(self, path: str, caption: str, rate: ScoreRequest) -> ImageScore:
        picture = read_picture(self.files, path)
        if isinstance(picture, str):
            return ImageScore(fault=picture)
        return ImageScore(
            text_score=round(overlap(caption, rate.description), 6),
            turn_score=round(overlap(caption, rate.turns), 6) if rate.turns else None,
            phash=phash(picture),
            embedding=head_colours(picture) if rate.of_person else None,
        )


def drawing(wish: ImageRequest, seed: int) -> Picture:
    """A face where one is wished for, else a scene, in which the person stands who is to be shown."""
    caption, person = without_trigger(wish.prompt), wish.person
    if person is None:
        return scene_card(caption, seed)
    if wish.module is Module.T2I:
        return avatar(person.traits, person.age, seed, person.clothing)
    portrait = Portrait(person.traits, person.age, person.clothing)
    return scene_card(without_person(wish.prompt), seed, portrait, caption=caption)
