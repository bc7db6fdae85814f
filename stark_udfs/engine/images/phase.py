"""Making a stage's pictures: whole buckets per task, in plain batches, then the journal into `replies`.

No slots and no rates: a device is its own limit. The broker grants buckets, gathers counts and carries the stop; it
prices and paces the questions to a search provider, which are the only calls here.
"""

import time

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine import ask_phase, replies
from stark_udfs.engine.ask_phase import Asked
from stark_udfs.engine.context import Context
from stark_udfs.engine.images.replay import PictureScript
from stark_udfs.engine.images.worker import END_COLUMNS, TASK_COLUMNS, ImageWork, image_worker


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
    stage, begun = script.stage, time.monotonic()
    broker, tasks = context.broker(), context.settings.spark.partitions
    broker.served.begin(stage, script.pool, ask_phase.limits_of(context, script))
    reached = ask_phase.reachable(context, broker.place, tasks)
    work = ImageWork(script, ask_phase.journal_of(context, stage), reached, tasks)
    known = replies.with_known(context.tables, stage, units).withColumn("known", F.to_json("known"))
    rows = ask_phase.by_bucket(known, tasks).select(*TASK_COLUMNS)
    ends = rows.mapInPandas(image_worker(work), END_COLUMNS, profile=ask_phase.resources(context, script.gpus))
    return ask_phase.carried_out(context, script, ends, total, begun)
