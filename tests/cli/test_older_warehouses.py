"""A warehouse of each release, kept as it was written by `python -m bench.old_warehouse`: today's code opens it."""

import tarfile
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.engine.system_tables import SYSTEM
from stark_udfs.settings.run import StorageSettings
from stark_udfs.sql.duckdb import DuckSnapshot, DuckSql
from stark_udfs.sql.views import VIEWS
from stark_udfs.stages.pipeline import TABLES
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.warehouse_format import FORMAT, format_of
from tests.cli.conftest import Stark

KEPT = sorted((Path(__file__).parents[1] / "warehouses").glob("*.tar.xz"))
LARGEST = 300_000  # bytes that a release may add to the checkout


@pytest.fixture(scope="module", params=KEPT, ids=lambda path: path.name.removesuffix(".tar.xz"))
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(request.param) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)  # came with Python 3.11.4
        tar.extractall(folder)
    return folder


def describe_a_warehouse_of_an_older_release():
    def it_is_small_and_there_is_one():
        assert KEPT
        assert all(path.stat().st_size <= LARGEST for path in KEPT)

    def it_has_a_format_that_is_known(old: Path):
        found = format_of(f"{old}/tables")
        assert found is None or found.number <= FORMAT

    def it_answers_every_table_and_view_without_spark(old: Path):
        sql = DuckSnapshot(f"{old}/tables")
        there = set(sql.tables)
        assert {"personas", "sessions", "images", "episodes", "replies", "runs"} <= there
        views = [view.name for view in VIEWS if set(view.reads) <= there]
        assert views
        for name in (*sorted(there), *views):
            assert sql.ask(f"SELECT count(*) FROM {name}").rows

    def it_has_the_columns_of_today(old: Path, spark: SparkSession):
        tables = Tables(spark, StorageSettings(tables=f"{old}/tables", files=f"{old}/files"))
        for table in (*TABLES, *SYSTEM):
            if tables.exists(table):
                missing = set(struct_type(table.record).names) - set(tables.read(table).columns)
                assert missing == set(), f"{table.name} lacks {missing}: add them to tables/older.py"

    @pytest.mark.usefixtures("spark")
    def it_is_gone_on_with(old: Path, stark: Stark):
        rows = "select (select count(*) from personas), (select count(*) from replies)"
        before = DuckSql(f"{old}/tables").ask(rows).rows
        said = stark("run", "--until", "personas", "--keep-stale", "--episodes", "1", "--target", "demo", where=old)
        assert said.code == 0, said.err
        after = DuckSql(f"{old}/tables").ask(rows).rows
        assert after[0][0] == before[0][0]
        assert after[0][1] >= before[0][1]
        found = format_of(f"{old}/tables")
        assert found is not None
        assert found.number == FORMAT

    def it_shows_a_conversation(old: Path, stark: Stark):
        said = stark("show", "--sessions", "1", where=old)
        assert said.code == 0, said.err
        assert len(said.out.splitlines()) > 10
