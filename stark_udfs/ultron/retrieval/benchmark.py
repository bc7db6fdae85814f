"""What retrieval is measured on: dialogues, the image that each of them leads to, and the images to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stark_udfs.core.errors import InputError


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; an image without words has an empty text."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A dialogue up to the image that is shared next.

    context: oldest turn first; the words that come with the image are its last turn, where there are such.
    target: the `image_id` of the image that was shared.
    group: what queries have in common that are not independent of each other, as a person or a conversation.
    speaker: who shares the image.
    pool: the candidates of this query alone; None: all of the benchmark.
    on: the day of the dialogue.
    memory: what is remembered of the conversations before it.
    """

    query_id: str
    context: tuple[Turn, ...]
    target: str
    group: str = ""
    speaker: str = ""
    pool: tuple[str, ...] | None = None
    on: date | None = None
    memory: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An image that can be retrieved: by its caption, its picture where there is a file, and what is known of it."""

    image_id: str
    caption: str
    path: Path | None = None
    who: tuple[str, ...] = ()
    taken: date | None = None
    where: str = ""


@dataclass(frozen=True)
class Benchmark:
    """Queries and their pool, with what has to be said about them.

    split: of the data, as "test" or "validation"; results of two splits never stand in one table.
    notes: sentences for whoever reads the result: what is missing, which rule made the context.
    """

    name: str
    split: str
    queries: tuple[Query, ...]
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    positions: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions = {candidate.image_id: at for at, candidate in enumerate(self.candidates)}
        object.__setattr__(self, "positions", positions)
        if not self.queries:
            raise InputError(f"{self.title}: there is no query. Is this the right split?")
        if len(positions) < len(self.candidates):
            raise InputError(f"{self.title}: an image_id stands twice in the pool.")
        for query in self.queries:
            pool = positions if query.pool is None else query.pool
            if query.target not in positions or query.target not in pool:
                raise InputError(f"{self.title}: image {query.target} of query {query.query_id} is not in its pool.")

    @property
    def title(self) -> str:
        """Name and split."""
        return f"{self.name} ({self.split})"

    def targets(self, queries: Sequence[Query]) -> list[int]:
        """The positions of the images that were shared."""
        return [self.positions[query.target] for query in queries]
