"""Making a stage's pictures: whole buckets per task, in plain batches, then the journal into `replies`.

No slots and no rates: a device is its own limit. The broker grants buckets, gathers counts and carries the stop; it
prices and paces the questions to a search provider, which are the only calls here.
"""

import time

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.errors import StorageError
from stark_udfs.engine import ask_phase, replies
from stark_udfs.engine.ask_phase import Asked
from stark_udfs.engine.context import Context
from stark_udfs.engine.images.replay import PictureScript
from stark_udfs.engine.images.search import STOPPED
from stark_udfs.engine.images.worker import END_COLUMNS, TASK_COLUMNS, ImageWork, image_worker
from stark_udfs.tables.tables import one


def make_pictures(context: Context, script: PictureScript, units: DataFrame, total: int) -> Asked:
    """Answer orders until no unit has one open, or the run has to end; all answers are in `replies` afterwards.

    Args:
        context: the run.
        script: of the stage.
        units: `unit_type`, the units that have an open order.
        total: how many they are.

    Raises:
        StorageError: the tasks failed; what was acknowledged is kept.
    """
    stage, settings, begun = script.stage, context.settings, time.monotonic()
    broker, tasks = context.broker(), settings.spark.partitions
    broker.desk.begin(stage, script.pool, ask_phase.limits_of(context, script))
    reached = ask_phase.reachable(context, broker.place, tasks)
    work = ImageWork(script, ask_phase.journal_of(context, stage), reached, tasks)
    context.progress.started(stage, total)
    known = replies.with_known(context.tables, stage, units).withColumn("known", F.to_json("known"))
    rows = ask_phase.by_bucket(known, tasks).select(*TASK_COLUMNS)
    failure: PySparkException | Py4JJavaError | None = None
    with ask_phase.Watch(context, broker.desk, stage, total):
        try:
            ends = rows.mapInPandas(image_worker(work), END_COLUMNS, profile=ask_phase.resources(context, script.gpus))
            stopping = F.col("reason") == STOPPED
            failed, told = (F.col("state") == "open") & ~stopping, F.concat_ws(": ", "reason", "detail")
            said, unanswered = one(ends.agg(F.max(F.when(stopping, F.col("detail"))), F.max(F.when(failed, told))))
        except (PySparkException, Py4JJavaError) as error:
            failure, said, unanswered = error, None, None
    kept = replies.absorb(context.tables, settings.storage.files, context.run_id, stage)
    stopped = broker.desk.stopped or said or ""
    if failure is not None and not stopped:
        raise StorageError(
            f"stage {stage}: the tasks failed: {ask_phase.last_line(failure)}\n"
            f"{kept.replies:,} answers were kept; run again to go on from there."
        ) from failure
    seconds = round(time.monotonic() - begun, 3)
    return Asked(
        calls=kept.replies,
        tokens_in=kept.tokens_in,
        tokens_out=kept.tokens_out,
        money=kept.money,
        torn=kept.torn,
        seconds=seconds,
        stopped=stopped,
        failed=unanswered or "",
    )
