"""The tables as a page of documentation, read from their records."""

from collections.abc import Sequence

from pyspark.sql.types import ArrayType, DataType, MapType, StructType

from stark_udfs.core.records import Record
from stark_udfs.sql.examples import EXAMPLES
from stark_udfs.sql.views import VIEWS, View
from stark_udfs.tables.schema import comments, struct_type
from stark_udfs.tables.table import Table


def tables_markdown(*, stages: Sequence[Table], system: Sequence[Table], provenance: type[Record]) -> str:
    """Markdown: stage tables, system tables, views, and queries worth knowing.

    Args:
        stages: one table per stage, in order.
        system: the tables that the engine keeps.
        provenance: the columns that every stage table has beside its own.
    """
    return (
        "\n".join(
            [
                "# Tables",
                "",
                "This page is made from the code by `make docs`. Names are the same in a folder and in Unity Catalog.",
                "A column may be null only where it says so.",
                "",
                "## Stage tables",
                "",
                "Beside its own columns every stage table has:",
                "",
                *_columns(provenance),
                "",
                *(line for table in stages for line in _section(table)),
                "## System tables",
                "",
                *(line for table in system for line in _section(table)),
                "## Views",
                "",
                "`stark sql` knows these names; they are not stored.",
                "",
                *(
                    line
                    for view in VIEWS
                    for line in (f"### {view.name}", "", f"{_sentence(view.says)}", "", *_view(view))
                ),
                "## Queries worth knowing",
                "",
                'They run on both engines: `stark sql "…"` and `stark sql --engine spark "…"`.',
                "",
                *(line for example in EXAMPLES for line in (f"### {example.asks}", "", *_sql(example.sql))),
            ]
        ).rstrip()
        + "\n"
    )


def _section(table: Table) -> list[str]:
    facts = [f"Key: {', '.join(f'`{column}`' for column in table.key)}."]
    if table.partition_by:
        facts.append(f"Partitioned by {', '.join(f'`{column}`' for column in table.partition_by)}.")
    facts.extend(f"`{column}` refers to `{parent}`." for column, parent in table.parents)
    return [f"### {table.name}", "", " ".join(facts), "", *_columns(table.record), ""]


def _columns(record: type[Record]) -> list[str]:
    said = comments(record)
    rows = ["| column | type | says |", "|---|---|---|"]
    for field in struct_type(record).fields:
        null = ", or null" if field.nullable else ""
        rows.append(f"| `{field.name}` | {_type(field.dataType)}{null} | {_cell(said.get(field.name, ''))} |")
    return rows


def _type(kind: DataType) -> str:
    """A type as people say it: nested records with their fields."""
    if isinstance(kind, ArrayType):
        return f"list of {_type(kind.elementType)}"
    if isinstance(kind, MapType):
        return f"map of {_type(kind.keyType)} to {_type(kind.valueType)}"
    if isinstance(kind, StructType):
        return f"({', '.join(f'{field.name} {_type(field.dataType)}' for field in kind.fields)})"
    return kind.simpleString()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _view(view: View) -> list[str]:
    return [f"Described in [{view.page}]({view.page}).", ""] if view.page else _sql(view.sql)


def _sql(query: str) -> list[str]:
    return ["```sql", query, "```", ""]
