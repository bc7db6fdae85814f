"""The image backend of real models: each image task goes to the executor of its kind."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, Protocol

from stark_udfs.core.ids import Json
from stark_udfs.images.candidates import from_strangers, nowhere
from stark_udfs.images.executors.paint import PaintExecutor
from stark_udfs.images.executors.rate import RateExecutor
from stark_udfs.images.executors.retrieve import RetrieveExecutor
from stark_udfs.images.executors.web import WebExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.model_fingerprint import fingerprint_facts
from stark_udfs.images.models.image_server import ImageServerSpec
from stark_udfs.images.models.judge import JudgeSpec
from stark_udfs.images.protocols import EmbedderSpec, FaceFinderSpec, PainterSpec, ScorerSpec
from stark_udfs.images.requests import (
    Candidates,
    Finish,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    ScoreRequest,
    Unavailable,
    as_is,
)
from stark_udfs.images.retrieval.index_store import IndexSpec
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.results import SearchApi, SearchTerms, WebImage
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.search import SearchRules
from stark_udfs.images.web.throttle import Turns


@dataclass(frozen=True)
class NamedPainter:
    """A painter, and the source that its images name.

    triggered: whether it reads the trigger word of a personalised prompt.
    """

    name: str
    spec: PainterSpec
    triggered: bool = False


@dataclass(frozen=True)
class ModelBackendSpec:
    """Models, indexes and a web search; what is None is not there, and says so.

    files: URI of storage.files.
    at_once: paintings in one batch.
    terms: of the provider in `web`.
    """

    provider: ClassVar[str] = "models"

    files: str
    painter: NamedPainter
    personal: NamedPainter
    clip: EmbedderSpec
    indexes: tuple[IndexSpec, ...] = ()
    web: SearchApi | None = None
    search: SearchRules = field(default_factory=SearchRules)
    fetch: FetchRules = field(default_factory=FetchRules)
    terms: SearchTerms = field(default_factory=SearchTerms)
    scorer: ScorerSpec | None = None
    nsfw: ScorerSpec | None = None
    detector: FaceFinderSpec | None = None
    likeness: EmbedderSpec | None = None
    at_once: int = 8

    def identity(self, order: ImageTask) -> dict[str, Json]:
        """See `ImageBackendSpec.identity`."""
        models = self.models()
        return {name: models[name] for name in ("provider", *parts_of(order)) if name in models}

    def models(self) -> dict[str, Json]:
        """See `ImageBackendSpec.models`."""
        parts: dict[str, object] = {
            "provider": self.provider,
            "painter": self.painter.spec,
            "personal": self.personal.spec,
            "clip": self.clip,
            "indexes": tuple((index.source, index.version) for index in self.indexes),
            "web": self.web,
            "scorer": self.scorer,
            "nsfw": self.nsfw,
            "detector": self.detector,
            "likeness": self.likeness,
        }
        return {name: fingerprint_facts(part) for name, part in parts.items() if part is not None}

    def server(self, module: Module) -> ImageServerSpec | None:
        """The image server that paints for a module, if one does."""
        spec = {Module.T2I: self.painter, Module.P_T2I: self.personal}.get(module)
        return spec.spec if spec is not None and isinstance(spec.spec, ImageServerSpec) else None

    def load(self) -> "ModelBackend":
        """The backend; a model is loaded when the first task needs it."""
        files, pictures, robots = ImageFiles(self.files), Turns(self.fetch.interval_s), RobotsCache()
        makers: dict[Module, Maker] = {
            module: PaintExecutor(named.spec, self.at_once, files, source=named.name, triggered=named.triggered)
            for module, named in ((Module.T2I, self.painter), (Module.P_T2I, self.personal))
        }
        if self.indexes:
            makers[Module.RETRIEVAL] = RetrieveExecutor(self.clip, self.indexes, self.fetch, files, pictures, robots)
        if self.web is not None:
            questions = Turns(self.search.interval_s)
            makers[Module.WEB] = WebExecutor(self.web, self.search, self.fetch, files, questions, pictures, robots)
        here = None if isinstance(self.scorer, JudgeSpec) else self.scorer
        return ModelBackend(makers, RateExecutor(files, here, self.nsfw, self.detector, self.likeness))


def parts_of(order: ImageTask) -> tuple[str, ...]:
    """Which of `ModelBackendSpec.models` have a part in an answer."""
    if isinstance(order, ScoreRequest):
        return ("scorer", "nsfw", "detector", *(["likeness"] if order.of_person else []))
    return {
        Module.T2I: ("painter",),
        Module.P_T2I: ("personal",),
        Module.RETRIEVAL: ("clip", "indexes"),
        Module.WEB: ("web",),
    }[order.module]


class Maker(Protocol):
    """Answers image requests of one module."""

    def work(self, wishes: Sequence[ImageRequest]) -> list[Candidates | Unavailable]:
        """The answer to each request, in their order."""
        ...

    def begin(self, wishes: Sequence[ImageRequest]) -> Iterator[tuple[int, Finish]]:
        """See `ImageBackend.begin`."""
        ...


@dataclass(frozen=True)
class ModelBackend:
    """Answers image tasks with models; a module without a maker is one for which the settings name no source."""

    makers: Mapping[Module, Maker]
    rater: RateExecutor

    def work(self, orders: Sequence[ImageTask]) -> list[ImageResult | Unavailable]:
        """See `ImageBackend.work`; StorageError if files or an index cannot be used at all."""
        kinds = ByKind.of(orders)
        answers: dict[int, ImageResult | Unavailable] = dict(kinds.refused)
        for module, wished in kinds.wishes.items():
            answers.update(zip(wished, self._make(module, list(wished.values())), strict=True))
        answers.update(zip(kinds.rates, self.rater.work(list(kinds.rates.values())), strict=True))
        return [answers[place] for place in range(len(orders))]

    def begin(self, orders: Sequence[ImageTask]) -> Iterator[tuple[int, Finish]]:
        """See `ImageBackend.begin`; StorageError if an index cannot be used at all."""
        kinds = ByKind.of(orders)
        for place, refusal in kinds.refused.items():
            yield place, partial(as_is, refusal)
        for module, wished in kinds.wishes.items():
            yield from placed(wished, self._begin(module, list(wished.values())))
        yield from placed(kinds.rates, self.rater.begin(list(kinds.rates.values())))

    def ahead(self, orders: Sequence[ImageTask]) -> None:
        """See `ImageBackend.ahead`; of pictures that are to be rated."""
        self.rater.ahead([order for order in orders if isinstance(order, ScoreRequest)])

    def fetch_all(self, images: Sequence[WebImage]) -> Candidates | Unavailable:
        """The answer to a request for which a search found these; StorageError if files cannot be written at all."""
        maker = self.makers[Module.WEB]
        assert isinstance(maker, WebExecutor)
        return maker.fetch_all(images)

    def _begin(self, module: Module, wishes: Sequence[ImageRequest]) -> Iterator[tuple[int, Finish]]:
        maker = self.makers.get(module)
        if maker is not None:
            yield from maker.begin(wishes)
        else:
            for number, nothing in enumerate(self._make(module, wishes)):
                yield number, partial(as_is, nothing)

    def _make(self, module: Module, wishes: Sequence[ImageRequest]) -> Sequence[Candidates | Unavailable]:
        maker = self.makers.get(module)
        if maker is None:
            return [nowhere(f"{module.value}: the settings name no source for it")] * len(wishes)
        return maker.work(wishes)


@dataclass(frozen=True)
class ByKind:
    """Image tasks by who answers them, each by its index among all.

    A module without a request has no entry, so that its models are not loaded.
    """

    wishes: Mapping[Module, Mapping[int, ImageRequest]]
    rates: Mapping[int, ScoreRequest]
    refused: Mapping[int, Candidates]

    @classmethod
    def of(cls, orders: Sequence[ImageTask]) -> "ByKind":
        """The tasks, sorted; a request to find a person of ours among strangers is refused."""
        wishes: dict[Module, dict[int, ImageRequest]] = {}
        rates: dict[int, ScoreRequest] = {}
        refused: dict[int, Candidates] = {}
        for place, order in enumerate(orders):
            if isinstance(order, ScoreRequest):
                rates[place] = order
            elif refusal := from_strangers(order):
                refused[place] = refusal
            else:
                wishes.setdefault(order.module, {})[place] = order
        return cls(wishes, rates, refused)


def placed(places: Iterable[int], begun: Iterator[tuple[int, Finish]]) -> Iterator[tuple[int, Finish]]:
    """What was begun, by its index among all tasks instead of among its own kind."""
    of = list(places)
    for number, finish in begun:
        yield of[number], finish
