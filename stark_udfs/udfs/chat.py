"""`chat_udf`: a chat model as a pandas UDF over a column of prompts, each prompt paid once."""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from pydantic import BaseModel
from pyspark import TaskContext
from pyspark.sql import SparkSession
from pyspark.sql.pandas.functions import pandas_udf

from stark_udfs.calls.limits.server import BrokerAddress
from stark_udfs.calls.partition import Partition, Resources
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.providers.client import connect
from stark_udfs.calls.reply.json_schema import schema_hash
from stark_udfs.calls.request import Prompt
from stark_udfs.calls.sequence import ChatSequence
from stark_udfs.calls.unit import CallUnit, UnitEnd
from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.core.ids import Json, canonical, digest
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.tables.address import located
from stark_udfs.tables.tuning import cores
from stark_udfs.udfs.session import session_of
from stark_udfs.udfs.shapes import ACCOUNT, answer_type, reply_shape
from stark_udfs.udfs.store import ReplyStore, StorePlace

Columns = tuple[pd.Series, ...]
Values = dict[str, Any]

NAME = "udf"  # where a stage's name stands for those of stages
NO_PROMPT = "prompt is null"
ROWS_A_FRAME = 100
LONGEST_S = 0.25  # that an answered row waits for others before it is handed on
ROWS_AHEAD = 10_000  # read beyond the first row that has no answer yet
UNITS_A_SLOT = 2  # while some wait to try again, others use their slots
UNIT_DIGITS = 32
PAUSE = "pause"
_numbers = itertools.count()


class PromptRow(Record):
    """One question. Equal prompts with equal draws are one question."""

    prompt: str
    draw: str


@dataclass(frozen=True)
class ChatTask:
    """What the tasks of one UDF share; picklable."""

    chat: ChatPolicy
    shape: type[ReplySchema]
    system: str
    store: StorePlace
    broker: BrokerAddress
    tasks: int

    def prompt(self, row: PromptRow, replies: Sequence[ReplySchema]) -> Prompt | None:
        """One round."""
        return None if replies else Prompt(self.system, row.prompt, self.shape)

    @property
    def fingerprint(self) -> str:
        """What an answer depends on beside prompt and draw."""
        chat = self.chat
        asked: list[Json] = [chat.model.provider, chat.model.name, dict(chat.parameters), chat.reply_tokens, chat.seed]
        return canonical([*asked, self.system, schema_hash(self.shape)])


def chat_udf(
    settings: RunSettings,
    model: str = "default",
    shape: type[BaseModel] | None = None,
    *,
    system: str = "",
    parameters: Mapping[str, Scalar] | None = None,
    reply_tokens: int = 2048,
    reasks: int = 2,
    spark: SparkSession | None = None,
) -> Callable[..., Any]:
    """A pandas UDF: a prompt column in, a struct out.

    chat = chat_udf(settings, shape=Sentiment, system="You judge reviews.")
    df.withColumn("judged", chat(F.concat(F.lit("Judge: "), "review"))).select("id", "judged.*")

    The struct has the fields of `shape`, or `text`; then `error` (why there is no answer, else null), `tokens_in`,
    `tokens_out` and `money` of all replies that the answer rests on, and `reused`: nothing was paid for it this time.
    A question is paid once, however often and wherever Spark evaluates it; two rows with equal prompts are one
    question. A second column, `chat(prompt, draw)`, tells them apart. No row makes a job fail.

    Args:
        settings: models, limits, and the place of the replies (`storage.files`, which all executors can reach).
        model: a key of `settings.models`.
        shape: a pydantic model of what is asked for; None: text.
        system: the system message.
        parameters: sent as written, over the model's own; None takes one away.
        reply_tokens: the reply limit.
        reasks: further asks after a bad reply, each told the error.
        spark: the session; None: the active one.

    Raises:
        SettingsError: there is no such model.
        SchemaError: the shape has a part that no strict JSON schema or no Spark type can say.
    """
    if model not in settings.models:
        raise SettingsError(f"models.{model}: no such model. Known: {', '.join(sorted(settings.models)) or 'none'}.")
    settings = located(settings)
    asks = ChatStageSettings(model=model, parameters=dict(parameters or {}), reply_tokens=reply_tokens, reasks=reasks)
    chat, replies = ChatPolicy.of(settings, asks), reply_shape(shape)
    kind = answer_type(replies)
    session = session_of(settings, spark)
    task = ChatTask(
        chat=chat,
        shape=replies,
        system=system,
        store=StorePlace.of(settings.storage.files, chat.model.name, settings.storage.journal_append),
        broker=session.broker_for(settings, chat),
        tasks=settings.spark.partitions or cores(session.spark),
    )

    def answered(columns: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        return answers(task, columns)

    made: Callable[..., Any] = pandas_udf(answered, returnType=kind)  # type: ignore[call-overload]
    return made


def answers(task: ChatTask, columns: Iterator[Columns | pd.Series]) -> Iterator[pd.DataFrame]:
    """The answers to the prompts of one task, in their order. A generator: closed early, it keeps what is in flight.

    Raises:
        InputError: the prompt column is no column of text.
        BrokerLost, StorageError: after what was in flight is kept.
    """
    context = TaskContext.get()
    attempt = 0 if context is None else context.taskAttemptId()
    worker = f"{NAME}-{attempt}-{os.getpid()}-{next(_numbers)}"
    store = ReplyStore(task.store)
    means = Resources(
        run_id=worker,
        client=lambda: connect(task.chat.model),
        limiter=lambda: task.broker.limiter(worker=worker, stage=task.chat.model.name, tasks=task.tasks),
        journal=lambda: store,
        workers=UNITS_A_SLOT * task.chat.model.in_flight,
        turn=store.turn,
    )
    window = Window(task)
    with Partition(means) as partition:
        for end in partition.ask(window.units(columns)):
            window.take(end)
            while window.due:
                yield window.frame()
    while window.ready:
        yield window.frame()


@dataclass
class Window:
    """The rows of a task between reading and handing on: asked in any order, handed on in theirs."""

    task: ChatTask
    read: int = 0
    given: int = 0  # rows handed on
    waiting: dict[str, list[int]] = field(default_factory=dict)  # rows of each unit that is asked
    done: dict[int, Values] = field(default_factory=dict)
    since: float = field(default_factory=time.monotonic)

    def units(self, columns: Iterator[Columns | pd.Series]) -> Iterator[CallUnit | None]:
        """The questions, each once while it is asked; None while too many rows wait for one before them."""
        fingerprint, ask = self.task.fingerprint, self.task.prompt
        no_prompt = answer(self.task.shape, error=NO_PROMPT)
        for row in questions(columns):
            while self.read - self.given >= ROWS_AHEAD:
                yield None if self.waiting else self._pause()
            number, self.read = self.read, self.read + 1
            if row is None:
                self.done[number] = no_prompt
                continue
            name = digest(fingerprint, row.prompt, row.draw)[:UNIT_DIGITS]
            if name in self.waiting:
                self.waiting[name].append(number)
                continue
            self.waiting[name] = [number]
            yield CallUnit(ChatSequence(NAME, name, row, ask, self.task.chat), 0)

    def _pause(self) -> CallUnit:
        """A unit that asks nothing: its end lets rows be handed on where none of them has a question."""
        self.waiting[PAUSE] = []
        return CallUnit(ChatSequence(NAME, PAUSE, PromptRow(prompt="", draw=""), _nothing, self.task.chat), 0)

    def take(self, end: UnitEnd) -> None:
        """Note the end of a question in all its rows; what was paid, was paid for the first."""
        rows = self.waiting.pop(end.unit_key)
        values = ended(self.task.shape, end) if rows else {}
        for place, number in enumerate(rows):
            self.done[number] = values if place == 0 or end.state == "open" else {**values, "reused": True}

    @property
    def ready(self) -> bool:
        """Whether the next row has its answer."""
        return self.given in self.done

    @property
    def due(self) -> bool:
        """Whether rows should be handed on now."""
        if not self.ready:
            return False
        return self.given + ROWS_A_FRAME - 1 in self.done or time.monotonic() - self.since > LONGEST_S

    def frame(self) -> pd.DataFrame:
        """The rows that can be handed on, from the next one on."""
        rows: list[Values] = []
        while self.ready and len(rows) < ROWS_A_FRAME:
            rows.append(self.done.pop(self.given))
            self.given += 1
        self.since = time.monotonic()
        return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in rows[0]})


def _nothing(row: PromptRow, replies: Sequence[ReplySchema]) -> Prompt | None:
    return None


def questions(columns: Iterator[Columns | pd.Series]) -> Iterator[PromptRow | None]:
    """The rows of all batches; None where the prompt is null. A null draw is none.

    Raises:
        InputError: a prompt is no text.
    """
    for batch in columns:
        prompts, *draws = batch if isinstance(batch, tuple) else (batch,)
        for place, prompt in enumerate(prompts):
            if isinstance(prompt, str):
                draw = draws[0].iloc[place] if draws else None
                yield PromptRow(prompt=prompt, draw="" if draw is None or pd.isna(draw) else str(draw))
            elif prompt is None or pd.isna(prompt):
                yield None
            else:
                raise InputError(f"chat: prompts must be text, and this is {type(prompt).__name__}: cast the column.")


def ended(shape: type[ReplySchema], end: UnitEnd) -> Values:
    """The values of a question's row."""
    error = None if end.state == "done" else f"{end.reason}: {end.detail}".removesuffix(": ")
    found = end.accepted[0].model_dump() if end.state == "done" else {}
    return answer(
        shape,
        found,
        error=error,
        tokens_in=sum(reply.tokens_in for reply in end.used),
        tokens_out=sum(reply.tokens_out for reply in end.used),
        money=sum(reply.money for reply in end.used),
        reused=end.state != "open" and end.asked == 0,
    )


def answer(shape: type[ReplySchema], found: Mapping[str, Any] | None = None, **account: Any) -> Values:  # noqa: ANN401
    """A row of `answer_type`; what is not given is null, 0 or False."""
    none: Values = {"error": None, "tokens_in": 0, "tokens_out": 0, "money": 0.0, "reused": False}
    values = dict.fromkeys(shape.model_fields) | dict(found or {})
    return values | {name: account.get(name, none[name]) for name, _ in ACCOUNT}
