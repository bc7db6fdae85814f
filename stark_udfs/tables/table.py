"""A table of the warehouse: its name, its record, its key."""

from dataclasses import dataclass

from stark_udfs.core.records import Record


@dataclass(frozen=True)
class Table:
    """One Delta table; `Tables` turns it into a name or a path.

    `parents` maps a column to the table whose key it refers to: a row whose parent is gone goes with it.
    """

    name: str
    record: type[Record]
    key: tuple[str, ...]
    parents: tuple[tuple[str, str], ...] = ()  # (column, parent table's name)
    partition_by: tuple[str, ...] = ()
