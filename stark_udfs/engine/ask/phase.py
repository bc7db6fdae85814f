"""Asking a stage's open calls: whole buckets per task, one broker for all, then the journal into `replies`."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.resource import ResourceProfile, ResourceProfileBuilder, TaskResourceRequests
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.calls.batch_store import BatchStore
from stark_udfs.calls.journal import JournalPlace
from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.messages import CallLimits
from stark_udfs.calls.limits.server import BrokerAddress
from stark_udfs.calls.unit import STOPPED
from stark_udfs.core.errors import StorageError
from stark_udfs.engine import replies
from stark_udfs.engine.ask.dealing import dealt
from stark_udfs.engine.ask.failed_tasks import last_words
from stark_udfs.engine.ask.worker import BUCKETS, AskTask, ask_worker, end_type
from stark_udfs.engine.cluster.executors import broker_reached
from stark_udfs.engine.context import Context
from stark_udfs.engine.progress import StageProgress
from stark_udfs.engine.replay import Limited, UnitReplay
from stark_udfs.engine.replies import Absorbed
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.tables.tables import one

POLL_S = 0.25
TELL_S = 1.0


@dataclass(frozen=True)
class Asked:
    """What asking a stage's open calls came to; `stopped` says why it ended early, empty if it did not.

    failed: of the calls that got no answer, what one of them ended with; empty if none did.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0
    torn: int = 0
    seconds: float = 0.0
    stopped: str = ""
    failed: str = ""

    @classmethod
    def of(cls, kept: Absorbed, *, stopped: str, failed: str) -> "Asked":
        """What was kept, and how asking ended."""
        return cls(
            calls=kept.replies,
            tokens_in=kept.tokens_in,
            tokens_out=kept.tokens_out,
            money=kept.money,
            torn=kept.torn,
            stopped=stopped,
            failed=failed,
        )

    def __add__(self, later: "Asked") -> "Asked":
        """Both, one after the other."""
        return Asked(
            calls=self.calls + later.calls,
            tokens_in=self.tokens_in + later.tokens_in,
            tokens_out=self.tokens_out + later.tokens_out,
            money=self.money + later.money,
            torn=self.torn + later.torn,
            seconds=round(self.seconds + later.seconds, 3),
            stopped=later.stopped or self.stopped,
            failed=later.failed or self.failed,
        )


def ask(context: Context, script: UnitReplay, units: DataFrame, total: int) -> Asked:
    """Ask until every unit has its replies, or the run has to end; all that was paid is in `replies` afterwards.

    Args:
        context: the run.
        script: of the stage.
        units: `unit_type`, the units that have an open call.
        total: how many they are.

    Raises:
        StorageError: the journal cannot be written; what was acknowledged is kept.
    """
    stage, begun = script.stage, time.monotonic()
    broker, limits = context.broker(), limits_of(context, script)
    broker.served.begin(stage, script.pool, limits)
    place, tasks = reachable(context), context.tasks(limits.in_flight)
    tasks = min(tasks, limits.in_flight) if place.alone else tasks
    asking = AskTask(script, journal_of(context, stage), place, tasks)
    rows = by_bucket(replies.with_known(context.tables, stage, units), tasks)
    ends = rows.mapInPandas(ask_worker(asking), end_type(), profile=resources(context.spark, script.gpus))
    return carried_out(context, script, ends, total, begun)


def carried_out(context: Context, script: Limited, ends: DataFrame, total: int, begun: float) -> Asked:
    """Run the tasks of a phase that `ends` stands for, watched; then move their journal into `replies`.

    Args:
        context: the run.
        script: of the stage, whose limits the broker has.
        ends: not evaluated yet; a row per unit that came to an end, with `state`, `reason` and `detail`.
        total: how many units there are.
        begun: by `time.monotonic`.

    Raises:
        StorageError: the tasks failed; what was acknowledged is kept.
    """
    stage, settings, broker = script.stage, context.settings, context.broker()
    stopping = F.col("reason") == STOPPED
    failed, told = (F.col("state") == "open") & ~stopping, F.concat_ws(": ", "reason", "detail")
    failure: PySparkException | Py4JJavaError | None = None
    context.progress.started(stage, total)
    with Watch(context, broker.served, stage, total):
        try:
            said, unanswered = one(ends.agg(F.max(F.when(stopping, F.col("detail"))), F.max(F.when(failed, told))))
        except (PySparkException, Py4JJavaError) as error:
            failure, said, unanswered = error, None, None
    kept = replies.absorb(context.tables, settings.storage.files, context.run_id, stage)
    stopped = _naming(broker.served.stopped or said or "", settings.models)
    if failure is not None and not stopped:
        raise StorageError(
            f"stage {stage}: the tasks failed: {last_words(failure)}\n"
            f"{kept.replies:,} replies were kept; run again to go on from there."
        ) from failure
    return replace(Asked.of(kept, stopped=stopped, failed=unanswered or ""), seconds=round(time.monotonic() - begun, 3))


def _naming(stopped: str, models: Mapping[str, ModelSettings]) -> str:
    """The reason of an early end with the model's name in the settings, where one entry alone has that model."""
    keys = [key for key, model in models.items() if stopped.startswith(f"model {model.name!r}:")]
    return stopped.replace("models.<name>", f"models.{keys[0]}") if len(keys) == 1 else stopped


def by_bucket(units: DataFrame, tasks: int) -> DataFrame:
    """The units in as many partitions as there are tasks, whole buckets in each, one after the other."""
    return (
        units.withColumn("bucket", F.pmod(F.xxhash64("unit_key"), F.lit(BUCKETS)))
        .repartition(tasks, dealt("bucket", BUCKETS, tasks))
        .sortWithinPartitions("bucket", "order", "unit_key")
    )


def journal_of(context: Context, stage: str) -> JournalPlace:
    """Where the stage keeps its replies until they are in the table."""
    storage = context.settings.storage
    return JournalPlace(
        storage.files, context.run_id, stage, flush_s=storage.journal_flush_s, append=storage.journal_append
    )


def resources(spark: SparkSession, gpus: float) -> ResourceProfile | None:
    """What a task needs beyond a core; a local master has no such profiles, and all tasks see what there is."""
    master = spark.sparkContext.master or ""
    if not gpus or master.startswith("local"):
        return None
    return ResourceProfileBuilder().require(TaskResourceRequests().resource("gpu", gpus)).build


def reachable(context: Context) -> BrokerAddress:
    """The broker, or static shares if not every executor can reach it; found out before the first paid call."""
    alone = not broker_reached(context)
    return replace(context.broker().place, alone=alone)


def limits_of(context: Context, script: Limited) -> CallLimits:
    """What the model allows, and what the budgets have left of what replies have cost so far and batches still may."""
    limits = context.settings.limits
    spent: Counter[str] = Counter()
    if limits.budget is not None or limits.stage_budget is not None:
        spent.update(BatchStore(context.settings.storage.files).reserved())
        if context.tables.exists(REPLIES):
            by_stage = context.tables.read(REPLIES).groupBy("stage").agg(F.sum("money").alias("money"))
            spent.update({row["stage"]: row["money"] for row in by_stage.collect()})
    return script.limits(limits, run_spent=sum(spent.values()), stage_spent=spent[script.stage])


class Watch:
    """Tells the progress how asking goes, once a second, and the broker at once when the run has to stop."""

    def __init__(self, context: Context, broker: Broker, stage: str, units: int) -> None:
        self.context, self.broker, self.stage, self.units = context, broker, stage, units
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="stark-watch", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()
        self._tell()

    def _look(self) -> None:
        told = time.monotonic()
        while not self._done.wait(POLL_S):
            if time.monotonic() - told >= TELL_S:
                self._tell()
                told = time.monotonic()
            if why := self.context.why_to_end():
                self.broker.stop(why)

    def _tell(self) -> None:
        found = self.broker.counts(self.stage)
        self.context.progress.counted(
            StageProgress(
                stage=self.stage,
                units=self.units,
                units_done=found.done + found.rejected + found.open,
                calls=found.asked,
                in_flight=found.in_flight,
                rejected=found.rejected,
                tokens=found.tokens_in + found.tokens_out,
                money=found.money,
                throttled=found.throttled,
            )
        )
