"""`ask`: one's own DataFrame through the engine of the stages, without writing a stage."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import BaseModel, Field, create_model
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.reply.json_schema import schema_hash
from stark_udfs.calls.request import Prompt
from stark_udfs.core.errors import GuardStopped, InputError, SettingsError
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.progress import Progress
from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.stage import ChatStage, Frames
from stark_udfs.engine.system_tables import REJECTS, UNITS, Provenance
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.tables.address import located
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables, one
from stark_udfs.udfs.session import UdfSession, session_of
from stark_udfs.udfs.shapes import reply_shape
from stark_udfs.udfs.store import spent

KEY, ERROR = "key", "error"
NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
OWN = frozenset({KEY, ERROR, *Provenance.model_fields})
NOT_ANSWERED = "open: not answered yet; ask again"


class AskedRow(Record):
    """One question."""

    key: str
    prompt: str | None


def ask(
    df: DataFrame,
    *,
    key: str,
    prompt: str | Column,
    settings: RunSettings,
    reply: type[BaseModel] | None = None,
    warehouse: str | None = None,
    name: str = "answers",
    model: str = "default",
    system: str = "",
    parameters: Mapping[str, Scalar] | None = None,
    reply_tokens: int = 2048,
    reasks: int = 2,
    remake: bool = False,
    progress: Progress | None = None,
) -> DataFrame:
    """Ask a chat model about every row: `df` with the fields of `reply` (or `text`), and `error`.

    judged = ask(df, key="id", prompt=F.concat(F.lit("Judge: "), "review"), reply=Sentiment, settings=settings,
                 warehouse="/data/judged")

    It is a stage of the engine: answers are rows of the table `name` in the warehouse, each reply is in its `replies`
    before it counts, a killed run goes on where it was, and a second one asks for new rows alone. A row whose prompt
    changed would pay again: that needs `remake`. Unlike a UDF it runs at once, and what it returns is read from the
    table: nothing is asked when it is evaluated.

    Args:
        df: one's own rows.
        key: the column that names a row; no null, and no value twice.
        prompt: a column of text, by name or as an expression. A row without a prompt is not asked.
        settings: models and limits, and the place where there is no `warehouse`.
        reply: a pydantic model of what is asked for; None: text.
        warehouse: a folder or URI for tables and files.
        name: of the table; another question about the same rows needs another.
        model: a key of `settings.models`.
        system: the system message.
        parameters: sent as written, over the model's own; None takes one away.
        reply_tokens: the reply limit.
        reasks: further asks after a bad reply, each told the error.
        remake: pay again for rows whose prompt, model or reply has changed.
        progress: who watches.

    Raises:
        InputError: there are no rows, a key is null or not unique, or a column has the name of a field.
        GuardStopped: rows would be paid for again, and `remake` does not say so.
        SettingsError, SchemaError: the model is not there, or the reply has a part that no schema can say.
        Locked: somebody else asks for the same table.
    """
    if model not in settings.models:
        raise SettingsError(f"models.{model}: no such model. Known: {', '.join(sorted(settings.models)) or 'none'}.")
    if not NAME.fullmatch(name):
        raise InputError(f"ask: {name!r} is no name for a table: small letters, digits and _, a letter first.")
    settings = located(settings if warehouse is None else _moved(settings, warehouse))
    shape = reply_shape(reply)
    _refuse_clashes(df, shape)
    asks = ChatStageSettings(model=model, parameters=dict(parameters or {}), reply_tokens=reply_tokens, reasks=reasks)
    rows = df.select(
        F.col(key).cast("string").alias(KEY), (F.col(prompt) if isinstance(prompt, str) else prompt).alias("prompt")
    )
    stage = stage_of(name, rows, shape, system, ChatPolicy.of(settings, asks))
    spark = df.sparkSession
    session = session_of(settings, spark)
    try:
        _run(stage, settings, session, Wanted(remake=frozenset({name} if remake else ())), progress)
    except GuardStopped as error:
        raise GuardStopped(f"{error}\nWith ask() that is remake=True, or another `name` for another table.") from None
    return _joined(df, key, Tables(spark, settings.storage), stage)


def stage_of(
    name: str, rows: DataFrame, shape: type[ReplySchema], system: str, chat: ChatPolicy
) -> "ChatStage[AskedRow, ReplySchema, Record]":
    """The stage that asks about `rows`: `key` and `prompt`.

    Raises:
        InputError: a key is null or stands twice.
    """
    count, keys, distinct, content = one(
        rows.agg(
            F.count(F.lit(1)),
            F.count(KEY),
            F.count_distinct(KEY),
            F.sum(F.xxhash64(KEY, "prompt").cast("decimal(38,0)")),
        )
    )
    if count > keys or keys > distinct:
        raise InputError(
            f"ask: {count:,} rows have {distinct:,} different keys and {count - keys:,} without one. "
            "Give a column that names each row once."
        )
    record = create_model(
        "AskedAnswer",
        __base__=Record,
        key=(str, Field(description="the row that was asked about")),
        **{field: (info.annotation, info) for field, info in shape.model_fields.items()},  # type: ignore[call-overload]
    )
    return ChatStage(
        name=name,
        reads=(),
        select=partial(_select, rows),
        each=AskedRow,
        unit=KEY,
        ask=partial(_ask, system, shape),
        parse=partial(_parse, record),
        writes=Table(name, record, key=(KEY,)),
        chat=chat,
        settings={"system": system, "shape": schema_hash(shape)},
        scope={"rows": f"{count} {content}"},  # they are in no table: a run finds by this that they changed
    )


def _select(rows: DataFrame, frames: Frames) -> DataFrame:
    return rows


def _ask(system: str, shape: type[ReplySchema], row: AskedRow, replies: Sequence[ReplySchema]) -> Prompt | None:
    return None if replies or row.prompt is None else Prompt(system, row.prompt, shape)


def _parse(record: type[Record], row: AskedRow, replies: Sequence[ReplySchema]) -> list[Record | Reject]:
    if not replies:
        return [Reject(reason=RejectReason.EMPTY, detail="the prompt is null", key=row.key)]
    return [record.model_validate({KEY: row.key, **replies[0].model_dump()})]


def _moved(settings: RunSettings, warehouse: str) -> RunSettings:
    root = warehouse.rstrip("/")
    storage = settings.storage.model_copy(update={"tables": f"{root}/tables", "files": f"{root}/files"})
    return settings.model_copy(update={"storage": storage})


def _refuse_clashes(df: DataFrame, shape: type[ReplySchema]) -> None:
    own = sorted(OWN & set(shape.model_fields))
    if own:
        raise InputError(f"ask: the table has a column {own[0]!r} itself: rename that field of {shape.__name__}.")
    twice = sorted({*shape.model_fields, ERROR} & set(df.columns))
    if twice:
        raise InputError(f"ask: the rows have a column {twice[0]!r} already, and so has the answer: rename one.")


def _run(
    stage: "ChatStage[AskedRow, ReplySchema, Record]",
    settings: RunSettings,
    session: UdfSession,
    wanted: Wanted,
    progress: Progress | None,
) -> RunReport:
    """The run, within what UDFs have left of the budget; what it cost counts for them, too."""
    limits = settings.limits
    if limits.budget is not None:
        left = max(0.0, limits.budget - spent(settings.storage.files))
        settings = settings.model_copy(update={"limits": limits.model_copy(update={"budget": left})})
    report = run([stage], settings, session.spark, wanted=wanted, progress=progress, broker=session.server)
    session.paid(settings, sum(stage_run.money for stage_run in report.stages))
    return report


def _joined(df: DataFrame, key: str, tables: Tables, stage: "ChatStage[AskedRow, ReplySchema, Record]") -> DataFrame:
    fields = [field for field in stage.writes.record.model_fields if field != KEY]
    answers = tables.read(stage.writes).select(F.col(KEY).alias("_key"), *fields)
    why = F.min(F.concat_ws(": ", "reason", F.nullif("detail", F.lit(""))))
    mine = F.col("stage") == stage.name
    rejects = tables.read_or_empty(REJECTS).where(mine).groupBy(F.col("unit_key").alias("_key")).agg(why.alias("_why"))
    units = tables.read_or_empty(UNITS).where(mine)
    states = units.select(F.col("unit_key").alias("_key"), (F.col("state") == "open").alias("_open"))
    return (
        df.withColumn("_key", F.col(key).cast("string"))
        .join(answers, "_key", "left")
        .join(rejects, "_key", "left")
        .join(states, "_key", "left")
        .withColumn(ERROR, F.coalesce(F.col("_why"), F.when(F.col("_open"), NOT_ANSWERED)))
        .drop("_key", "_why", "_open")
    )
