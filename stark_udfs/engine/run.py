"""`run`: the only orchestration. Stages in order, each skipped where nothing it depends on has changed."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from stark_udfs.calls.batch_store import BatchStore
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.core.errors import NotFound, SettingsError, StarkError, StorageError, during
from stark_udfs.engine import commit, fingerprint, ledger, replies
from stark_udfs.engine.checking import checks
from stark_udfs.engine.cluster.executors import broker_reached
from stark_udfs.engine.commit import StageOutcome
from stark_udfs.engine.context import Context, Wanted, source_read
from stark_udfs.engine.estimate import CostEstimator
from stark_udfs.engine.ledger import UNCHANGED, last_finished, stage_run, untouched
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.progress import STOPPED_BY_USER, Progress, Quiet
from stark_udfs.engine.stage import Stage, TableStage, tables_read
from stark_udfs.engine.system_tables import CHECKS, RUNS, CheckResult, StageRun
from stark_udfs.engine.unit_stage import run_table_stage, run_unit_stage
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.address import located
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.tuning import Tuning

LOST_ROWS = "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND"  # Spark: a locally checkpointed block is gone
TRIES = 3  # of a stage whose executors are lost


@dataclass(frozen=True)
class RunReport:
    """What a run did, stage by stage; `stopped` says why it ended early, empty if it did not."""

    run_id: str
    stages: tuple[StageRun, ...]
    checks: tuple[CheckResult, ...]
    stopped: str = ""


def run(
    stages: Sequence[Stage],
    settings: RunSettings,
    spark: SparkSession,
    *,
    wanted: Wanted | None = None,
    progress: Progress | None = None,
    at_end: Callable[[RunReport], None] | None = None,
    broker: BrokerServer | None = None,
) -> RunReport:
    """Bring the tables of `stages`, in their order, up to date.

    Args:
        stages: in the order in which they hang on each other.
        settings: of the target.
        spark: the session.
        wanted: what is wanted beyond the ordinary.
        progress: who watches.
        at_end: told what was done, also where the run then ends with an error.
        broker: one that outlives the run, whose limits others share; None: the run's own.

    Raises:
        GuardStopped: a stage would pay again or remove rows; the stages before it are done.
        Locked: another run works on one of the stages.
        InputError: a stage has no input.
        StorageError: a table cannot be read or written; a host of the cluster does not share them.
        SettingsError: the cluster cannot keep what a run promises; the message names the setting.
    """
    if not isinstance(spark, SparkSession):
        raise SettingsError("a run needs a classic Spark session: under Spark Connect the broker has no place to live.")
    settings = located(settings)
    tables = Tables(spark, settings.storage)
    with ExitStack() as closing:
        tuning = closing.enter_context(Tuning(spark))
        context = Context(
            spark=spark,
            settings=settings,
            tables=tables,
            run_id=new_run_id(),
            wanted=wanted if wanted is not None else Wanted(),
            progress=progress if progress is not None else Quiet(),
            closing=closing,
            foresight=CostEstimator(tables, stages),
            _broker=broker,
        )
        return _Pipeline(context, stages, tuning, at_end or _nobody).run()


def _nobody(_report: RunReport) -> None:
    """Does nothing: the default of `at_end`."""


def new_run_id() -> str:
    """Sorts by time; unlike every other id it is not derived from the seed."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"


def named(stages: Sequence[Stage], name: str) -> Stage:
    """The stage of that name.

    Raises:
        NotFound: there is none.
    """
    for stage in stages:
        if stage.name == name:
            return stage
    raise NotFound(f"there is no stage {name!r}. Stages: {', '.join(stage.name for stage in stages)}.")


class _Pipeline:
    """One run over some stages."""

    def __init__(
        self, context: Context, stages: Sequence[Stage], tuning: Tuning, at_end: Callable[[RunReport], None]
    ) -> None:
        self.context = context
        self.stages = stages
        self.tuning = tuning
        self.at_end = at_end
        self.torn: dict[str, int] = {}
        self.done: list[StageRun] = []
        self.checked: list[CheckResult] = []
        self.last = last_finished(context.tables)
        self.with_vendors = {sent.plan.stage for sent in BatchStore(context.settings.storage.files).sent()}

    def run(self) -> RunReport:
        stopped = "an unexpected error"
        self.context.progress.began(self.context.run_id)
        try:
            stopped = self._in_order()
        except StarkError as error:
            stopped = str(error)
            raise
        finally:
            self._write_ledger()
            report = RunReport(self.context.run_id, tuple(self.done), tuple(self.checked), stopped)
            self.at_end(report)
        return report

    def _in_order(self) -> str:
        """Run the stages; why the run ended early, if it did."""
        for stage in self.stages:
            if self.context.progress.stop_requested():
                return STOPPED_BY_USER
            before = self.last.get(stage.name)
            if before is not None and self._unchanged(stage, before):
                self.done.append(untouched(before, self.context.run_id))
                self.context.progress.ended(stage.name)
                continue
            with during(f"stage {stage.name}"):
                self._lock_and_recover()
                self.tuning.fit(self._largest(stage))
                if stopped := self._one(stage):
                    return stopped
        return ""

    def _lock_and_recover(self) -> None:
        """Before the first stage that has work: lock all, and keep what killed runs paid for in them."""
        context = self.context
        if context.lock is not None:
            return
        broker_reached(context)  # before the first write: a host may not see the tables
        lock = StageLock(context.tables, [stage.name for stage in self.stages], context.run_id)
        context.lock = context.closing.enter_context(lock)
        for dead in lock.taken_over:
            context.progress.said(f"run {dead} did not come to its end: this run goes on from there")
        files = context.settings.storage.files
        for stage, found in replies.recover(context.tables, files, context.run_id, lock.stages).items():
            self.torn[stage] = found.torn
            torn = "1 torn line" if found.torn == 1 else f"{found.torn:,} torn lines"
            context.progress.said(f"stage {stage}: kept {found.replies:,} replies of a run that was cut off ({torn})")

    def _largest(self, stage: Stage) -> int | None:
        """Rows of the largest table of a stage by the ledger; None: it does not know those that it reads."""
        rows = {name: row.rows_out for name, row in self.last.items()} | {row.stage: row.rows_out for row in self.done}
        known = [rows[table.name] for table in (*tables_read(stage), stage.writes) if table.name in rows]
        return max(known, default=None)

    def _one(self, stage: Stage) -> str:
        """Run a stage; why the run has to end here, if it has to."""
        context = self.context
        started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        versions, source = self.context.versions(stage), source_read(stage)
        outcome = self._outcome(stage)
        cleared = commit.clear(context, stage)
        measured = checks.measure(context, stage) if outcome.written.any or cleared else []
        self.checked.extend(measured)
        self.done.append(
            stage_run(
                context,
                stage,
                outcome,
                cleared=cleared,
                torn=self.torn.get(stage.name, 0),
                versions=versions,
                source=source,
                started=started,
                seconds=time.monotonic() - clock,
            )
        )
        context.progress.ended(stage.name)
        return outcome.asked.stopped

    def _outcome(self, stage: Stage) -> StageOutcome:
        """Run a stage; once more where an executor took rows with it that were not written: what was paid is kept.

        Raises:
            StorageError: that happens too often, or new answers were asked for on purpose.
        """
        context, tries = self.context, 1
        while True:
            try:
                if isinstance(stage, TableStage):
                    return run_table_stage(context, stage, self._source_before(stage))
                return run_unit_stage(context, stage)
            except (Py4JJavaError, PySparkException) as error:
                if LOST_ROWS not in str(error):
                    raise
                told = f"stage {stage.name}: an executor was lost, and with it rows that were not written yet"
                if tries == TRIES or context.wanted.redraw or context.wanted.retry_rejects:
                    raise StorageError(f"{told}. What was paid is kept: run again to go on from there.") from error
                context.progress.said(f"{told}: they are made again, from stored replies")
                tries += 1

    def _unchanged(self, stage: Stage, last: StageRun) -> bool:
        """The cheapest check: no Spark job, only versions and hashes."""
        wanted = self.context.wanted
        again = wanted.retry_rejects or stage.name in wanted.redraw or stage.name in wanted.remake
        if again or wanted.remove_missing or stage.name in self.with_vendors:
            return False
        return (
            self._as_left(stage, last)
            and last.versions_read == self.context.versions(stage)
            and last.source_read == source_read(stage)
        )

    def _as_left(self, stage: Stage, last: StageRun) -> bool:
        """Whether a stage and its table are what they were when it last finished."""
        written = self.context.tables.version(stage.writes)
        return last.stage_hash == fingerprint.stage_hash(stage) and last.version_written == written

    def _source_before(self, stage: TableStage) -> str | None:
        """The version of the user's own table that the stage's rows are made from; None: they have to be made anew."""
        last = self.last.get(stage.name)
        if stage.source is None or last is None or self.context.wanted.remove_missing:
            return None
        return last.source_read if self._as_left(stage, last) else None

    def _write_ledger(self) -> None:
        ledger.append(self.context.tables, RUNS, [row for row in self.done if row.state != UNCHANGED])
        ledger.append(self.context.tables, CHECKS, self.checked)
