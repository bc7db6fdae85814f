"""Report and viewer on many episodes: a demo's warehouse, copied under new ids until there are enough.

    python -m bench.report_scale warehouse --episodes 100000 --to /data/many

Prints one JSON object a line: seconds, bytes, and the peak of the process in MB. Requests and replies are left empty in
the copies: the report reads none of them.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from stark_udfs.release.report.page import page
from stark_udfs.release.report.report import report_on
from stark_udfs.release.viewer.library import Library, Search
from stark_udfs.sql.duckdb import DuckSnapshot, DuckSql

IDS = frozenset(("episode_id", "demographic_id", "persona_id", "seed_id", "commonsense_id", "image_id", "unit_key"))
EMPTY = {"request": "''", "reply": "''", "embedding": "NULL"}
NESTED = {
    "albums": {"images": "list_transform(images, lambda i: struct_update(i, image_id := fresh(i.image_id, k)))"},
    "sessions": {
        "turns": "list_transform(turns, lambda t: struct_update(t, images := list_transform(t.images, "
        "lambda i: struct_update(i, image_id := fresh(i.image_id, k)))))",
        "album_after": "[]",
    },
}
PARTITIONED = frozenset({"replies", "units", "rejects"})
AS_THEY_ARE = frozenset({"runs", "checks", "locks"})
ROWS = 50_000  # of one batch


def main() -> None:
    """Copy, report, open the list."""
    options = _options()
    tables, target = Path(options.warehouse) / "tables", Path(options.to) / "tables"
    there = DuckSql(str(tables)).ask("SELECT count(*) AS n FROM narratives").rows[0][0]
    copies = -(-options.episodes // int(str(there)))
    if not target.exists():
        begun = time.perf_counter()
        for folder in sorted(tables.iterdir()):
            _copy(folder, target / folder.name, copies)
        _tell("copied", begun, copies=copies)
    begun = time.perf_counter()
    sql = DuckSnapshot(str(target))
    text = page(report_on(sql, "many", "today"))
    (target.parent / "report.html").write_text(text, encoding="utf-8")
    _tell("report", begun, episodes=options.episodes, megabytes=round(len(text.encode()) / 1e6, 2))
    begun = time.perf_counter()
    library = Library(DuckSnapshot(str(target)))
    found, total = library.find(Search())
    _tell("viewer's list, first time", begun, episodes=total)
    begun = time.perf_counter()
    library.find(Search(gender="female", band="30"))
    _tell("viewer's list, narrowed", begun)
    begun = time.perf_counter()
    _, hits = library.find(Search(text="folding chairs"))
    _tell("viewer's list, by what is said", begun, found=hits)
    begun = time.perf_counter()
    library.episode(str(found[0]["episode_id"]))
    _tell("one episode", begun)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse")
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--to", required=True)
    return parser.parse_args()


def _copy(source: Path, target: Path, copies: int) -> None:
    """One table, `copies` times."""
    stored = DeltaTable(str(source)).to_pyarrow_table()
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO fresh(id, k) AS substr(md5(id || k), 1, 16)")
        connection.register("stored", stored)
        columns = ", ".join(f"{_column(source.name, name)} AS {name}" for name in stored.schema.names)
        times = 1 if source.name in AS_THEY_ARE else copies
        query = f"SELECT {columns} FROM range({times}) copies(k) CROSS JOIN stored"
        reader = connection.sql(query).to_arrow_reader(ROWS)
        batches = pa.RecordBatchReader.from_batches(stored.schema, _cast(reader, stored.schema))
        write_deltalake(str(target), batches, partition_by=["stage"] if source.name in PARTITIONED else None)


def _column(table: str, name: str) -> str:
    if name in NESTED.get(table, {}):
        return NESTED[table][name]
    if name in EMPTY:
        return EMPTY[name]
    return f"fresh({name}, k)" if name in IDS and table not in AS_THEY_ARE else name


def _cast(reader: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        yield from pa.Table.from_batches([batch]).cast(schema).to_batches()


def _tell(what: str, begun: float, **more: object) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"what": what, "seconds": round(time.perf_counter() - begun, 2), "peak_mb": round(peak), **more}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
