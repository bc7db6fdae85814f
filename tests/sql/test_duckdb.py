from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import InputError, NotFound, StorageError
from stark_udfs.engine.system_tables import SYSTEM, Provenance
from stark_udfs.sql.duckdb import DuckSql, QueryResult, distinct
from stark_udfs.sql.examples import EXAMPLES
from stark_udfs.sql.spark import SparkSql, SparkSqlSession
from stark_udfs.sql.views import VIEWS, needed
from stark_udfs.stages.pipeline import TABLES
from tests.cli import small

OWN_VIEWS = [view for view in VIEWS if not view.page]  # the others have the public dataset's names: tests/release


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(small.write(tmp_path_factory.mktemp("warehouse") / "tables"))


@pytest.fixture(scope="module")
def duck(root: str) -> DuckSql:
    return DuckSql(root)


@pytest.fixture(scope="module")
def by_spark(spark: SparkSession, root: str) -> SparkSql:
    return SparkSql(spark, root)


def same(one: QueryResult, other: QueryResult) -> bool:
    """Equal columns and equal rows in any order."""
    return one.columns == other.columns and sorted(map(repr, one.rows)) == sorted(map(repr, other.rows))


def describe_duck_sql():
    def it_counts_and_joins(duck):
        query = """
            SELECT p.sentence, n.name, count(*) AS sessions FROM personas p
            JOIN commonsense c ON c.persona_id = p.persona_id
            JOIN narratives n ON n.commonsense_id = c.commonsense_id
            JOIN sessions s ON s.episode_id = n.episode_id GROUP BY p.sentence, n.name"""
        assert duck.ask(query).rows == (("I eat kimchi stew every Sunday.", "Ana Lima", 2),)

    def it_gives_at_most_so_many_rows_and_says_so(duck):
        answer = duck.ask("select episode_id from narratives order by episode_id", most=1)
        assert (answer.rows, answer.more) == (((small.EPISODE,),), True)
        assert not duck.ask("select episode_id from narratives", most=2).more

    def it_names_the_nearest_table_for_one_that_is_not_there(duck):
        with pytest.raises(NotFound, match=r"'sesions'. Did you mean sessions"):
            duck.ask("select * from sesions")

    def it_says_which_table_a_view_lacks(tmp_path: Path):
        small.write_table(tmp_path, *small.contents()[0])
        with pytest.raises(NotFound, match="no table commonsense yet"):
            DuckSql(str(tmp_path)).ask("select * from lineage")

    def it_explains_a_wrong_query_in_one_line(duck):
        for query in ("selec 1", "select nope from sessions", "select"):
            with pytest.raises(InputError, match=r"^SQL: ") as caught:
                duck.ask(query)
            assert "\n" not in str(caught.value)

    def it_says_that_there_is_no_warehouse(tmp_path: Path):
        with pytest.raises(StorageError, match=r"no warehouse .* yet"):
            DuckSql(str(tmp_path / "nowhere"))

    def it_lists_and_describes_tables(duck):
        assert ("sessions",) in duck.ask("show tables").rows
        assert duck.ask("describe sessions").rows[0][0] == "episode_id"

    @pytest.mark.parametrize(
        "query",
        [
            "select * from read_csv('{secret}')",
            "select * from read_text('{secret}')",
            "select * from '{secret}'",
            "select * from glob('{folder}/*')",
            "copy (select 1) to '{folder}/made'",
            "copy sessions from '{secret}'",
            "create table x as select 1",
            "attach '{folder}/made' as made",
            "insert into sessions select * from sessions",
            "delete from sessions",
            "drop view conversations",
            "export database '{folder}/made'",
            "install httpfs",
            "load httpfs",
            "set enable_external_access = true",
            "reset lock_configuration",
            "pragma enable_profiling",
            "call pragma_version()",
            "select 1; copy (select 1) to '{folder}/made'",
            "select * from secret",
            "explain analyze copy (select 1) to '{folder}/made'",
        ],
    )
    def it_neither_writes_nor_reads_anything_else(duck, tmp_path: Path, query: str):
        secret = tmp_path / "secret.csv"
        secret.write_text("a\nhidden\n")
        with pytest.raises((InputError, NotFound)) as caught:
            duck.ask(query.format(secret=secret, folder=tmp_path))
        assert "hidden" not in str(caught.value)
        assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def describe_spark_sql():
    @pytest.mark.parametrize("view", OWN_VIEWS, ids=lambda view: view.name)
    def it_agrees_with_duckdb_on_every_view(duck, by_spark, view):
        query = f"select * from {view.name}"
        found = by_spark.ask(query)
        assert found.rows
        assert same(found, duck.ask(query))

    @pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.asks)
    def it_agrees_with_duckdb_on_every_documented_query(duck, by_spark, example):
        assert same(by_spark.ask(example.sql), duck.ask(example.sql))

    @pytest.mark.parametrize(
        "query",
        [
            "select episode_id, s.interval from sessions s",
            "select size(turns) as turns from sessions;",
            "select get_json_object(request, '$.messages[0].role') as role from replies",
            "select t.speaker from (select explode(turns) as t from sessions) -- a comment",
        ],
    )
    def it_agrees_with_duckdb_on_nested_columns(duck, by_spark, query: str):
        assert same(by_spark.ask(query), duck.ask(query))

    def it_names_the_nearest_table_for_one_that_is_not_there(by_spark):
        with pytest.raises(NotFound, match=r"'sesions'. Did you mean sessions"):
            by_spark.ask("select * from sesions")

    def it_leaves_no_names_behind(by_spark):
        by_spark.ask("select * from lineage")
        assert not by_spark.spark.catalog.tableExists("narratives")

    def a_session_of_many_queries_names_each_table_once(duck, spark: SparkSession, root: str):
        session = SparkSqlSession(spark.newSession(), root)
        for query in ("select * from lineage", "select * from lineage", "select * from narratives"):
            assert same(session.ask(query), duck.ask(query))
        named = session.spark.sql("SHOW VIEWS").collect()
        assert {"lineage", "narratives"} <= {row["viewName"] for row in named}
        session.ask("select * from lineage")
        assert session.spark.sql("SHOW VIEWS").collect() == named
        assert not spark.catalog.tableExists("narratives")

    @pytest.mark.parametrize(
        "query",
        [
            "select * from csv.`{secret}`",
            "select * from text.`{secret}`",
            "select * from delta.`{folder}`",
            "create table x using csv location '{folder}/made' as select 1",
            "insert overwrite directory '{folder}/made' using csv select 1",
            "from sessions insert into made select *",
            "with a as (select 1) insert into made select * from a",
            "drop table sessions",
            "select 1) ; drop table sessions; --",
            "select reflect('java.lang.System', 'getenv')",
            "set spark.sql.runSQLOnFiles = true",
        ],
    )
    def it_neither_writes_nor_reads_anything_else(by_spark, tmp_path: Path, query: str):
        secret = tmp_path / "secret.csv"
        secret.write_text("a\nhidden\n")
        with pytest.raises((InputError, NotFound)) as caught:
            by_spark.ask(query.format(secret=secret, folder=tmp_path))
        assert "hidden" not in str(caught.value)
        assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def describe_every_column():
    @pytest.fixture
    def strict(spark: SparkSession):
        """Spark as strict about reserved words as it can be."""
        spark.conf.set("spark.sql.ansi.enforceReservedKeywords", "true")
        yield spark
        spark.conf.unset("spark.sql.ansi.enforceReservedKeywords")

    @pytest.mark.parametrize(
        "name", [*(table.name for table, _ in small.contents()), *(view.name for view in OWN_VIEWS)]
    )
    def it_needs_no_quotes_in_either_engine(duck, by_spark, strict, name: str):
        columns = duck.ask(f"select * from {name}").columns
        assert columns
        for column in columns:
            query = f"select {column} from (select {column} from {name}) where {column} is not null"
            assert duck.ask(query).columns == (column,)
        listed = ", ".join(columns)
        there = " or ".join(f"{column} is not null" for column in columns)
        assert by_spark.ask(f"select {listed} from (select {listed} from {name}) where {there}").columns == columns

    def it_is_on_no_list_of_reserved_words(duck, strict: SparkSession):
        query = "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')"
        reserved = {row[0] for row in duck.ask(query).rows}
        reserved |= {
            row[0].lower() for row in strict.sql("select keyword from sql_keywords() where reserved").collect()
        }
        assert {"at", "select", "user"} <= reserved
        columns = {name for table in (*TABLES, *SYSTEM) for name in table.record.model_fields}
        columns |= set(Provenance.model_fields)
        columns |= {name for view in OWN_VIEWS for name in duck.ask(f"select * from {view.name}").columns}
        assert columns & reserved == set()


def describe_needed():
    def it_finds_the_tables_below_a_view_and_orders_views_by_use():
        tables, views = needed(frozenset({"select", "shared_images"}), frozenset({"sessions", "units"}))
        assert tables == {"sessions"}
        assert [view.name for view in views] == ["conversations", "shared_images"]

    def it_prefers_a_table_to_a_view_of_that_name():
        assert needed(frozenset({"spending"}), frozenset({"spending"})) == (frozenset({"spending"}), ())


def describe_distinct():
    def it_numbers_columns_of_one_name():
        assert distinct(["x", "y", "x", "x"]) == ("x", "y", "x_2", "x_3")
