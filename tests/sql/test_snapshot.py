"""Many queries over one state of the tables: the same answers as one by one, read by DuckDB itself."""

from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from stark_udfs.core.errors import InputError, NotFound
from stark_udfs.sql.duckdb import DuckSnapshot, DuckSql
from stark_udfs.sql.views import VIEWS
from tests.cli import small


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(small.write(tmp_path_factory.mktemp("it's here") / "tables"))


@pytest.fixture(scope="module")
def snapshot(root: str) -> DuckSnapshot:
    return DuckSnapshot(root)


def by_arrow(snapshot: DuckSnapshot, name: str) -> bool:
    """Whether a table is read through Arrow: DuckDB then scans an object, not files."""
    return "arrow" in str(snapshot._connection.execute(f"EXPLAIN SELECT * FROM {name}").fetchall()).lower()


def describe_snapshot():
    def it_gives_the_answers_that_single_queries_give(root: str, snapshot: DuckSnapshot):
        one_by_one = DuckSql(root)
        names = [*snapshot.tables, *(view.name for view in VIEWS if not view.page)]
        for name in names:
            first, second = one_by_one.ask(f"SELECT * FROM {name}"), snapshot.ask(f"SELECT * FROM {name}")
            assert first.columns == second.columns, name
            assert sorted(map(repr, first.rows)) == sorted(map(repr, second.rows)), name

    def duckdb_reads_the_files_itself(snapshot: DuckSnapshot):
        snapshot.ask("SELECT count(*) FROM sessions, replies")
        assert not by_arrow(snapshot, "sessions")
        assert not by_arrow(snapshot, "replies")

    def it_sees_nothing_that_was_written_later(tmp_path: Path):
        small.write(tmp_path)
        before = DuckSnapshot(str(tmp_path))
        for table, rows in small.contents():
            if table.name == "narratives":
                small.write_table(tmp_path, table, rows, mode="append")
        assert before.ask("SELECT count(*) FROM narratives").rows == ((2,),)
        assert DuckSnapshot(str(tmp_path)).ask("SELECT count(*) FROM narratives").rows == ((4,),)

    def a_table_whose_files_have_several_shapes_is_read_all_the_same(tmp_path: Path):
        folder = str(tmp_path / "grown")
        deltalake.write_deltalake(folder, pa.table({"a": [1]}))
        deltalake.write_deltalake(folder, pa.table({"a": [2], "b": ["x"]}), mode="append", schema_mode="merge")
        found = DuckSnapshot(str(tmp_path))
        assert sorted(found.ask("SELECT a, b FROM grown").rows) == [(1, None), (2, "x")]

    def a_column_that_no_file_has_yet_is_null(tmp_path: Path):
        folder = str(tmp_path / "grown")
        deltalake.write_deltalake(folder, pa.table({"a": [1]}))
        schema = pa.schema([("a", pa.int64()), ("b", pa.string())])
        deltalake.write_deltalake(folder, schema.empty_table(), mode="append", schema_mode="merge")
        assert DuckSnapshot(str(tmp_path)).ask("SELECT a, b FROM grown").rows == ((1, None),)

    def a_table_without_rows_has_its_columns(tmp_path: Path):
        deltalake.write_deltalake(str(tmp_path / "empty"), pa.schema([("a", pa.int64())]).empty_table())
        assert DuckSnapshot(str(tmp_path)).ask("SELECT a FROM empty").rows == ()

    def it_says_which_table_a_view_lacks(tmp_path: Path):
        small.write_table(tmp_path, *small.contents()[0])
        with pytest.raises(NotFound, match="no table commonsense yet"):
            DuckSnapshot(str(tmp_path)).ask("select * from lineage")

    def a_word_that_sounds_like_a_view_needs_no_tables(tmp_path: Path):
        small.write_table(tmp_path, *small.contents()[0])
        assert DuckSnapshot(str(tmp_path)).ask("select 'lineage'").rows == (("lineage",),)

    @pytest.mark.parametrize(
        "query",
        [
            "select * from read_text('{secret}')",
            "select * from '{secret}'",
            "copy (select 1) to '{root}/sessions/made'",
            "explain analyze copy (select 1) to '{root}/sessions/made'",
            "set enable_external_access = true",
            "create table x as select 1",
            "attach '{root}/sessions/made' as made",
        ],
    )
    def it_reads_nothing_else_and_writes_nothing(snapshot: DuckSnapshot, root: str, tmp_path: Path, query: str):
        secret = tmp_path / "secret.csv"
        secret.write_text("a\nhidden\n")
        with pytest.raises((InputError, NotFound)) as caught:
            snapshot.ask(query.format(secret=secret, root=root.replace("'", "''")))
        assert "hidden" not in str(caught.value)
        assert not (Path(root) / "sessions" / "made").exists()


def describe_keep():
    def it_computes_a_query_once(snapshot: DuckSnapshot):
        query = "SELECT episode_id, random() AS chance FROM narratives"
        first = snapshot.ask(f"SELECT * FROM {snapshot.keep(query)} ORDER BY 1").rows
        assert first == snapshot.ask(f"SELECT * FROM {snapshot.keep(query)} ORDER BY 1").rows

    def it_stands_after_from_on_every_engine(root: str, snapshot: DuckSnapshot):
        query = "SELECT episode_id FROM narratives"
        for sql in (snapshot, DuckSql(root)):
            assert sql.ask(f"SELECT count(*) FROM {sql.keep(query)} kept").rows == ((2,),)

    def it_explains_a_wrong_query(snapshot: DuckSnapshot):
        with pytest.raises(InputError, match=r"^SQL: "):
            snapshot.keep("SELECT nope FROM narratives")
