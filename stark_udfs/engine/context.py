"""What one run of the pipeline carries from stage to stage."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerServer
from stark_udfs.engine.estimate import CostEstimate, CostEstimator
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.progress import STOPPED_BY_USER, Progress
from stark_udfs.engine.stage import Stage, TableStage, UnitStage, tables_read
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.tuning import cores


@dataclass(frozen=True)
class Wanted:
    """What the user asked for beyond the ordinary.

    Attributes:
        remake: stages whose finished units may be paid for again.
        keep_stale: leave and mark the units that would have to be paid for again.
        retry_rejects: ask rejected units again; with `retry_reason`, only those rejected for it.
        only: an episode id; no unit of another episode is looked at.
        redraw: ask the units of `only` anew although nothing changed, in the stages named here.
        batch: ask through the models' batch APIs, where they have one.
        wait: until the batches are answered; False: the run ends once a stage's are sent, and the next one collects.
        remove_missing: rows that may go because the user's own table does not have them any more; with those, all that
            was made from them.
    """

    remake: frozenset[str] = frozenset()
    keep_stale: bool = False
    retry_rejects: bool = False
    retry_reason: str | None = None
    only: str | None = None
    redraw: frozenset[str] = frozenset()
    batch: bool = False
    wait: bool = True
    remove_missing: int = 0


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
    probed: tuple[frozenset[str], bool] | None = None  # executors that were asked; whether all reach the broker
    foresight: CostEstimator | None = None
    _broker: BrokerServer | None = None

    def broker(self) -> BrokerServer:
        """The run's broker; started when the first stage asks, closed with the run."""
        if self._broker is None:
            address, bound = driver_address(self.spark), bind_address(self.spark)
            self._broker = self.closing.enter_context(BrokerServer(Broker(), address, bound=bound))
        return self._broker

    def near(self) -> bool:
        """Whether driver, broker and all tasks are on one machine."""
        host = driver_address(self.spark) if self._broker is None else self._broker.place.host
        return one_machine(self.spark) and host == LOOPBACK

    def tasks(self, most: int) -> int:
        """Tasks in which a stage asks: as set, or one for each core that there is by now."""
        return self.settings.spark.partitions or min(cores(self.spark), most)

    def expected(self, stage: UnitStage, units: int, rounds: int) -> CostEstimate | None:
        """What asking these units is expected to cost; None: there is nothing to estimate it from."""
        return None if self.foresight is None else self.foresight.of(stage, units, rounds)

    def why_to_end(self) -> str:
        """Why a stage that asks has to end now: the user's wish, or another run took it over; empty: it has not."""
        if self.progress.stop_requested():
            return STOPPED_BY_USER
        if self.lock is not None and self.lock.lost.is_set():
            return "another run took over the lock of this stage"
        return ""

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


def source_read(stage: Stage) -> str | None:
    """The version of the user's own table that a stage would read; None: it reads none, or its settings tell it."""
    return stage.source.version() if isinstance(stage, TableStage) and stage.source is not None else None


def seen(version: int | None) -> int:
    """A version as `runs.versions_read` keeps it."""
    return ABSENT if version is None else version


def one_machine(spark: SparkSession) -> bool:
    """Whether all tasks run on the driver's machine: `local`, and `local-cluster`."""
    return (spark.sparkContext.master or "").startswith("local")


def driver_address(spark: SparkSession) -> str:
    """Where executors reach the driver: loopback where they are on its own machine, else the driver's host."""
    if one_machine(spark):
        return LOOPBACK
    return spark.sparkContext.getConf().get("spark.driver.host") or LOOPBACK


def bind_address(spark: SparkSession) -> str | None:
    """The driver's own address, where that is not the one by which executors reach it; None: it is."""
    return None if one_machine(spark) else spark.sparkContext.getConf().get("spark.driver.bindAddress")
