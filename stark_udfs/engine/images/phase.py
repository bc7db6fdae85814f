"""Making a stage's pictures: whole buckets per task, in plain batches, then the journal into `replies`.

A device is its own limit. The broker grants buckets, gathers counts and carries the stop; it prices and paces the calls
to search providers, image servers and judges.
"""

import time

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine import replies
from stark_udfs.engine.ask import phase as ask_phase
from stark_udfs.engine.ask.phase import Asked
from stark_udfs.engine.ask.worker import BUCKETS
from stark_udfs.engine.context import Context
from stark_udfs.engine.images.policy import loads_models
from stark_udfs.engine.images.replay import ImageReplay
from stark_udfs.engine.images.worker import END_COLUMNS, TASK_COLUMNS, ImageWork, image_worker
from stark_udfs.images.models.devices import refuse_shares


def make_pictures(context: Context, script: ImageReplay, units: DataFrame, total: int) -> Asked:
    """Answer orders until no unit has one open, or the run has to end; all answers are in `replies` afterwards.

    Args:
        context: the run.
        script: of the stage.
        units: `unit_type`, the units that have an open order.
        total: how many they are.

    Raises:
        SettingsError: tasks would share a GPU.
        StorageError: the tasks failed; what was acknowledged is kept.
    """
    if not script.gpus and loads_models(script.backend):
        refuse_shares(context.spark.sparkContext.getConf().get("spark.task.resource.gpu.amount"))
    stage, begun = script.stage, time.monotonic()
    script.begin(context.broker().served, ask_phase.limits_of(context, script))
    place, tasks = ask_phase.reachable(context), context.tasks(BUCKETS)
    work = ImageWork(script, ask_phase.journal_of(context, stage), place, tasks)
    known = replies.with_known(context.tables, stage, units).withColumn("known", F.to_json("known"))
    rows = ask_phase.by_bucket(known, tasks).select(*TASK_COLUMNS)
    ends = rows.mapInPandas(image_worker(work), END_COLUMNS, profile=ask_phase.resources(context.spark, script.gpus))
    return ask_phase.carried_out(context, script, ends, total, begun)
