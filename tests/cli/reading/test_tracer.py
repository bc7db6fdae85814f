"""Every id that a whole run wrote leads to its seed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from stark_udfs.cli.reading.tracer import Tracer
from stark_udfs.sql.duckdb import DuckSql, QueryResult
from stark_udfs.stages.pipeline import TABLES

MADE = [table for table in TABLES if table.name != "probe_phrasings"]  # the demo words no probes anew


@dataclass(frozen=True)
class InMemory:
    """An `SqlEngine` over tables read once: a trace asks a dozen times, and all ids are traced."""

    tables: tuple[str, ...]
    connection: duckdb.DuckDBPyConnection

    def ask(self, query: str, most: int | None = None) -> QueryResult:
        cursor = self.connection.execute(query)
        rows = cursor.fetchall() if most is None else cursor.fetchmany(most)
        return QueryResult(tuple(column[0] for column in cursor.description), tuple(map(tuple, rows)))


@pytest.fixture(scope="module")
def sql(whole_run: Path) -> Iterator[InMemory]:
    stored = DuckSql(f"{whole_run}/tables")
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE MACRO explode(items) AS unnest(items)")
        for name in (*stored.tables, "shared_images"):
            connection.register("rows_of_one_table", arrow(stored.ask(f"SELECT * FROM {name}")))
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM rows_of_one_table")
            connection.unregister("rows_of_one_table")
        yield InMemory(stored.tables, connection)


def arrow(rows: QueryResult) -> pa.Table:
    if not rows.rows:
        return pa.table({name: pa.array([], pa.string()) for name in rows.columns})
    return pa.Table.from_pylist(rows.dicts())


def ids(sql: InMemory, table: str, column: str) -> list[str]:
    return [str(value) for (value,) in sql.ask(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1").rows]


def describe_an_id_of_a_whole_run():
    @pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)
    def it_leads_to_the_seed_from_every_row_of_every_table(sql: InMemory, table):
        keys = ids(sql, table.name, table.key[0])
        assert keys
        for key in keys:
            steps = Tracer(sql, TABLES).trace(key)
            assert steps[0].stage == "demographics", key
            assert table.name in [step.stage for step in steps], key

    @pytest.mark.parametrize(("table", "column"), [("units", "unit_key"), ("replies", "key")])
    def so_does_every_unit_and_reply(sql: InMemory, table: str, column: str):
        keys = ids(sql, table, column)
        assert keys
        for key in keys:
            assert Tracer(sql, TABLES).trace(key)[0].stage == "demographics", key
