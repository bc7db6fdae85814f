"""What one run of the pipeline carries from stage to stage."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.engine.estimate import CostEstimate, CostEstimator
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.progress import Progress
from stark_udfs.engine.stage import Stage, TableStage, UnitStage, tables_read
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables


@dataclass(frozen=True)
class Wanted:
    """What the user asked for beyond the ordinary.

    Attributes:
        remake: stages whose finished units may be paid for again.
        keep_stale: leave and mark the units that would have to be paid for again.
        retry_rejects: ask rejected units again; with `retry_reason`, only those rejected for it.
        only: an episode id; no unit of another episode is looked at.
        redraw: ask the units of `only` anew although nothing changed, in the stages named here.
    """

    remake: frozenset[str] = frozenset()
    keep_stale: bool = False
    retry_rejects: bool = False
    retry_reason: str | None = None
    only: str | None = None
    redraw: frozenset[str] = frozenset()


@dataclass
class Context:
    """One run: its parts, and what its stages share."""

    spark: SparkSession
    settings: RunSettings
    tables: Tables
    run_id: str
    wanted: Wanted
    progress: Progress
    closing: ExitStack
    shrunk: set[str] = field(default_factory=set)  # tables that lost rows in this run
    notes: dict[str, str] = field(default_factory=dict)  # by stage of this run: why calls of it are open
    lock: StageLock | None = None
    foresight: CostEstimator | None = None
    _broker: BrokerServer | None = None

    def broker(self) -> BrokerServer:
        """The run's broker; started when the first stage asks, closed with the run."""
        if self._broker is None:
            self._broker = self.closing.enter_context(BrokerServer(Broker(), driver_address(self.spark)))
        return self._broker

    def expected(self, stage: UnitStage, units: int, rounds: int) -> CostEstimate | None:
        """What asking these units is expected to cost; None: there is nothing to estimate it from."""
        return None if self.foresight is None else self.foresight.of(stage, units, rounds)

    def lock_lost(self) -> bool:
        """Whether another run has taken over a stage of this one."""
        return self.lock is not None and self.lock.lost.is_set()

    def scratch(self, stage: str) -> str:
        """Where a stage keeps rows that must outlive an executor."""
        return f"{self.settings.storage.files.rstrip('/')}/scratch/{self.run_id}/{stage}"

    def frames(self, reads: Sequence[Table]) -> dict[str, DataFrame]:
        """The tables that a stage reads, by name."""
        return {table.name: self.tables.read(table) for table in reads}

    def versions(self, stage: Stage) -> dict[str, int]:
        """By name of each table that a stage looks at: its last commit, or `ABSENT`."""
        return {table.name: seen(self.tables.version(table)) for table in tables_read(stage)}

    def frames_of(self, stage: TableStage) -> dict[str, DataFrame]:
        """All tables of a table stage, by name; without rows where one that it may read is not there."""
        return self.frames(stage.reads) | {table.name: self.tables.read_or_empty(table) for table in stage.may_read}


ABSENT = -1  # the version of a table that is not there
LOOPBACK = "127.0.0.1"


def seen(version: int | None) -> int:
    """A version as `runs.versions_read` keeps it."""
    return ABSENT if version is None else version


def driver_address(spark: SparkSession) -> str:
    """Where executors reach the driver: loopback where they are on its own machine, else the driver's host."""
    conf = spark.sparkContext.getConf()
    if (conf.get("spark.master") or "").startswith("local"):
        return LOOPBACK
    return conf.get("spark.driver.host") or LOOPBACK
