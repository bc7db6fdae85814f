"""What a stage wants of pictures, and what it gets: two kinds of request, each answered by its own record.

An `ImageRequest` is answered by `Candidates`: files, whatever they are worth. A `ScoreRequest` of such files is
answered by `Scores`. They are two, so that another scorer or threshold never costs a picture. All of it is JSON:
requests and answers are stored.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias, TypeVar

from pydantic import Field

from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.wardrobe import Clothing


class Module(StrEnum):
    """Where a picture comes from."""

    P_T2I = "p-t2i"  # painted, with the face of a given person
    T2I = "t2i"  # painted from words
    RETRIEVAL = "retrieval"  # from an index of pictures
    WEB = "web"


class Person(Record):
    """Somebody who is to be shown: an adult, and synthetic."""

    age: int = Field(ge=18)
    traits: FixedTraits
    clothing: Clothing | None = Field(None, description="for the face image itself")
    face: str = Field("", description="path of the face image; empty: that image is what is being made")


class ImageRequest(Record):
    """A picture to be made or found. `seeds` are filled in by the engine: one for each of `count` paintings."""

    kind: Literal["wish"] = "wish"
    module: Module
    prompt: str = Field("", description="for painters; p-t2i: exactly one '<class word> img'")
    negative: str = ""
    query: str = Field("", description="for retrieval and web")
    count: int = Field(1, ge=1, le=50, description="paintings, or results of each source at most")
    width: int = Field(1024, description="px, of a painting")
    height: int = Field(1024, description="px, of a painting")
    person: Person | None = None
    seeds: tuple[int, ...] = ()


class Candidate(Record):
    """One image that came of a request, or why there is none (`fault`)."""

    path: str = Field("", description="images/ab/<sha256>.<jpg|png> below storage.files; empty: no picture")
    sha256: str = ""
    bytes: int = 0
    width: int = Field(0, description="px")
    height: int = Field(0, description="px")
    seed: int | None = Field(None, description="of a painting")
    at_once: int | None = Field(None, description="paintings in one batch; rounding depends on it")
    caption: str = Field("", description="what its source says it shows")
    source: str = Field("", description="model, index or site")
    page: str = Field("", description="where a web picture is shown")
    licence: str | None = None
    licence_url: str | None = None
    creator: str | None = None
    found_score: float | None = Field(None, description="of the search: cosine of an index; null: it gives none")
    fault: str = Field("", description="why there is no picture")
    detail: str = Field("", max_length=500)


class Candidates(ReplySchema):
    """What came of a request, best first where the source has an order."""

    candidates: list[Candidate] = Field(default_factory=list)


class ScoreRequest(Record):
    """Pictures to be rated against a text, and against what was said around."""

    kind: Literal["rate"] = "rate"
    paths: tuple[str, ...]
    captions: tuple[str, ...] = Field(description="of each picture; the offline rater reads nothing else")
    description: str = Field(description="what the picture is to show")
    turns: str = Field("", description="what was said before it; empty: not rated")
    of_person: bool = Field(False, description="whether likeness to a face will be asked: the embedding is kept")


class ImageScore(Record):
    """One picture's scores; null where there is no such scorer."""

    text_score: float | None = Field(None, description="picture against description, in the scorer's range")
    turn_score: float | None = Field(None, description="picture against the turns before it")
    nsfw: float | None = Field(None, ge=0, le=1)
    phash: str | None = Field(None, description="perceptual hash, 16 hex digits")
    faces: int | None = Field(None, description="faces found")
    embedding: list[float] | None = Field(None, description="unit vector, for likeness")
    reason: str = Field("", description="what a judge says of it")
    fault: str = Field("", description="why there are no scores: the file is missing or no picture")


class Scores(ReplySchema):
    """Ratings in the order of the paths."""

    ratings: list[ImageScore] = Field(default_factory=list)


ImageTask: TypeAlias = ImageRequest | ScoreRequest
ImageResult: TypeAlias = Candidates | Scores


def kind_of(order: ImageTask) -> str:
    """The module of an image request, else `rate`: tasks of one kind are worked on by one model."""
    return order.module.value if isinstance(order, ImageRequest) else order.kind


Whole = TypeVar("Whole")


def as_is(answer: Whole) -> Whole:
    """An answer to which nothing is left to do."""
    return answer


@dataclass(frozen=True)
class Unavailable:
    """No answer this time: out of memory, a busy site, a dead line. Nobody's verdict; asked again by the next run.

    tried: whether it was tried as often as makes sense in this run.
    """

    kind: str
    detail: str
    tried: bool = False


Finish: TypeAlias = Callable[[], ImageResult | Unavailable]


class ImageBackend(Protocol):
    """Answers orders. One per Python worker; called by one thread at a time."""

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        """What needs the device of each order, by its place among `orders`, as it comes; and a function for the rest.

        The rest (encoding, hashing, writing, fetching) is done by calling that function, once, on any thread; it may
        raise StorageError.

        Raises:
            DeviceLost: no further call in this process can succeed; what was given so far can be finished.
        """
        ...

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        """Orders that are begun after those of the next `begin`: what can be read for them is, beside the device."""
        ...

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        """The answer to each task, in their order: `Candidates` to an image request, `Scores` to a score request.

        Raises:
            DeviceLost: no further call in this process can succeed.
        """
        ...


class ImageBackendSpec(Hashable, Protocol):
    """A picklable description of an image backend; workers load it by `loaded`."""

    @property
    def provider(self) -> str:
        """Who makes the pictures, as the tables say it: `offline` for drawings, else `models`."""
        ...

    @property
    def at_once(self) -> int:
        """Orders that are worth being worked on together."""
        ...

    def identity(self, order: ImageTask) -> dict[str, Json]:
        """What an answer depends on beside the order: models, revisions, indexes; part of its key."""
        ...

    def models(self) -> dict[str, Json]:
        """All that any identity may hold: where it changes, every unit is looked at again."""
        ...

    def load(self) -> ImageBackend:
        """The backend; a model is loaded when the first task needs it."""
        ...
