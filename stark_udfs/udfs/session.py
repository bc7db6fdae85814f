"""One broker per Spark session: all UDFs and every `ask` share its limits, its money and its claims."""

import atexit
import threading
from dataclasses import dataclass, field

from pyspark import SparkContext
from pyspark.sql import SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.budget import Budget
from stark_udfs.calls.limits.messages import AskCounts, CallLimits
from stark_udfs.calls.limits.server import BrokerAddress, BrokerServer
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.core.errors import SettingsError
from stark_udfs.engine.context import bind_address, driver_address
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.settings.run import LimitsSettings, RunSettings
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tables import Tables, one
from stark_udfs.udfs.store import spent


class SharedBroker(Broker):
    """A broker that outlives single jobs: what stopped the last one does not stop the next."""

    def __init__(self) -> None:
        """Nobody asks yet."""
        super().__init__()
        self.budgets: dict[str, Budget] = {}

    def open(self, stage: str, limits: CallLimits, budget: Budget) -> None:
        """Begin a stage for UDFs, unless it goes on; a limit that is set otherwise now holds from now on."""
        with self.lock:
            known = self.stages.get(stage)
            if known is None or known.limits != limits or known.budget is not budget:
                super().begin(stage, stage, limits, budget=budget)

    def begin(
        self, stage: str, model: str, limits: CallLimits, now: float | None = None, budget: Budget | None = None
    ) -> None:
        """Begin a stage of a run."""
        self._forgive()
        super().begin(stage, model, limits, now, budget)

    def join(self, worker: str, stage: str, now: float | None = None) -> bool:
        """A worker begins; the first one after a pause begins anew."""
        self._forgive()
        return super().join(worker, stage, now)

    def _forgive(self) -> None:
        with self.lock:
            if not self.workers:
                self.stopped = ""
                for stage in self.stages.values():
                    stage.counts = AskCounts()


@dataclass
class UdfSession:
    """The broker of one Spark session and what it needs to begin."""

    spark: SparkSession
    server: BrokerServer
    broker: SharedBroker
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def broker_for(self, settings: RunSettings, chat: ChatPolicy) -> BrokerAddress:
        """Where the UDFs of one model find their limits."""
        budget = self._budget(settings)
        limits = CallLimits.of(chat.model, settings.limits, run_spent=0.0, stage_spent=0.0)
        self.broker.open(chat.model.name, limits, budget)
        return self.server.place

    def paid(self, settings: RunSettings, money: float) -> None:
        """A run has paid for replies of the same warehouse."""
        with self.broker.lock:
            budget = self.broker.budgets.get(settings.storage.files.rstrip("/"))
            if budget is not None:
                budget.spent += money

    def _budget(self, settings: RunSettings) -> Budget:
        """The money of a warehouse: what its tables and its UDFs have spent counts.

        A budget holds for all UDFs of the session that keep their replies there, until one is given another.
        """
        name, cap = settings.storage.files.rstrip("/"), _cap(settings.limits)
        with self._lock:
            budget = self.broker.budgets.get(name)
            if budget is None:
                budget = self.broker.budgets[name] = Budget(None)
            if cap is not None and budget.cap is None:
                budget.spent = spent(name) + _in_tables(self.spark, settings)
            budget.cap = budget.cap if cap is None else cap
            return budget


def _cap(limits: LimitsSettings) -> float | None:
    """The smaller of the two budgets: a UDF is a run and a stage in one."""
    return min((cap for cap in (limits.budget, limits.stage_budget) if cap is not None), default=None)


def _in_tables(spark: SparkSession, settings: RunSettings) -> float:
    tables = Tables(spark, settings.storage)
    if not tables.exists(REPLIES):
        return 0.0
    return float(one(tables.read(REPLIES).selectExpr("coalesce(sum(money), 0.0) AS money"))["money"])


_sessions: dict[SparkContext, UdfSession] = {}
_lock = threading.Lock()


def session_of(settings: RunSettings, spark: SparkSession | None = None) -> UdfSession:
    """The session's one broker, started with the first UDF; without a Spark session, one by `settings.spark` starts.

    Raises:
        SettingsError: the Spark session is one of Spark Connect, which has no driver of ours beside the executors.
    """
    spark = spark if spark is not None else spark_session(settings.spark)
    if not isinstance(spark, SparkSession):
        raise SettingsError("UDFs of this package need a classic Spark session: the broker lives beside its driver.")
    with _lock:
        for context in [context for context in _sessions if context._jsc is None]:
            _close(_sessions.pop(context))
        found = _sessions.get(spark.sparkContext)
        if found is None:
            broker = SharedBroker()
            address, bound = driver_address(spark), bind_address(spark)
            server = BrokerServer(broker, address, bound=bound).__enter__()
            found = _sessions[spark.sparkContext] = UdfSession(spark, server, broker)
        return found


def _close(session: UdfSession) -> None:
    session.server.__exit__(None, None, None)


@atexit.register
def _close_all() -> None:
    while _sessions:
        _close(_sessions.popitem()[1])
