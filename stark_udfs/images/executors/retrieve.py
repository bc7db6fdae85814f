"""Finds pictures in indexes: the nearest to the words, from each source."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from stark_udfs.images.candidates import deduplicated_candidates, kept_or_not
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import EmbedderSpec, OutOfMemory, Vectors, loaded
from stark_udfs.images.read_images import Address, read_all
from stark_udfs.images.requests import Candidate, Candidates, ImageRequest, Unavailable, as_is
from stark_udfs.images.retrieval.archives import member_at
from stark_udfs.images.retrieval.index_store import IndexSpec
from stark_udfs.images.retrieval.shards import PictureRow
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.throttle import Turns


@dataclass(frozen=True)
class Nearest:
    """A row of an index, and how near it is to the words: a cosine."""

    score: float
    row: PictureRow
    index: IndexSpec

    @property
    def address(self) -> Address:
        """Where its picture is; in an archive by its place there, if the index knows it."""
        address, row = self.index.address(self.row.path), self.row
        if row.offset is None or row.size is None:
            return address
        return member_at(address, row.offset, row.size) or address

    @property
    def told(self) -> Candidate:
        """The candidate, as far as the index describes it."""
        names = dict.fromkeys(name for name in (self.index.source, self.row.source) if name)
        return Candidate(
            caption=self.row.caption,
            source="/".join(names),
            page=self.row.page,
            licence=self.row.licence or None,
            found_score=round(self.score, 6),
        )


@dataclass(frozen=True)
class RetrieveExecutor:
    """Answers image requests from indexes: `count` candidates of each index, all of them by score.

    fetched: the turns at the hosts of pictures that an index knows by their addresses on the web.
    """

    clip: EmbedderSpec
    indexes: tuple[IndexSpec, ...]
    fetch: FetchRules
    files: ImageFiles
    fetched: Turns
    robots: RobotsCache = field(default_factory=RobotsCache)

    def work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        """The answer to each request.

        Raises:
            DeviceLost: nothing more can be embedded in this process.
            StorageError: an index cannot be used, or files cannot be written at all.
        """
        found = self._nearest_to(wishes)
        return [found] * len(wishes) if isinstance(found, Unavailable) else self._read(found)

    def begin(self, wishes: Sequence[ImageRequest]) -> Iterator[tuple[int, Callable[[], Candidates | Unavailable]]]:
        """The nearest of each request; what is left is to read their images.

        Raises:
            DeviceLost: nothing more can be embedded in this process.
            StorageError: an index cannot be used.
        """
        found = self._nearest_to(wishes)
        for number in range(len(wishes)):
            yield (
                number,
                partial(as_is, found) if isinstance(found, Unavailable) else partial(self._read_one, found[number]),
            )

    def _nearest_to(self, wishes: Sequence[ImageRequest]) -> list[list[Nearest]] | Unavailable:
        if not wishes:
            return []
        try:
            queries = loaded(self.clip).embed_texts([wish.query or wish.prompt for wish in wishes])
        except OutOfMemory as error:
            return Unavailable("out_of_memory", str(error))
        return [self._nearest(queries[at : at + 1], wish.count) for at, wish in enumerate(wishes)]

    def _read_one(self, hits: list[Nearest]) -> Candidates | Unavailable:
        return self._read([hits])[0]

    def _read(self, found: list[list[Nearest]]) -> list[Candidates | Unavailable]:
        addresses = list(dict.fromkeys(near.address for hits in found for near in hits))
        pictures = dict(zip(addresses, read_all(addresses, self.fetch, self.fetched, self.robots), strict=True))
        return [
            deduplicated_candidates([kept_or_not(self.files, pictures[hit.address], hit.told) for hit in hits])
            for hits in found
        ]

    def _nearest(self, query: Vectors, count: int) -> list[Nearest]:
        nearest = []
        for spec in self.indexes:
            index = loaded(spec)
            hits = index.search(query, count)
            scores = {int(at): float(score) for at, score in zip(hits.ids[0], hits.scores[0], strict=True) if at >= 0}
            nearest += [
                Nearest(score, row, spec) for score, row in zip(scores.values(), index.rows(list(scores)), strict=True)
            ]
        return sorted(nearest, key=lambda near: -near.score)
