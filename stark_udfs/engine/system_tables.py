"""The system tables: what was paid, done, dropped, run and checked."""

from enum import StrEnum

from pydantic import Field

from stark_udfs.calls.request import Reply
from stark_udfs.core.records import Record
from stark_udfs.tables.table import Table


class UnitState(StrEnum):
    """What is known of a unit of work. Only a model's reply gives a verdict; all else leaves it open."""

    DONE = "done"
    REJECTED = "rejected"
    OPEN = "open"


class Provenance(Record):
    """Columns that the engine adds to every row of a stage table."""

    unit_key: str = Field(description="the unit of work that gave the row: units.unit_key")
    provider: str = Field(description="who wrote it: offline, openai, azure, …; none where no model took part")
    run_id: str = Field(description="the run that wrote this version of the row")


class UnitRow(Record):
    """One unit of work of one stage."""

    stage: str
    unit_key: str
    row_hash: str = Field(description="of the row that `select` gave")
    code_hash: str = Field(description="of the stage's code and settings")
    state: UnitState
    outputs: int = Field(description="rows written from this unit")
    rejects: int
    money: float = Field(description="of all replies of this unit")
    redraw: int = Field(description="how often new answers were asked for on purpose")
    stale: bool = Field(description="kept by --keep-stale although its input, code or settings changed")
    run_id: str


class RejectRow(Record):
    """One row that was not made, and why."""

    stage: str
    unit_key: str
    position: int = Field(description="place among the unit's rejects")
    reason: str
    origin: str = Field(description="whose rule: paper, code, ours, safety")
    detail: str
    key: str = Field(description="the key the row would have had, or its place in the reply")
    reply_key: str | None = Field(description="the last reply of the unit: replies.key")
    run_id: str


class StageRun(Record):
    """What one run did in one stage."""

    run_id: str
    stage: str
    state: str = Field(description="finished, partial (units are open), stopped")
    rows_in: int = Field(description="units that `select` gave")
    rows_out: int = Field(description="rows of the output table after the stage")
    added: int
    changed: int
    removed: int
    rejected: int = Field(description="rejects of the units that were worked on")
    reused: int = Field(description="units that were not touched")
    open: int = Field(description="units left open")
    calls: int = Field(description="replies paid by this run")
    tokens_in: int
    tokens_out: int
    money: float
    currency: str
    forecast_calls: int | None = Field(
        None, description="as expected before the first call; null where nothing was asked, or nothing could tell"
    )
    forecast_tokens: int | None = Field(None, description="in and out")
    forecast_money: float | None = None
    forecast_low: float | None = Field(None, description="`money` is expected between this and `forecast_high`")
    forecast_high: float | None = None
    forecast_from: str | None = Field(None, description="earlier replies, or rehearsed unit")
    seconds: float
    seconds_asking: float = Field(
        0.0, description="of `seconds`: calls, journal and `replies`; the rest is Spark and Delta"
    )
    started_at: str
    stage_hash: str = Field(description="of the stage's code and settings")
    versions_read: dict[str, int] = Field(description="table → version")
    version_written: int | None
    torn_lines: int = Field(description="journal lines that a kill cut off, found by this run")
    note: str = Field(description="why calls are open: what ended the run early, or what one of them ended with")
    source_read: str | None = Field(
        None, description="the version of the user's own table that was read, as 'version@milliseconds'; null: none"
    )


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    CHANCE = "within chance"  # outside its bounds, but so few were measured that this tells nothing
    FAILED = "failed"


class CheckResult(Record):
    """One expectation about a stage's table, as found by one run."""

    run_id: str
    stage: str
    name: str
    value: float | None
    low: float | None = Field(description="the value is expected between this and `high`")
    high: float | None
    kind: str = Field(description="where the bounds come from: expected, paper, set")
    ok: bool = Field(description="not failed")
    state: str | None = Field(
        None,
        description="passed; within chance: the value is out of bounds, but a bound lies in the interval; "
        "failed. Null in rows of earlier versions",
    )
    n: int | None = Field(None, description="how many were measured: rows, or the parts that a share is of")
    interval_low: float | None = Field(
        None,
        description="the true value lies between this and `interval_high` with 95 % confidence; null: exact, "
        "or too few to tell",
    )
    interval_high: float | None = None
    examples: str | None = Field(None, description="ids of a few rows to look at, where the check names them")


class Lock(Record):
    """Who works on a stage; one row per stage."""

    stage: str
    run_id: str
    holder: str = Field(description="host and process")
    heartbeat: float = Field(description="seconds since the epoch; older than the lease: free")
    lease_s: float


REPLIES = Table("replies", Reply, key=("key",), partition_by=("stage",))
UNITS = Table("units", UnitRow, key=("stage", "unit_key"), partition_by=("stage",))
REJECTS = Table("rejects", RejectRow, key=("stage", "unit_key", "position"), partition_by=("stage",))
RUNS = Table("runs", StageRun, key=("run_id", "stage"))
CHECKS = Table("checks", CheckResult, key=("run_id", "stage", "name"))
LOCKS = Table("locks", Lock, key=("stage",))

SYSTEM = (REPLIES, UNITS, REJECTS, RUNS, CHECKS, LOCKS)
