"""Work on one stage outside a run: the stage is locked, and what killed runs paid for in it is in `replies`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from pyspark.sql import SparkSession

from stark_udfs.engine import replies
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.progress import Progress
from stark_udfs.engine.run import new_run_id
from stark_udfs.engine.stage import UnitStage
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.tables import Tables


@contextmanager
def at_stage(
    stage: UnitStage, settings: RunSettings, spark: SparkSession, wanted: Wanted, progress: Progress
) -> Iterator[Context]:
    """The context of work on the stage.

    Raises:
        Locked: a run works on the stage.
    """
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
