"""Trying a stage on a few rows: real calls, whose replies are kept for the next run, and no other write."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from pyspark.sql import Row, SparkSession

from stark_udfs.calls.request import Reply
from stark_udfs.core.rejects import Reject
from stark_udfs.engine import replies
from stark_udfs.engine.ask import phase as ask_phase
from stark_udfs.engine.batch.status import none_under_way
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.frames import checkpointed
from stark_udfs.engine.guard import open_calls
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.progress import Progress
from stark_udfs.engine.run import new_run_id
from stark_udfs.engine.stage import AnyChatStage, UnitStage
from stark_udfs.engine.unit_stage import find_work, no_input, replay_units
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.address import located
from stark_udfs.tables.tables import Tables


@dataclass(frozen=True)
class TriedUnit:
    """One row that was tried: the calls of its unit, and what came of it."""

    unit_key: str
    replies: tuple[Reply, ...]
    outputs: tuple[dict[str, object], ...]
    rejects: tuple[Reject, ...]
    open: bool


@dataclass(frozen=True)
class Trial:
    """A few tried rows; `calls` and `money` are those of this trial alone."""

    rows: tuple[TriedUnit, ...]
    calls: int
    money: float
    currency: str
    stopped: str


def trial(stage: AnyChatStage, settings: RunSettings, spark: SparkSession, count: int, progress: Progress) -> Trial:
    """Ask the first `count` rows of a stage that have an open call; where none has, show answered ones for free.

    Raises:
        InputError: the stage has no rows.
        RunStopped: the same, because the stages before wait for calls.
        Locked: a run works on the stage.
        GuardStopped: calls of the stage are with a batch API.
    """
    with at_stage(stage, settings, spark, Wanted(), progress) as context:
        none_under_way(context, stage)
        looked = find_work(context, stage)
        ordered = looked.orderBy(looked.cause.isNull(), "order", "unit_key")
        units = checkpointed(ordered.limit(count))
        if units.isEmpty():
            raise no_input(context, stage.name, stage.reads)
        to_ask = open_calls(checkpointed(replay_units(context, stage, units))).select(*units.columns)
        calls = to_ask.count()
        asked = ask_phase.ask(context, stage.script(), to_ask, calls) if calls else ask_phase.Asked()
        played = replay_units(context, stage, units).orderBy("order", "unit_key").collect()
        known = replies.with_known(context.tables, stage.name, units.select("unit_key")).collect()
    by_unit = {row["unit_key"]: row["known"] or [] for row in known}
    return Trial(
        rows=tuple(_tried(row, by_unit[row["unit_key"]]) for row in played),
        calls=asked.calls,
        money=asked.money,
        currency=stage.chat.model.price.currency,
        stopped=asked.stopped,
    )


def _tried(row: Row, known: list[Row]) -> TriedUnit:
    calls = [Reply.model_validate(reply.asDict()) for reply in known]
    return TriedUnit(
        unit_key=row["unit_key"],
        replies=tuple(sorted(calls, key=lambda reply: (reply.round, reply.attempt, reply.replied_at))),
        outputs=tuple(out.asDict(recursive=True) for out in row["outs"]),
        rejects=tuple(Reject.model_validate(reject.asDict()) for reject in row["rejects"]),
        open=row["open"] is not None,
    )


@contextmanager
def at_stage(
    stage: UnitStage, settings: RunSettings, spark: SparkSession, wanted: Wanted, progress: Progress
) -> Iterator[Context]:
    """The context of work on the stage.

    Raises:
        Locked: a run works on the stage.
    """
    settings = located(settings)
    with ExitStack() as closing:
        context = Context(
            spark=spark,
            settings=settings,
            tables=Tables(spark, settings.storage),
            run_id=new_run_id(),
            wanted=wanted,
            progress=progress,
            closing=closing,
        )
        context.lock = closing.enter_context(StageLock(context.tables, [stage.name], context.run_id))
        replies.recover(context.tables, settings.storage.files, context.run_id, [stage.name])
        yield context
