"""`stark sql`: a query's answer as a table, JSON or CSV."""

import csv
import io
from collections.abc import Mapping
from typing import Literal, cast

from rich.table import Table
from rich.text import Text

from stark_udfs.cli.console import as_json, cell, console, out, plain, tell
from stark_udfs.core.errors import SettingsError
from stark_udfs.sql.duckdb import QueryResult, SqlEngine
from stark_udfs.sql.views import VIEWS

Format = Literal["table", "json", "csv"]


def answer(sql: SqlEngine, query: str, form: Format, most: int) -> None:
    """Print the answer to a query; `most` rows at most where it is a table, all of them in the other forms."""
    found = sql.ask(query, most if form == "table" else None)
    if form == "json":
        out(as_json(found.dicts(), indent=2))
    elif form == "csv":
        out(as_csv(found))
    else:
        console().print(as_table(found))
        if found.more:
            tell(f"the first {most} rows; --rows N shows more, --format csv or json shows all")


def form_of(name: str) -> Format:
    """The form of that name.

    Raises:
        SettingsError: there is none.
    """
    if name in ("table", "json", "csv"):
        return cast("Format", name)
    raise SettingsError(f"--format {name}: table, json or csv.")


def overview(sql: SqlEngine) -> None:
    """Print the names of all tables and views."""
    table = Table("name", "what")
    for name in sql.tables:
        table.add_row(Text(name), Text("table"))
    for view in VIEWS:
        table.add_row(Text(view.name), Text(f"view: {view.says}"))
    console().print(table)


def as_table(found: QueryResult) -> Table:
    """The answer as a table; long texts and lists are cut."""
    table = Table()
    for column in found.columns:
        table.add_column(Text(plain(column)))
    for row in found.rows:
        table.add_row(*(cell(value) for value in row))
    return table


def as_csv(found: QueryResult) -> str:
    """The answer as CSV with a header; lists and structs as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(plain, found.columns))
    for row in found.rows:
        writer.writerow(_in_csv(value) for value in row)
    return text.getvalue().rstrip("\n")


def _in_csv(value: object) -> str:
    if value is None:
        return ""
    return as_json(value) if isinstance(value, list | Mapping) else plain(value)
