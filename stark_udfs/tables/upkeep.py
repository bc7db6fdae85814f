"""Upkeep of Delta tables: compaction, removal of the files of old versions, and clustering; never a change of rows."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from stark_udfs.tables.address import in_catalog
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import UPKEEP, Tables, one

LISTING, LISTING_DEFAULT = "spark.sql.sources.parallelPartitionDiscovery.parallelism", 10_000
SAFE_HOURS = 168  # Delta's own limit: files younger than this may belong to a commit, or a reader, that is at work
RETENTION, OWN_RETENTION = "delta.deletedFileRetentionDuration", "stark.retentionBefore"
INTERVAL = re.compile(r"(?:interval\s+)?(\d+)\s+(hour|day|week)s?", re.IGNORECASE)
HOURS = {"hour": 1, "day": 24, "week": 168}
MARGIN_HOURS = 1  # between what a clock says and what a file says
CLUSTERED_BY = 2  # columns: the first of the key, by which rows are merged, traced and shown


@dataclass(frozen=True)
class TableState:
    """What a table consists of.

    Attributes:
        name: of the table.
        files: that its newest version has.
        bytes: of these.
        clustered_by: columns, empty where it is not clustered.
        partitioned: whether it lies in folders by column, which excludes clustering.
        retention_hours: how long Delta keeps the files of old versions now.
        own_hours: how long it did before `keep` changed that.
    """

    name: str
    files: int
    bytes: int
    clustered_by: tuple[str, ...]
    partitioned: bool
    retention_hours: int
    own_hours: int

    def compacts(self) -> bool:
        """Whether there may be small files to put together."""
        return self.files > 1


def named(tables: Tables, table: Table) -> str:
    """The table as SQL names it."""
    address = tables.address(table)
    return address if in_catalog(tables.root) else f"delta.`{address}`"


def state_of(tables: Tables, table: Table) -> TableState:
    """What a table that is there consists of."""
    row = one(tables.spark.sql(f"DESCRIBE DETAIL {named(tables, table)}"))
    properties = row["properties"] or {}
    now = retention_of(properties, RETENTION)
    return TableState(
        name=table.name,
        files=int(row["numFiles"]),
        bytes=int(row["sizeInBytes"]),
        clustered_by=tuple(row["clusteringColumns"] or ()),
        partitioned=bool(row["partitionColumns"]),
        retention_hours=now,
        own_hours=retention_of(properties, OWN_RETENTION) if OWN_RETENTION in properties else now,
    )


def retention_of(properties: Mapping[str, str], name: str = RETENTION) -> int:
    """Hours that a property of a table keeps the files of old versions; Delta's default where there is none.

    Example:
        ```python
        retention_of({"delta.deletedFileRetentionDuration": "interval 30 days"})  # 720
        ```
    """
    found = INTERVAL.fullmatch(properties.get(name, "").strip())
    return SAFE_HOURS if found is None else max(SAFE_HOURS, int(found[1]) * HOURS[found[2].lower()])


def history_of(tables: Tables, table: Table) -> dict[int, tuple[datetime, bool]]:
    """By version, as far as the log goes back: when it was committed, and whether it was upkeep alone."""
    rows = tables.spark.sql(f"DESCRIBE HISTORY {named(tables, table)}").select("version", "timestamp", "operation")
    return {
        int(row["version"]): (row["timestamp"].astimezone(UTC), row["operation"] in UPKEEP) for row in rows.collect()
    }


def ended(history: Mapping[int, tuple[datetime, bool]], version: int, *, rows_alone: bool) -> datetime | None:
    """When another version took the place of this one; None: none has, or the log does not go back so far.

    Args:
        history: as of `history_of`.
        version: which one.
        rows_alone: whether a compacted version, which has the same rows, will do in its place.
    """
    if version not in history:
        return None
    later = (history[v] for v in sorted(history) if v > version)
    return next((time for time, upkeep in later if not (upkeep and rows_alone)), None)


def hours_to_keep(wanted: int, own: int, needed: Iterable[datetime], now: datetime) -> int:
    """Hours for which VACUUM has to leave the files of old versions.

    Args:
        wanted: by the user; less than `SAFE_HOURS` counts as that.
        own: of the table's property.
        needed: when the versions ended that somebody may still read.
        now: the time from which is counted.
    """
    ages = [(now - time).total_seconds() / 3600 for time in needed]
    oldest = math.ceil(max(ages)) + MARGIN_HOURS if ages else 0
    return max(wanted, own, SAFE_HOURS, oldest)


def keep(tables: Tables, table: Table, state: TableState, hours: int) -> None:
    """Have Delta keep the files of old versions for so long, whoever calls VACUUM; what was set before is noted.

    Delta 4.3 passes over `VACUUM … RETAIN`: the property of the table alone decides.
    """
    if state.retention_hours == hours:
        return
    values = {RETENTION: f"interval {hours} hours", OWN_RETENTION: f"interval {state.own_hours} hours"}
    told = ", ".join(f"'{name}' = '{value}'" for name, value in values.items())
    tables.spark.sql(f"ALTER TABLE {named(tables, table)} SET TBLPROPERTIES ({told})")


def old_files(tables: Tables, table: Table) -> int:
    """How many files VACUUM would remove; Delta lists 1,000 at most."""
    with _few_tasks(tables.spark):
        return len(tables.spark.sql(f"VACUUM {named(tables, table)} DRY RUN").collect())


def vacuum(tables: Tables, table: Table) -> None:
    """Remove the files that no version has which the table's retention still covers."""
    with _few_tasks(tables.spark):
        tables.spark.sql(f"VACUUM {named(tables, table)}").collect()


@contextmanager
def _few_tasks(spark: SparkSession) -> Iterator[None]:
    """VACUUM lists a table in as many tasks as this setting says: 10,000 by default, minutes for ten files."""
    before = int(spark.conf.get(LISTING) or LISTING_DEFAULT)
    spark.conf.set(LISTING, str(min(before, 4 * spark.sparkContext.defaultParallelism)))
    try:
        yield
    finally:
        spark.conf.set(LISTING, str(before))


def optimize(tables: Tables, table: Table, *, whole: bool = False) -> None:
    """Put small files together; `whole` lays all rows of a table that was clustered just now in order."""
    tables.spark.sql(f"OPTIMIZE {named(tables, table)}{' FULL' if whole else ''}").collect()


def clustering_of(table: Table, state: TableState) -> tuple[str, ...]:
    """The columns by which a table could be clustered: of its key; none where Delta cannot, or it is so already."""
    columns = table.key[:CLUSTERED_BY]
    return () if state.partitioned or state.clustered_by == columns else columns


def cluster(tables: Tables, table: Table, columns: tuple[str, ...]) -> None:
    """Name the columns by which rows are laid together from now on."""
    tables.spark.sql(f"ALTER TABLE {named(tables, table)} CLUSTER BY ({', '.join(columns)})")
