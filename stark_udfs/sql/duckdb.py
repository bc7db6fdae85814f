"""SQL over the tables of a folder without Spark: delta-rs reads, DuckDB answers, nothing can be written."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from stark_udfs.core.errors import InputError, NotFound, StorageError
from stark_udfs.sql.parquet import folders, registered
from stark_udfs.sql.views import VIEWS, needed
from stark_udfs.tables import older
from stark_udfs.tables.address import address, tables_in
from stark_udfs.tables.warehouse_format import refuse_newer

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset
    from deltalake import DeltaTable

WORD = re.compile(r"\w+")
NO_TABLE = re.compile(r"Table with name \"?([^\"\s]+)\"? does not exist")
LISTING = re.compile(r"^\s*(show|describe|desc|summarize)\b|information_schema", re.IGNORECASE)
SPARK_NAMES = (  # what Spark calls these functions
    "CREATE MACRO explode(items) AS unnest(items)",
    "CREATE MACRO size(items) AS len(items)",
    "CREATE MACRO get_json_object(text, path) AS json_extract_string(text, path)",
)
READ_ONLY = frozenset({"SELECT", "EXPLAIN"})


@dataclass(frozen=True)
class QueryResult:
    """What a query gave; `more` says that rows were left out."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    more: bool = False

    def dicts(self) -> list[dict[str, object]]:
        """One mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class SqlEngine(Protocol):
    """Answers queries over one warehouse; structs come as dicts, arrays as lists."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that there are."""

    def ask(self, query: str, most: int | None = None) -> QueryResult:
        """Answer one query that reads.

        Args:
            query: one SELECT, SHOW, DESCRIBE or EXPLAIN.
            most: rows to give at most; None: all.

        Raises:
            NotFound: a table that is not there.
            InputError: the query is wrong, or would write.
        """

    def keep(self, query: str) -> str:
        """What stands after FROM for a query that others build on; computed once, where the engine can keep it."""


class DuckSql:
    """Answers from a folder or URI of Delta tables, in this process."""

    kinds = READ_ONLY

    def __init__(self, root: str) -> None:
        """`root`: `storage.tables`."""
        refuse_newer(root)
        self.root = root
        self.tables = tables_in(root)

    def ask(self, query: str, most: int | None = None) -> QueryResult:
        """As `Sql.ask`."""
        import duckdb

        with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as connection:
            return self._answer(connection, query, most)

    def keep(self, query: str) -> str:
        """As `Sql.keep`: the query itself, since each question has a connection of its own."""
        return f"(\n{query}\n)"

    def _answer(self, connection: "duckdb.DuckDBPyConnection", query: str, most: int | None) -> QueryResult:
        import duckdb

        try:
            self._open(connection, query)
            statements = connection.extract_statements(query)
            _refuse_writing([statement.type.name for statement in statements], self.kinds)
            cursor = connection.execute(statements[0])
            rows = cursor.fetchall() if most is None else cursor.fetchmany(most + 1)
            columns = distinct(column[0] for column in cursor.description or ())
        except duckdb.CatalogException as error:
            raise self._unknown(str(error)) from None
        except duckdb.Error as error:
            raise InputError(f"SQL: {one_line(str(error))}") from None
        kept = rows if most is None else rows[:most]
        return QueryResult(columns, tuple(map(tuple, kept)), more=len(kept) < len(rows))

    def _open(self, connection: "duckdb.DuckDBPyConnection", query: str) -> None:
        """Put the tables of the query within reach, then shut everything else out for good."""
        words = words_of(query)
        if LISTING.search(query):
            words |= set(self.tables)
        tables, views = needed(words, frozenset(self.tables))
        for name in sorted(tables):
            if name not in self.tables:
                raise _not_there(name)
            _register(connection, name, _dataset(_table(self.root, name)))
        for statement in (*SPARK_NAMES, *(f"CREATE VIEW {view.name} AS {view.duckdb or view.sql}" for view in views)):
            connection.execute(statement)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")

    def _unknown(self, message: str) -> NotFound | InputError:
        found = NO_TABLE.search(message)
        return no_table(found[1], self.tables) if found else InputError(f"SQL: {one_line(message)}")


class DuckSnapshot(DuckSql):
    """As `DuckSql`, for many queries over one state of the tables: that of when this is made.

    Files are read by DuckDB itself where it can. It answers queries of this package alone: DuckDB may read whatever
    lies in the folders of the tables. Queries of several threads are answered one after the other.
    """

    kinds = frozenset({"SELECT"})  # EXPLAIN ANALYZE could write where it may read

    def __init__(self, root: str) -> None:
        """`root`: `storage.tables`."""
        import duckdb

        super().__init__(root)
        self._one_at_a_time = Lock()
        self._opened = {name: _table(root, name) for name in self.tables}
        self._named: set[str] = set()
        self._kept: dict[str, str] = {}
        self._connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
        self._shut()

    def ask(self, query: str, most: int | None = None) -> QueryResult:
        """As `Sql.ask`."""
        with self._one_at_a_time:
            return self._answer(self._connection, query, most)

    def keep(self, query: str) -> str:
        """As `Sql.keep`: a table in memory."""
        import duckdb

        with self._one_at_a_time:
            if query not in self._kept:
                name = f"kept_{len(self._kept)}"
                try:
                    self._open(self._connection, query)
                    self._connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
                except duckdb.Error as error:
                    raise InputError(f"SQL: {one_line(str(error))}") from None
                self._kept[query] = name
            return self._kept[query]

    def _shut(self) -> None:
        """Nothing is within reach but the folders in which the files of the tables lie."""
        self._connection.execute(f"SET allowed_directories = {folders(self._opened.values())}")
        self._connection.execute("SET parquet_metadata_cache = true")
        for statement in (*SPARK_NAMES, "SET enable_external_access = false", "SET lock_configuration = true"):
            self._connection.execute(statement)

    def _open(self, connection: "duckdb.DuckDBPyConnection", query: str) -> None:
        """Name what the query is the first to read; a word that only sounds like a view may lack its tables."""
        tables, views = needed(words_of(query), frozenset(self.tables))
        for name in sorted((tables & self._opened.keys()) - self._named):
            _register_opened(connection, name, self._opened[name])
            self._named.add(name)
        for view in views:
            if view.name not in self._named and set(view.reads) <= self._named:
                connection.execute(f"CREATE VIEW {view.name} AS {view.duckdb or view.sql}")
                self._named.add(view.name)

    def _unknown(self, message: str) -> NotFound | InputError:
        found = NO_TABLE.search(message)
        if found is not None and found[1] in {view.name for view in VIEWS}:
            lacking = needed(frozenset({found[1]}), frozenset(self.tables))[0] - set(self.tables)
            return _not_there(min(lacking))
        return super()._unknown(message)


def words_of(query: str) -> frozenset[str]:
    """All words of a query, in lower case: the names of its tables are among them."""
    return frozenset(word.lower() for word in WORD.findall(query))


def no_table(name: str, tables: Iterable[str]) -> NotFound:
    """The error for a table that is not there: names the nearest, and all that there are."""
    known = [*tables, *(view.name for view in VIEWS)]
    near = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    return NotFound(f"there is no table {name!r}. {hint}Tables and views: {', '.join(known)}.")


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Column names in which the second `x` is `x_2`."""
    given: list[str] = []
    for name in names:
        count, fresh = 1, name
        while fresh in given:
            count += 1
            fresh = f"{name}_{count}"
        given.append(fresh)
    return tuple(given)


def one_line(message: str) -> str:
    """The first lines of an engine's message, without the picture of the query."""
    lines = [line.strip() for line in message.split("LINE ", maxsplit=1)[0].splitlines() if line.strip()]
    return " ".join(lines)[:400]


def _refuse_writing(kinds: list[str], allowed: frozenset[str]) -> None:
    if len(kinds) != 1:
        raise InputError(f"SQL: one query at a time; there are {len(kinds)}.")
    if kinds[0] not in allowed:
        raise InputError(f"SQL: only queries that read are answered; this is {kinds[0]}.")


def _register(connection: "duckdb.DuckDBPyConnection", name: str, rows: "pyarrow.dataset.Dataset") -> None:
    """Give the rows a table's name; those of an earlier version through a view with the columns of today."""
    stored = f"stored_{name}"
    query = older.select(name, rows.schema.names, stored)
    connection.register(name if query is None else stored, rows)
    if query is not None:
        connection.execute(f"CREATE VIEW {name} AS {query}")


def _register_opened(connection: "duckdb.DuckDBPyConnection", name: str, table: "DeltaTable") -> None:
    """As `_register`, by DuckDB itself where it can read the files."""
    stored = f"stored_{name}"
    query = older.select(name, [field.name for field in table.schema().fields], stored)
    if not registered(connection, name if query is None else stored, table):
        _register(connection, name, _dataset(table))
    elif query is not None:
        connection.execute(f"CREATE VIEW {name} AS {query}")


def _not_there(name: str) -> NotFound:
    return NotFound(f"there is no table {name} yet, which this view reads: run its stage first.")


def _table(root: str, name: str) -> "DeltaTable":
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(address(root, name))
    except DeltaError as error:
        raise _unreadable(name, error) from error


def _dataset(table: "DeltaTable") -> "pyarrow.dataset.Dataset":
    from deltalake.exceptions import DeltaError

    try:
        return table.to_pyarrow_dataset()
    except DeltaError as error:
        raise _unreadable(table.table_uri.rstrip("/").rsplit("/", 1)[-1], error) from error


def _unreadable(name: str, error: Exception) -> StorageError:
    return StorageError(f"table {name} cannot be read without Spark ({one_line(str(error))}): --engine spark")
