"""SQL over the tables of a warehouse with Spark: for catalogs, and for tables that delta-rs cannot read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.errors import PySparkException
from pyspark.sql import Row, SparkSession

from stark_udfs.core.errors import InputError, NotFound
from stark_udfs.sql.duckdb import LISTING, QueryResult, distinct, no_table, one_line, words_of
from stark_udfs.sql.views import View, needed
from stark_udfs.tables import older
from stark_udfs.tables.address import address, in_catalog, tables_in
from stark_udfs.tables.session import refuse_unreadable
from stark_udfs.tables.warehouse_format import refuse_newer

UNWRAPPED = re.compile(r"\s*(show|describe|desc|explain)\b", re.IGNORECASE)
NOT_READING = re.compile(r"\b(reflect|java_method|try_reflect|read_files)\s*\(", re.IGNORECASE)
ON_FILES = "spark.sql.runSQLOnFiles"


class SparkSql:
    """Answers with a Spark session; the tables are temporary views while a query runs."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        """`root`: `storage.tables`."""
        refuse_unreadable(spark, root)
        refuse_newer(root, spark)
        self.spark = spark
        self.root = root
        self.tables = tables_in(root) if not in_catalog(root) else _in_schema(spark, root)

    def ask(self, query: str, most: int | None = None) -> QueryResult:
        """As `sql.Sql.ask`."""
        if NOT_READING.search(query):
            raise InputError("SQL: only queries that read the tables are answered.")
        try:
            with self._names(query), self._no_files():
                frame = self.spark.sql(_as_query(query))
                rows = frame.collect() if most is None else frame.take(most + 1)
                columns = frame.columns  # Spark Connect looks at the tables for them
        except PySparkException as error:
            raise self._explained(error) from None
        kept = rows if most is None else rows[:most]
        return QueryResult(
            distinct(columns), tuple(tuple(map(_plain, row)) for row in kept), more=len(kept) < len(rows)
        )

    def keep(self, query: str) -> str:
        """As `Sql.keep`: the query itself; clusters without a cache of frames have nowhere to keep it."""
        return f"(\n{query}\n)"

    @contextmanager
    def _names(self, query: str) -> Iterator[None]:
        """The tables and views of the query have their names within."""
        made: list[str] = []
        try:
            self._give_names(query, made)
            yield
        finally:
            for name in made:
                self.spark.catalog.dropTempView(name)

    def _give_names(self, query: str, made: list[str]) -> None:
        """Name what the query reads and `made` lacks, and add it there."""
        words = words_of(query)
        if LISTING.search(query):
            words |= set(self.tables)
        tables, views = needed(words, frozenset(self.tables))
        for name in sorted(tables - set(made)):
            self._name(name)
            made.append(name)
        for view in views:
            if view.name not in made:
                self._view(view)
                made.append(view.name)

    def _name(self, name: str) -> None:
        if name not in self.tables:
            raise NotFound(f"there is no table {name} yet, which this view reads: run its stage first.")
        place = address(self.root, name)
        frame = self.spark.table(place) if in_catalog(self.root) else self.spark.read.format("delta").load(place)
        older.today(name, frame).createOrReplaceTempView(name)

    def _view(self, view: View) -> None:
        self.spark.sql(view.sql).createOrReplaceTempView(view.name)

    @contextmanager
    def _no_files(self) -> Iterator[None]:
        """Without this, SQL reads any path as a table."""
        before = self.spark.conf.get(ON_FILES, "true") or "true"
        self.spark.conf.set(ON_FILES, "false")
        try:
            yield
        finally:
            self.spark.conf.set(ON_FILES, before)

    def _explained(self, error: PySparkException) -> NotFound | InputError:
        if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
            name = (error.getMessageParameters() or {}).get("relationName", "?").replace("`", "")
            return no_table(name, self.tables)
        return InputError(f"SQL: {one_line(str(error).splitlines()[0])}")


class SparkSqlSession(SparkSql):
    """As `SparkSql`, for many queries: a temporary view is made by the first that reads it, and stays."""

    def __init__(self, spark: SparkSession, root: str) -> None:
        """`root`: `storage.tables`."""
        super().__init__(spark, root)
        self._made: list[str] = []

    @contextmanager
    def _names(self, query: str) -> Iterator[None]:
        self._give_names(query, self._made)
        yield


def _as_query(query: str) -> str:
    """The query inside another one, where only a query can stand: whatever writes is a syntax error there."""
    query = query.strip().rstrip(";")
    return query if UNWRAPPED.match(query) else f"SELECT * FROM (\n{query}\n)"


def _in_schema(spark: SparkSession, schema: str) -> tuple[str, ...]:
    try:
        rows = spark.sql(f"SHOW TABLES IN {schema}").collect()
    except PySparkException as error:
        raise NotFound(f"storage.tables: cannot look into {schema}: {one_line(str(error))}") from None
    return tuple(sorted(row["tableName"] for row in rows))


def _plain(value: object) -> object:
    """Rows as dicts, all the way down."""
    if isinstance(value, Row):
        return {name: _plain(part) for name, part in value.asDict().items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value
