"""A demo's tables many times over, under new ids: a warehouse of as many episodes as a bench needs.

Files are written by DuckDB, a part of the copies at a time, and then become Delta tables as they lie: memory does not
grow with the number of episodes. Texts get the number of their copy at the end, so that no dictionary holds them all
once; requests, replies and embeddings are left empty.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from deltalake import DeltaTable, Field, Schema, convert_to_deltalake, write_deltalake
from deltalake.schema import PrimitiveType

from stark_udfs.sql.duckdb import DuckSql

IDS = frozenset(
    ("episode_id", "demographic_id", "persona_id", "seed_id", "commonsense_id", "image_id", "unit_key", "key")
)
EMPTY = frozenset(("request", "reply", "embedding"))
TEXTS = frozenset(
    (
        "narrative",
        "sentence",
        "inference",
        "summary",
        "prompt",
        "description",
        "caption",
        "detail",
        "rationale",
        "question",
        "answer",
    )
)
IMAGE = "struct_update(i, image_id := fresh(i.image_id, k), description := i.description || ' ' || k)"
NESTED = {
    ("albums", "images"): f"list_transform(images, lambda i: {IMAGE})",
    ("sessions", "turns"): "list_transform(turns, lambda t: struct_update(t, text := t.text || ' ' || k, "
    f"images := list_transform(t.images, lambda i: {IMAGE})))",
    ("sessions", "album_after"): f"list_transform(album_after, lambda i: {IMAGE})",
    ("events", "events"): "list_transform(events, lambda e: struct_update(e, event := e.event || ' ' || k))",
}
PARTITIONED = frozenset({"replies", "units", "rejects"})
AS_THEY_ARE = frozenset({"runs", "checks", "locks"})
COPIES = 500  # of a demo, written at a time
ROW_GROUP = "64MB"


def multiply(source: Path, target: Path, episodes: int) -> int:
    """Write a warehouse of this many episodes or a few more.

    Args:
        source: the tables of a finished demo.
        target: a new folder.
        episodes: how many.

    Returns:
        How often the demo was copied.
    """
    there = DuckSql(str(source)).ask("SELECT count(*) AS n FROM narratives").rows[0][0]
    copies = -(-episodes // int(str(there)))
    for folder in sorted(log.parent for log in source.glob("*/_delta_log")):
        _copy(folder, target / folder.name, copies)
    return copies


def _copy(source: Path, target: Path, copies: int) -> None:
    stored = DeltaTable(str(source)).to_pyarrow_table()
    name = source.name
    if name in AS_THEY_ARE or not stored.num_rows:
        write_deltalake(str(target), stored)
        return
    partitioned = name in PARTITIONED
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO fresh(id, k) AS substr(md5(id || k), 1, 16)")
        connection.execute("SET preserve_insertion_order = false")
        connection.register("arrow", stored)
        connection.execute("CREATE TABLE stored AS SELECT * FROM arrow")
        columns = ", ".join(
            f"{_column(name, one, str(kind))} AS {one}"
            for one, kind in _columns(connection)
            if one != "stage" or not partitioned
        )
        for folder, where in _parts(connection, target, partitioned=partitioned):
            folder.mkdir(parents=True)
            for first in range(0, copies, COPIES):
                last = min(copies, first + COPIES)
                query = f"SELECT {columns} FROM range({first}, {last}) copies(k) CROSS JOIN stored {where}"
                file = folder / f"part-{first:06d}.parquet"
                form = f"FORMAT parquet, ROW_GROUP_SIZE_BYTES '{ROW_GROUP}'"
                connection.execute(f"COPY ({query}) TO '{file}' ({form})")
    by = Schema([Field("stage", PrimitiveType("string"))]) if partitioned else None
    convert_to_deltalake(str(target), partition_by=by, partition_strategy="hive" if partitioned else None)


def _columns(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.execute("DESCRIBE stored").fetchall()]


def _parts(connection: duckdb.DuckDBPyConnection, target: Path, *, partitioned: bool) -> Iterator[tuple[Path, str]]:
    """The folders of a table, and which rows lie in each."""
    if not partitioned:
        yield target, ""
        return
    for (stage,) in connection.execute("SELECT DISTINCT stage FROM stored ORDER BY 1").fetchall():
        yield target / f"stage={stage}", f"WHERE stage = '{stage}'"


def _column(table: str, name: str, kind: str) -> str:
    if (table, name) in NESTED:
        return NESTED[table, name]
    if name in EMPTY:
        return "''" if kind == "VARCHAR" else f"CAST(NULL AS {kind})"
    if kind != "VARCHAR":
        return name
    if name in IDS:
        return f"fresh({name}, k)"
    return f"{name} || ' ' || k" if name in TEXTS else name
