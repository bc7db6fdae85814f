"""What a warehouse holds, read without Spark, and how it differs from that of a run that nothing disturbed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import DeltaTable

from stark_udfs.core.ids import canonical, digest
from stark_udfs.engine.system_tables import REJECTS, REPLIES, UNITS, UnitState
from stark_udfs.images.requests import Module
from stark_udfs.tables.table import Table

Key = tuple[object, ...]
Row = Mapping[str, object]

OF_THE_RUN = {"run_id", "replied_at", "seconds", "tries"}  # differ between any two runs
PAINTED = (Module.P_T2I.value, Module.T2I.value)
IGNORED = {  # beside those: what a further ask changes
    REPLIES.name: {"request", "reply", "finish_reason", "tokens_in", "tokens_out", "money"},
    UNITS.name: {"money"},
    REJECTS.name: {"reply_key"},
}


@dataclass(frozen=True)
class Contents:
    """The rows of a warehouse: by table and key, a digest of what counts in them.

    again: keys that stand twice in a table. open: units without a verdict. reasks: keys of replies to further asks.
    calls: distinct, by stage that asks a server. paintings: wishes for pictures, by stage. money: of all replies.
    pictures: their files, by path; a name is the hash of what is in it.
    """

    rows: Mapping[str, Mapping[Key, str]]
    again: int
    open: int
    reasks: frozenset[Key]
    calls: Mapping[str, int]
    money: float
    paintings: Mapping[str, int] = field(default_factory=dict)
    pictures: frozenset[str] = frozenset()

    @property
    def logical(self) -> int:
        """Distinct calls that the rows rest on."""
        return sum(self.calls.values())


def read(root: Path, tables: Sequence[Table], asking: Collection[str], files: Path | None = None) -> Contents:
    """The contents of the stage tables, and of `replies`, `units` and `rejects`, in the folder `root`.

    asking: the names of the stages that ask a chat server; of other stages, whose painters may be at home, those calls
    count that cost money. files: where pictures are; None: they are not looked at.
    """
    found = {table.name: rows_of(root / table.name) for table in (*tables, REPLIES, UNITS, REJECTS)}
    digests: dict[str, dict[Key, str]] = {}
    again = 0
    for table in (*tables, REPLIES, UNITS, REJECTS):
        rows = [(tuple(row[column] for column in table.key), row) for row in found[table.name]]
        digests[table.name] = {key: _digest(table, row) for key, row in rows}
        again += len(rows) - len(digests[table.name])
    replies = found[REPLIES.name]
    return Contents(
        rows=digests,
        again=again,
        open=sum(row["state"] == UnitState.OPEN.value for row in found[UNITS.name]),
        reasks=frozenset((row["key"],) for row in replies if row["attempt"]),
        calls=Counter(stage for stage, _ in _paid(replies, asking)),
        money=sum(_money(row) for row in replies),
        paintings=Counter(str(row["stage"]) for row in replies if row["model_returned"] in PAINTED),
        pictures=frozenset() if files is None else _pictures(files),
    )


def _paid(replies: Sequence[Row], asking: Collection[str]) -> set[tuple[str, object]]:
    """Stage and key of what a server answered."""
    return {(str(row["stage"]), row["key"]) for row in replies if row["stage"] in asking or _money(row)}


def _money(row: Row) -> float:
    return float(str(row["money"]))


def _pictures(files: Path) -> frozenset[str]:
    return frozenset(str(path.relative_to(files)) for path in (files / "images").rglob("*.*"))


def rows_of(path: Path) -> list[Row]:
    """All rows of a Delta table; none where there is no table."""
    if not (path / "_delta_log").is_dir():
        return []
    rows: list[Row] = DeltaTable(str(path)).to_pyarrow_table().to_pylist()
    return rows


def lost(expected: Contents, found: Contents) -> int:
    """Rows, replies, verdicts and pictures that are missing or different, and units without a verdict."""
    missing = sum(
        found.rows[table].get(key) != value for table, rows in expected.rows.items() for key, value in rows.items()
    )
    return missing + found.open + len(expected.pictures - found.pictures)


def doubled(expected: Contents, found: Contents) -> int:
    """Keys that stand twice, and rows that a run which nothing disturbed does not have; further asks excepted."""
    extra = sum(
        key not in expected.rows[table] and key not in found.reasks
        for table, rows in found.rows.items()
        for key in rows
    )
    return found.again + extra


def _digest(table: Table, row: Row) -> str:
    left_out = OF_THE_RUN | IGNORED.get(table.name, set())
    return digest(canonical({name: str(value) for name, value in row.items() if name not in left_out}))
