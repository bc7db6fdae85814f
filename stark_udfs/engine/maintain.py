"""The care of a warehouse's tables, between runs: it holds the locks of all stages while it works."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from stark_udfs.engine.ledger import last_finished
from stark_udfs.engine.lock import StageLock, again_on_conflict
from stark_udfs.engine.run import new_run_id
from stark_udfs.tables import upkeep
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.upkeep import TableState

Needs = Mapping[str, Mapping[int, str]]  # table → version → who may still read it


@dataclass(frozen=True)
class MaintenanceOptions:
    """What `maintain` is to do.

    Attributes:
        apply: do it; otherwise only tell what would be done.
        hours: for which the files of old versions stay, at least.
        cluster: also lay the rows of tables together by their keys.
    """

    apply: bool = False
    hours: int = upkeep.SAFE_HOURS
    cluster: bool = False


@dataclass(frozen=True)
class TableCare:
    """What was done to a table, or would be.

    Attributes:
        before: the table as it was found.
        after: as it is now; None: nothing was done.
        removed: files of old versions, at most 1,000 are counted; where nothing was done, by today's retention.
        hours: for which old files stay.
        kept_for: who still needs an old version that would go otherwise; empty: nobody.
        clustered: columns that it is clustered by from now on.
    """

    before: TableState
    after: TableState | None
    removed: int
    hours: int
    kept_for: str = ""
    clustered: tuple[str, ...] = ()


def maintain(
    tables: Tables, chosen: Sequence[Table], stages: Sequence[str], trained: Needs, options: MaintenanceOptions
) -> Iterator[TableCare]:
    """Take care of tables, one after the other; those that are not there are passed over.

    Args:
        tables: the warehouse.
        chosen: which of its tables.
        stages: all stages, whose locks are held meanwhile: compaction and a run's MERGE would disturb each other.
        trained: versions that trainings were made from.
        options: what to do.

    Raises:
        Locked: a run is at work.
    """
    there = [table for table in chosen if tables.exists(table)]
    made, now = _of_runs(tables), datetime.now(UTC)
    with nullcontext() if not options.apply else StageLock(tables, stages, new_run_id()):
        for table in there:
            needs = {rows_alone: of.get(table.name, {}) for rows_alone, of in ((True, made), (False, trained))}
            yield _care(tables, table, needs, options, now)


def _care(
    tables: Tables, table: Table, needs: Mapping[bool, Mapping[int, str]], options: MaintenanceOptions, now: datetime
) -> TableCare:
    """`needs`: by whether a compacted version will do in its place, the versions that somebody may still read."""
    before, history = upkeep.state_of(tables, table), upkeep.history_of(tables, table)
    needed = {
        time: who
        for rows_alone, versions in needs.items()
        for version, who in versions.items()
        if (time := upkeep.ended(history, version, rows_alone=rows_alone)) is not None
    }
    without = upkeep.hours_to_keep(options.hours, before.own_hours, (), now)
    hours = upkeep.hours_to_keep(options.hours, before.own_hours, needed, now)
    kept_for = needed[min(needed)] if hours > without else ""
    columns = upkeep.clustering_of(table, before) if options.cluster else ()
    if options.apply:
        again_on_conflict(lambda: _compact(tables, table, columns, before))
        again_on_conflict(lambda: upkeep.keep(tables, table, before, hours))
    removed = upkeep.old_files(tables, table)
    if options.apply and removed:
        upkeep.vacuum(tables, table)
    after = upkeep.state_of(tables, table) if options.apply else None
    return TableCare(before, after, removed, hours, kept_for, columns)


def _compact(tables: Tables, table: Table, columns: tuple[str, ...], before: TableState) -> None:
    if columns:
        upkeep.cluster(tables, table, columns)
    if columns or before.compacts():
        upkeep.optimize(tables, table, whole=bool(columns))


def _of_runs(tables: Tables) -> dict[str, dict[int, str]]:
    """What the last finished run of each stage read and wrote."""
    found: dict[str, dict[int, str]] = {}
    for run in last_finished(tables).values():
        for name, version in run.versions_read.items():
            found.setdefault(name, {}).setdefault(version, f"stage {run.stage} was made from version {version}")
        if run.version_written is not None:
            found.setdefault(run.stage, {}).setdefault(run.version_written, f"version {run.version_written} is its own")
    return found
