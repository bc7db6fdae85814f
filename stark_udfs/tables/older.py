"""Tables that an earlier version wrote: read under the column names of today, and given today's columns by a write.

Nothing is rewritten. A column that was renamed is added under its new name, and old rows are read from the old one.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# By table: a column's new name and its old one, which was a reserved word in DuckDB.
RENAMED: Mapping[str, Mapping[str, str]] = {"replies": {"replied_at": "at"}}
# By table: columns that came later, which are null in rows of before, with the type that Spark and DuckDB call alike.
ADDED: Mapping[str, Mapping[str, str]] = {
    "checks": {
        "state": "string",
        "n": "bigint",
        "interval_low": "double",
        "interval_high": "double",
        "examples": "string",
    },
    "image_plans": {"original_description": "string"},
    "runs": {"source_read": "string"},
}


def grown(table: str) -> bool:
    """Whether a warehouse of before may lack columns of this table, so that a write has to add them."""
    return table in RENAMED or table in ADDED


def today(table: str, frame: "DataFrame") -> "DataFrame":
    """The frame with the columns of today; itself where it has them."""
    columns = _columns(table, frame.columns)
    return frame if columns is None else frame.selectExpr(*(f"{sql} AS {name}" for name, sql in columns.items()))


def select(table: str, columns: Sequence[str], source: str) -> str | None:
    """A query over `source`, which holds a table's rows, with the columns of today; None where it has them."""
    found = _columns(table, columns, quote='"')
    if found is None:
        return None
    return f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in found.items())} FROM {source}"


def _columns(table: str, there: Sequence[str], quote: str = "`") -> dict[str, str] | None:
    """By today's name, the expression over the columns that are there; None: they are those of today."""
    renamed, added = RENAMED.get(table, {}), ADDED.get(table, {})
    olds = {old: new for new, old in renamed.items() if old in there}
    missing = {name: kind for name, kind in added.items() if name not in there}
    if not olds and not missing:
        return None
    columns: dict[str, str] = {}
    for name in there:
        if name in olds:
            new, old = olds[name], f"{quote}{name}{quote}"
            columns[new] = f"coalesce({new}, {old})" if new in there else old
        elif name not in renamed or renamed[name] not in there:
            columns[name] = name
    return columns | {name: f"CAST(NULL AS {kind})" for name, kind in missing.items()}
