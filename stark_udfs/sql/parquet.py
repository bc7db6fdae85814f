"""Tables read by DuckDB itself, straight from their Parquet files.

Faster by an order of magnitude than through Arrow: a query decodes the columns that it names, and skips row groups and
pages that its filter rules out. Only plain tables can be read so; the others say that they cannot.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    import duckdb
    from deltalake import DeltaTable

PLAIN_READER = 1  # Delta's reader version without deletion vectors and without mapped column names
PRIMITIVE = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "integer": "INTEGER",
    "short": "SMALLINT",
    "byte": "TINYINT",
    "binary": "BLOB",
    "timestamp": "TIMESTAMPTZ",
    "timestamp_ntz": "TIMESTAMP",
}
WILD = set("*?[]{}")


def registered(connection: "duckdb.DuckDBPyConnection", name: str, table: "DeltaTable") -> bool:
    """Give the rows of a table a name, as a view over its files.

    Args:
        connection: may read these files.
        name: of the view.
        table: as it is now; files of later versions are not seen.

    Returns:
        Whether that could be done: not where the table is empty, lies elsewhere than on this machine, needs a newer
        reader, or has files of several shapes.
    """
    import duckdb

    files = [_path(uri) for uri in table.file_uris()]
    if not files or table.protocol().min_reader_version > PLAIN_READER or None in files:
        return False
    columns = [field.name for field in table.schema().fields]
    listed = ", ".join(f'"{column}"' for column in columns)
    hive = "true" if table.metadata().partition_columns else "false"
    source = (
        f"read_parquet({_literals(filter(None, files))}, union_by_name = true, hive_partitioning = {hive}, "
        "hive_types_autocast = false)"
    )
    try:
        connection.execute(f"CREATE VIEW {name} AS SELECT {listed} FROM {source}")
        if _types(connection, name) == _expected(connection, table):
            return True
        connection.execute(f"DROP VIEW {name}")
    except duckdb.Error:  # files that lack a column of today: read through Arrow, which fills it
        pass
    return False


def folders(tables: Iterable["DeltaTable"]) -> str:
    """The folders of this machine in which files of the tables lie, as a list in SQL."""
    files = (_path(uri) for table in tables for uri in table.file_uris())
    return _literals(sorted({f"{file.rsplit('/', 1)[0]}/" for file in files if file is not None}))


def _path(uri: str) -> str | None:
    """A file of this machine; None: it lies elsewhere, or its name says something to DuckDB."""
    path = unquote(uri)
    return path if path.startswith("/") and not WILD & set(path) else None


def _literals(texts: Iterable[str]) -> str:
    return "[" + ", ".join("'" + text.replace("'", "''") + "'" for text in texts) + "]"


def _types(connection: "duckdb.DuckDBPyConnection", name: str) -> list[tuple[str, str]]:
    return [(str(row[0]), str(row[1])) for row in connection.execute(f'DESCRIBE "{name}"').fetchall()]


def _expected(connection: "duckdb.DuckDBPyConnection", table: "DeltaTable") -> list[tuple[str, str]]:
    """Names and types as the table's own schema has them."""
    fields = json.loads(table.schema().to_json())["fields"]
    columns = ", ".join(f'CAST(NULL AS {_type(field["type"])}) AS "{field["name"]}"' for field in fields)
    return [(str(row[0]), str(row[1])) for row in connection.execute(f"DESCRIBE SELECT {columns}").fetchall()]


def _type(kind: object) -> str:
    """A type of Delta's protocol in DuckDB's words; primitive ones are texts there, the others objects."""
    if not isinstance(kind, dict):
        return PRIMITIVE.get(str(kind), str(kind))
    if kind["type"] == "array":
        return f"{_type(kind['elementType'])}[]"
    if kind["type"] == "map":
        return f"MAP({_type(kind['keyType'])}, {_type(kind['valueType'])})"
    fields = (f'"{field["name"]}" {_type(field["type"])}' for field in kind["fields"])
    return f"STRUCT({', '.join(fields)})"
