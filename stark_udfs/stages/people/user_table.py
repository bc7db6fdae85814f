"""The user's own table of people: where it is, whether it has changed, and its rows as people or complaints."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pydantic import Field
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.core.records import Record
from stark_udfs.engine.frames import arrow, arrow_schema, checkpointed, dicts
from stark_udfs.stages.people import user_file
from stark_udfs.stages.people.sampler import Profile
from stark_udfs.stages.people.user_delta import came_since, is_delta, is_table_name, one_line, table_of
from stark_udfs.stages.people.user_file import Layout, exists, folded, located
from stark_udfs.stages.people.user_rows import COLUMNS, ID, Rules, id_problem, missing_columns, profile_of
from stark_udfs.tables.schema import struct_type

LOG = logging.getLogger(__name__)
FORMATS = f"{', '.join(user_file.ENDINGS)}, .parquet"
MOST_SHOWN = 10
LOCAL_ROWS = 20_000  # up to here, checking on the driver is quicker than starting Python on the executors
EXPLAINED = 1000  # problems of a task that name the nearest country: far more than are shown, and each is a search
REMEMBERED = 100_000  # different rows of a task
READ_ROWS = 5_000  # a batch
Batchwise = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]
Row = dict[str, Any]


class SourceRow(Record):
    """A row of the user's table, as text."""

    number: int = Field(description="from 1, in the order of the table")
    demographic_id: str | None
    age: str | None
    gender: str | None
    birthplace: str | None
    residence: str | None
    problem: str | None = Field(description="why it cannot be told what the row says")


class CheckedRow(Record):
    """A row of the user's table after the check: a profile, or a problem."""

    number: int = Field(description="from 1, in the order of the table")
    demographic_id: str | None
    age: int | None
    gender: str | None
    birthplace: str | None
    residence: str | None
    problem: str | None


def people_of(spark: SparkSession, source: str, allowed: Rules) -> DataFrame:
    """The user's people, each kept once: `demographic_id` and `COLUMNS`.

    Raises:
        InputError: the table cannot be used; the message says what to mend.
    """
    return _each_once(_checked(spark, source, allowed), source)


def people_since(spark: SparkSession, source: str, allowed: Rules, before: str) -> DataFrame | None:
    """As `people_of`, of what came to a Delta table since a version of before, and maybe more; None: nothing tells it.

    Raises:
        InputError: the table cannot be used; the message says what to mend.
    """
    new = came_since(spark, source, before)
    return None if new is None else _each_once(_checked_table(new, source, allowed), source, since=before)


def _each_once(rows: DataFrame, source: str, *, since: str = "") -> DataFrame:
    alone = F.when(F.col("problem").isNotNull(), F.col("number"))  # rows that cannot be used are shown one by one
    said = rows.groupBy(ID, *COLUMNS, "problem", alone.alias("alone")).agg(
        F.min("number").alias("number"), F.count(F.lit(1)).alias("rows")
    )
    different = checkpointed(said)  # counted, shown and written: the source is read once
    _refuse_bad_rows(different, source, since)
    return different.select(ID, *COLUMNS)


def checksum(source: str) -> Json:
    """A value that changes whenever a file does, or a folder of them; None: it is not there, or a table with versions.

    Raises:
        InputError: there is no such file system.
    """
    if is_table_name(source) or not exists(source) or is_delta(source):
        return None
    filesystem, path = located(source)
    return stable_id(*(filesystem.checksum(file) for file in sorted(filesystem.find(path))))


def _checked(spark: SparkSession, source: str, allowed: Rules) -> DataFrame:
    """Every row of the table as a `CheckedRow`.

    Raises:
        InputError: the source is not there, is of another kind, or cannot be read.
    """
    if not is_table_name(source) and not exists(source):
        raise InputError(f"people.source: there is no {source}. Give a {FORMATS} or Delta path, or a table's name.")
    try:
        if is_table_name(source) or is_delta(source):
            return _checked_table(table_of(spark, source), source, allowed)
        if source.rstrip("/").lower().endswith(".parquet"):
            return _checked_table(spark.read.parquet(source), source, allowed)
    except (Py4JJavaError, PySparkException) as error:
        raise InputError(f"people.source: cannot read {source}: {one_line(error)}") from error
    if source.rstrip("/").lower().endswith(user_file.ENDINGS):
        return _checked_files(spark, source, allowed)
    raise InputError(
        f"people.source: {source} is neither {', '.join(user_file.ENDINGS)} nor .parquet, a Delta folder or a table's "
        "name. Save it as CSV."
    )


def _checked_files(spark: SparkSession, source: str, allowed: Rules) -> DataFrame:
    layouts = user_file.layouts_of(source)
    if any(layout.encoding == "cp1252" for layout in layouts):
        LOG.warning("people.source: %s is not in UTF-8; it is read as Windows-1252, as Excel writes CSV", source)
    has_ids = all(ID in layout.places for layout in layouts)
    struct = struct_type(CheckedRow)
    first = list(islice(_rows(layouts), LOCAL_ROWS + 1))
    if len(first) <= LOCAL_ROWS:
        rows = [tuple(row.values()) for row in checked_rows(first, allowed, has_ids=has_ids)]
        return spark.createDataFrame(rows, struct, verifySchema=False)
    return spark.range(0, 1, 1, 1).mapInArrow(_reading(layouts, allowed, has_ids, struct), struct)


def _reading(layouts: Sequence[Layout], allowed: Rules, has_ids: bool, struct: StructType) -> Batchwise:
    """A mapInArrow function: one row in, `CheckedRow`s of type `struct` out, all in one task: a file has one reader."""
    schema = arrow_schema(struct)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if any(batch.num_rows for batch in batches):
            yield from arrow(checked_rows(_rows(layouts), allowed, has_ids=has_ids), schema, READ_ROWS)

    return read


def _rows(layouts: Sequence[Layout]) -> Iterator[Row]:
    blank = dict.fromkeys(SourceRow.model_fields)
    for row in user_file.rows_of(layouts):
        yield {**blank, "number": row.number, **row.values, "problem": row.problem}


def _checked_table(table: DataFrame, source: str, allowed: Rules) -> DataFrame:
    """The columns that count, as text, with each row's place in the table from 1; checked."""
    named = [folded(column) for column in table.columns]
    there = ", ".join(map(repr, table.columns)) or "none"
    if missing := missing_columns(named):
        raise InputError(f"people.source: {source} has no column {', '.join(missing)}; there are: {there}.")
    wanted = [column for column in (ID, *COLUMNS) if column in named]
    if twice := [column for column in wanted if named.count(column) > 1]:
        raise InputError(f"people.source: {source} has two columns {', '.join(twice)}; there are: {there}.")
    texts = [
        F.col(f"`{table.columns[named.index(column)]}`").cast("string").alias(column)
        if column in wanted
        else F.lit(None).cast("string").alias(column)
        for column in (ID, *COLUMNS)
    ]
    place = F.row_number().over(Window.orderBy(F.monotonically_increasing_id()))
    problem = F.lit(None).cast("string").alias("problem")
    rows = table.select(*texts).select(place.cast("bigint").alias("number"), ID, *COLUMNS, problem)
    struct = struct_type(CheckedRow)
    return rows.repartition("number").mapInArrow(_checking(allowed, ID in wanted, struct), struct)


def _checking(allowed: Rules, has_ids: bool, struct: StructType) -> Batchwise:
    """A mapInArrow function: `SourceRow`s in, `CheckedRow`s, of type `struct`, out."""
    schema = arrow_schema(struct)

    def check(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from arrow(checked_rows(dicts(batches), allowed, has_ids=has_ids), schema, READ_ROWS)

    return check


def checked_rows(rows: Iterable[Row], allowed: Rules, *, has_ids: bool) -> Iterator[Row]:
    """Each `SourceRow` as a `CheckedRow`.

    Without ids of its own (a column `demographic_id`) a row's id follows from what it says: rows that say the same are
    one. Those are looked at once; and only the first problems are explained, for few are shown and each is a search.
    """
    seen: dict[tuple[object, ...], Row] = {}
    problems = 0
    for row in rows:
        said = tuple(row[column] for column in COLUMNS)
        checked = seen.get(said)
        if checked is None:
            checked = _said_by(row, allowed, nearest=problems < EXPLAINED)
            if len(seen) < REMEMBERED:
                seen[said] = checked
        wrong = row["problem"] or (id_problem(row[ID]) if has_ids else None)
        if wrong:
            checked = _refused(wrong)
        elif has_ids and checked["problem"] is None:
            checked = {**checked, ID: row[ID]}
        problems += checked["problem"] is not None
        yield {**checked, "number": row["number"]}


def _said_by(row: Row, allowed: Rules, *, nearest: bool) -> Row:
    """A `CheckedRow` without its number; its id follows from what it says."""
    profile = profile_of(row, allowed, nearest=nearest)
    if not isinstance(profile, Profile):
        return _refused(profile)
    says = asdict(profile)
    return {**dict.fromkeys(CheckedRow.model_fields), **says, ID: stable_id("given", *says.values())}


def _refused(problem: object) -> Row:
    return {**dict.fromkeys(CheckedRow.model_fields), "problem": str(problem)}


def _refuse_bad_rows(different: DataFrame, source: str, since: str) -> None:
    """All rows are usable, or none is used: leaving people out silently would change who the data is about.

    Args:
        different: `CheckedRow`s, each that can be used once: `number` of the first that says so, how many `rows` do.
        source: for the message.
        since: the version since which the rows came; empty: they are all.
    """
    rows, bad, ids, people = different.agg(
        F.sum("rows"), F.count("problem"), F.count_distinct(ID), F.count_if(F.col("problem").isNull())
    ).collect()[0]
    if not rows:
        if since:
            return
        raise InputError(f"people.source: {source} has no rows.")
    source += f" (what came since version {since.partition('@')[0]})" if since else ""
    if bad:
        shown = different.where("problem IS NOT NULL").orderBy("number").limit(MOST_SHOWN).collect()
        lines = [f"row {row['number']}: {row['problem']}" for row in shown]
        raise InputError(_listed(f"people.source: {source}: {bad} of {rows} rows cannot be used", lines, bad))
    if people > ids:
        twice = different.groupBy(ID).agg(F.count(F.lit(1)).alias("people"), F.sort_array(F.collect_list("number")))
        shown = twice.where("people > 1").orderBy(ID).limit(MOST_SHOWN).collect()
        lines = [f"{row[0]!r}: rows {', '.join(map(str, row[2][:MOST_SHOWN]))}" for row in shown]
        raise InputError(_listed(f"people.source: {source}: one {ID} for different people", lines, people - ids))
    if rows > ids:
        LOG.warning("people.source: %s: %d of %d rows repeat another row; each was kept once", source, rows - ids, rows)


def _listed(what: str, lines: list[str], in_all: int) -> str:
    more = [f"and {in_all - len(lines)} more"] if in_all > len(lines) else []
    return "\n  ".join([f"{what} (rows counted from 1):", *lines, *more])
