"""A stage is a frozen value: what it reads, asks, parses and writes. `engine.run` does the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from pyspark.sql import DataFrame

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.checking.measures import Measure
from stark_udfs.engine.images.policy import accesses_of, judge_of, search_terms, servers_by
from stark_udfs.engine.images.replay import ImageReplay
from stark_udfs.engine.replay import ChatReplay, UnitReplay
from stark_udfs.images.requests import ImageBackendSpec, ImageResult, ImageTask, ScoreRequest
from stark_udfs.settings.section import Secrets
from stark_udfs.tables.table import Table

In = TypeVar("In", bound=Record)
Out = TypeVar("Out", bound=Record)
ReplyT = TypeVar("ReplyT", bound=ReplySchema)

Frames = Mapping[str, DataFrame]


@dataclass(frozen=True)
class Unique:
    """Rows whose `on` is equal within equal `within` are one row; from word-set Jaccard similarity `near` on, too."""

    on: str
    within: str
    near: float | None


@dataclass(frozen=True)
class Check:
    """An expectation about a table after its stage: `measure` gives one number.

    The run goes on whatever it says; `checks` keeps `low`, the value and `high`. `kind` says where the bounds come
    from: "expected" (ours), "paper", or "set" (a number that the settings asked for). The check is made from `least`
    rows on. An invariant (`Exact`) fails in one row; all else fails where a bound lies outside the 95 % interval of
    what was measured. Rows of equal `unit` count as one observation. `over` makes the rows that it looks at from the
    stage's own table and those that it reads, by name; None: the stage's own table. `example` is SQL for the id of a
    row that should be looked at, null for the others: a few are kept with the result, at most one of a unit. Only
    shares and means have them.
    """

    name: str
    measure: Measure
    low: float | None = None
    high: float | None = None
    kind: str = "expected"
    least: int = 1
    over: Callable[[Frames], DataFrame] | None = None
    unit: str = "unit_key"
    example: str | None = None


@dataclass(frozen=True)
class Source:
    """A table of the user's, outside of the warehouse, that a stage reads and that may change between runs.

    version: what tells its present version from every other, as text; None: the stage's settings tell it.
    since: the rows that `select` gives of what came after a version; None: that cannot be told, and all are read.
    mark: the column, and its value, by which a row of the stage's table is known to have come from this source.
    """

    version: Callable[[], str | None]
    since: Callable[[str], DataFrame | None]
    mark: tuple[str, str]


@dataclass(frozen=True)
class Ranking:
    """Stages that choose among all rows of a table: one row more or less, and they choose, and pay for, others.

    instead: the way out that a user is told.
    """

    stages: tuple[str, ...]
    instead: str


@dataclass(frozen=True)
class TableStage:
    """Rows made by column expressions alone.

    settings: every setting that `select` looks at, as JSON: part of the stage's fingerprint.
    preflight: what has to be there before Spark starts; raises a StarkError that names what is missing.
    may_read: tables that `select` gets without rows where their stages have not run.
    derived: rows that are not selected any more are removed; otherwise they stay.
    rejects: rows that were not made: `unit_key`, `position`, `reason`, `detail`, `key`.
    source: the user's own table that `select` reads.
    ranking: who must not see rows come or go once they have asked.
    """

    name: str
    reads: tuple[Table, ...]
    select: Callable[[Frames], DataFrame]
    writes: Table
    settings: Mapping[str, Json]
    may_read: tuple[Table, ...] = ()
    derived: bool = False
    rejects: Callable[[Frames], DataFrame] | None = None
    checks: tuple[Check, ...] = ()
    preflight: Callable[[Secrets], None] | None = None
    source: Source | None = None
    ranking: Ranking | None = None


@dataclass(frozen=True)
class ExampleUnit:
    """One unit of usual size, from which `stark plan` estimates where nothing was asked before.

    Attributes:
        row: of the stage's record `each`.
        replies: those of all rounds of the unit.
        units: how many units the settings lead to; None: only the tables tell.
    """

    row: Record
    replies: tuple[ReplySchema, ...]
    units: int | None = None


@dataclass(frozen=True)
class ChatStage(Generic[In, ReplyT, Out]):
    """Rows made by asking a chat model, one unit of work per row of `select`.

    select: column expressions only; gives exactly the columns of `each`.
    unit: the column of `each` that names the unit of work.
    order: the column of `each` by which units come first; None: by unit key.
    ask: pure; the next prompt, given the accepted replies of the rounds so far; None when done.
    parse: pure; one item each, rows and rejects in the order of the replies. Bad replies and re-asks never reach it;
        a round that stays bad ends the unit, and `parse` sees the rounds before it.
    take: rows kept per unit, the first by hash of the key, after `unique`; None: all.
    settings: every setting that ask and parse look at, as JSON. A change makes every unit be replayed.
    scope: every setting that only `select` looks at, as JSON. A change makes the stage look for new and changed rows.
    example: a unit of usual size; without it a plan cannot tell what the stage costs before it was asked.
    optional: whether a `select` without rows is in order, as where a share of rows is drawn; else it is an error.
    """

    name: str
    reads: tuple[Table, ...]
    select: Callable[[Frames], DataFrame]
    each: type[In]
    unit: str
    ask: Callable[[In, Sequence[ReplyT]], Prompt | None]
    parse: Callable[[In, Sequence[ReplyT]], Sequence[Out | Reject]]
    writes: Table
    chat: ChatPolicy
    settings: Mapping[str, Json]
    scope: Mapping[str, Json] = field(default_factory=dict)
    order: str | None = None
    take: int | None = None
    unique: Unique | None = None
    checks: tuple[Check, ...] = ()
    example: ExampleUnit | None = None
    preflight: Callable[[Secrets], None] | None = None
    optional: bool = False

    @property
    def provider(self) -> str:
        """Who writes the rows."""
        return self.chat.model.provider

    @property
    def currency(self) -> str:
        """Of the model's price."""
        return self.chat.model.price.currency

    @property
    def basis(self) -> dict[str, Json]:
        """What the rows depend on beside code, settings and input: model and parameters."""
        model = self.chat.model
        return {
            "provider": model.provider,
            "name": model.name,
            "json_schema": model.json_schema,
            "token_limit": model.token_limit,
            "parameters": dict(self.chat.parameters),
            "reply_tokens": self.chat.reply_tokens,
            "reasks": self.chat.reasks,
            "seed": self.chat.seed,
        }

    def script(self) -> UnitReplay:
        """What executors need of it."""
        return ChatReplay(self.name, self.each, self.writes.record, self.ask, self.parse, self.chat)


@dataclass(frozen=True, kw_only=True)
class ImageStage(Generic[In, Out]):
    """Rows made by wishing for pictures and rating them, one unit of work per row of `select`.

    It runs as a chat stage does: orders are keyed and their answers stored, so that nothing is painted twice, a killed
    run goes on, and another threshold or scorer costs no picture.

    select, unit, order, take, unique, settings, scope, optional: as of a chat stage.
    request: pure; the next order, given the answers so far; None when done.
    parse: pure; one item each, given all answers; called without any, too.
    seed: root of the paintings' seeds.
    gpus: that a task asks Spark for; 0: none.
    searches: whether its orders may go to the web, where a question can cost money.
    paintings: pictures that a unit is usually painted, for what an image server will cost.
    """

    name: str
    reads: tuple[Table, ...]
    select: Callable[[Frames], DataFrame]
    each: type[In]
    unit: str
    request: Callable[[In, Sequence[ImageResult]], ImageTask | None]
    parse: Callable[[In, Sequence[ImageResult]], Sequence[Out | Reject]]
    writes: Table
    backend: ImageBackendSpec
    seed: int
    settings: Mapping[str, Json]
    gpus: float = 0.0
    searches: bool = False
    paintings: int = 1
    scope: Mapping[str, Json] = field(default_factory=dict)
    order: str | None = None
    take: int | None = None
    unique: Unique | None = None
    checks: tuple[Check, ...] = ()
    preflight: Callable[[Secrets], None] | None = None
    optional: bool = False

    @property
    def provider(self) -> str:
        """Who makes the pictures."""
        return self.backend.provider

    @property
    def currency(self) -> str:
        """Of what the search provider and image servers cost; none where nothing is paid: pictures cost time."""
        painted = next((one.price.currency for one in accesses_of(self.backend) if one.price.currency), "")
        return painted or (search_terms(self.backend).currency if self.searches else "")

    @property
    def price(self) -> float:
        """Of a question to the search provider, in `currency`."""
        return search_terms(self.backend).price if self.searches else 0.0

    @property
    def picture_price(self) -> float:
        """Of a picture of an image server, the dearest kind, and of a judge's verdict on it, at most; in `currency`."""
        prices = [server.price(module) for module, server in servers_by(self.backend).items()]
        judge = judge_of(self.backend)
        verdict = judge.cost(*judge.tokens(ScoreRequest(paths=(), captions=(), description=""))) if judge else 0.0
        return max(prices, default=0.0) + verdict

    @property
    def basis(self) -> dict[str, Json]:
        """What the rows depend on beside code, settings and input. Models are part of each order's key."""
        return {"provider": self.backend.provider, "models": self.backend.models(), "seed": self.seed}

    def script(self) -> ImageReplay:
        """What executors need of it."""
        return ImageReplay(
            self.name, self.each, self.writes.record, self.request, self.parse, self.backend, self.seed, self.gpus
        )


AnyChatStage: TypeAlias = ChatStage[Any, Any, Any]  # the engine moves rows of every kind
AnyImageStage: TypeAlias = ImageStage[Any, Any]
UnitStage: TypeAlias = AnyChatStage | AnyImageStage  # rows come of replies, unit by unit
Stage: TypeAlias = TableStage | UnitStage


def tables_read(stage: Stage) -> tuple[Table, ...]:
    """Every table whose new version makes the stage run again."""
    return (*stage.reads, *stage.may_read) if isinstance(stage, TableStage) else stage.reads
