"""A warehouse of an earlier version: `replies.at`, and `checks` without its interval."""

import asyncio
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from stark_udfs.calls.journal import JournalPlace, open_journal, parse_lines
from stark_udfs.calls.request import Reply
from stark_udfs.engine.replies import absorb
from stark_udfs.engine.system_tables import CHECKS, REPLIES, CheckResult
from stark_udfs.settings.run import StorageSettings
from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.sql.spark import SparkSql
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables
from tests.cli import small

OLD = "2026-01-01T00:00:00Z"
LATER = ("state", "n", "interval_low", "interval_high")


@pytest.fixture
def root(tmp_path: Path) -> str:
    """The small warehouse in its old form."""
    folder = small.write(tmp_path / "tables")
    for name, change in (("replies", renamed), ("checks", without_interval)):
        rows = deltalake.DeltaTable(str(folder / name)).to_pyarrow_table()
        partition = ["stage"] if name == "replies" else None
        deltalake.write_deltalake(
            str(folder / name), change(rows), mode="overwrite", schema_mode="overwrite", partition_by=partition
        )
    return str(folder)


def renamed(rows):
    rows = rows.rename_columns(["at" if name == "replied_at" else name for name in rows.column_names])
    return rows.cast(nullable(rows.schema))


def without_interval(rows):
    rows = rows.drop_columns(list(LATER))
    return rows.cast(nullable(rows.schema))


def nullable(schema):
    """As Spark writes Delta tables: every column may be null."""
    return pa.schema([field.with_nullable(True) for field in schema])


def columns(root: str, name: str) -> list[str]:
    return [field.name for field in deltalake.DeltaTable(f"{root}/{name}").schema().fields]


def new_reply() -> Reply:
    old = small.reply("personas", small.SEED, 1)
    assert isinstance(old, Reply)
    return old.model_copy(update={"replied_at": "2027-01-01T00:00:00Z", "key": "k" * 64})


def describe_an_older_warehouse():
    def it_is_read_under_the_names_of_today(root: str, spark: SparkSession):
        assert "at" in columns(root, "replies")
        query = "select replied_at from replies where replied_at is not null"
        for sql in (DuckSql(root), SparkSql(spark, root)):
            assert sql.ask(query).rows == ((OLD,),) * 3
            assert sql.ask("select n, interval_low, interval_high, state from last_checks").rows == ((None,) * 4,) * 2
            assert "at" not in sql.ask("select * from replies").columns
        tables = Tables(spark, StorageSettings(tables=root))
        assert set(tables.read(REPLIES).columns) == set(struct_type(Reply).names)
        assert [Reply.model_validate(row.asDict()).replied_at for row in tables.read(REPLIES).collect()] == [OLD] * 3

    def it_takes_new_rows_beside_the_old_ones(root: str, spark: SparkSession, tmp_path: Path):
        files, new = f"{tmp_path}/files", new_reply()

        async def pay() -> None:
            journal = open_journal(JournalPlace(files, "run-2", "personas"), "0-1")
            await journal.append(0, new)
            await journal.close()

        asyncio.run(pay())
        tables = Tables(spark, StorageSettings(tables=root))
        assert absorb(tables, files, "run-2", "personas").replies == 1
        checked = CheckResult(
            run_id="z", stage="s", name="c", value=1, low=0, high=None, kind="set", ok=True, state="passed", n=3
        )
        tables.append(CHECKS, spark.createDataFrame([checked.model_dump()], struct_type(CheckResult)))
        for sql in (DuckSql(root), SparkSql(spark, root)):
            replied = sql.ask("select replied_at from replies order by replied_at").rows
            assert [row[0] for row in replied] == [OLD] * 3 + [new.replied_at]
            assert "at" not in sql.ask("select * from replies").columns
            assert sql.ask("select state, n from last_checks where stage = 's'").rows == (("passed", 3),)
        found = {row["key"]: Reply.model_validate(row.asDict()) for row in tables.read(REPLIES).collect()}
        assert found[new.key] == new

    def it_has_journals_that_are_still_read():
        line = new_reply().model_dump_json().replace('"replied_at"', '"at"')
        assert '"at"' in line
        assert parse_lines([line.encode()]).replies == (new_reply(),)


def describe_a_warehouse_of_today():
    def it_has_nothing_mapped(tmp_path: Path, spark: SparkSession):
        root = str(small.write(tmp_path / "tables"))
        before = columns(root, "replies")
        DuckSql(root).ask("select replied_at from replies")
        tables = Tables(spark, StorageSettings(tables=root))
        tables.append(REPLIES, spark.createDataFrame([new_reply().model_dump()], struct_type(Reply)))
        assert columns(root, "replies") == before
        assert "stored_replies" not in {row[0] for row in DuckSql(root).ask("show tables").rows}
