"""The user's own table of people: where it is, whether it has changed, and its rows as people or complaints."""

import logging
import re
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
from stark_udfs.engine.frames import arrow, arrow_schema, dicts
from stark_udfs.stages.people import user_file
from stark_udfs.stages.people.sampler import Profile
from stark_udfs.stages.people.user_file import Layout, exists, folded, located
from stark_udfs.stages.people.user_rows import COLUMNS, ID, Rules, id_problem, missing_columns, profile_of
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.tables import last_commit

LOG = logging.getLogger(__name__)
ERROR_CLASS = re.compile(r"\[[A-Z_]+(?:\.[A-Z_]+)*\][^\n]*")
TABLE_NAME = re.compile(r"`?\w+`?(?:\.`?\w+`?){0,2}")
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
    struct = struct_type(CheckedRow)
    found, has_ids = _read(spark, source)
    if isinstance(found, DataFrame):
        checked = found.mapInArrow(_checking(allowed, has_ids, struct), struct)
    else:
        rows = [tuple(row.values()) for row in checked_rows(found, allowed, has_ids=has_ids)]
        checked = spark.createDataFrame(rows, struct, verifySchema=False)
    _refuse_bad_rows(checked, source)
    return checked.dropDuplicates([ID]).select(ID, *COLUMNS)


def version(source: str) -> Json:
    """A value that changes whenever the source does; None: it is not there, or cannot be told before Spark runs.

    Raises:
        InputError: the source is a view or another table that has no versions.
    """
    if _is_table_name(source):
        spark = SparkSession.getActiveSession()
        return None if spark is None or not spark.catalog.tableExists(source) else _table_version(spark, source)
    if not exists(source):
        return None
    commit = _commit_of(source)
    if commit is not None:
        return commit
    filesystem, path = located(source)
    return stable_id(*(filesystem.checksum(file) for file in sorted(filesystem.find(path))))


def _read(spark: SparkSession, source: str) -> tuple[DataFrame | list[Row], bool]:
    """The rows as `SourceRow`s, of a small file at once, and whether they have ids of their own.

    Raises:
        InputError: the source is not there, is of another kind, or cannot be read.
    """
    if not _is_table_name(source) and not exists(source):
        raise InputError(f"people.source: there is no {source}. Give a {FORMATS} or Delta path, or a table's name.")
    try:
        if _is_table_name(source):
            return _numbered(spark.table(source), source)
        if _commit_of(source) is not None:
            return _numbered(spark.read.format("delta").load(source), source)
        if source.rstrip("/").lower().endswith(".parquet"):
            return _numbered(spark.read.parquet(source), source)
    except (Py4JJavaError, PySparkException) as error:
        raise InputError(f"people.source: cannot read {source}: {_said(error)}") from error
    if source.rstrip("/").lower().endswith(user_file.ENDINGS):
        return _from_files(spark, source)
    raise InputError(
        f"people.source: {source} is neither {', '.join(user_file.ENDINGS)} nor .parquet, a Delta folder or a table's "
        "name. Save it as CSV."
    )


def _from_files(spark: SparkSession, source: str) -> tuple[DataFrame | list[Row], bool]:
    layouts = user_file.layouts_of(source)
    if any(layout.encoding == "cp1252" for layout in layouts):
        LOG.warning("people.source: %s is not in UTF-8; it is read as Windows-1252, as Excel writes CSV", source)
    has_ids = all(ID in layout.places for layout in layouts)
    first = list(islice(_rows(layouts), LOCAL_ROWS + 1))
    if len(first) <= LOCAL_ROWS:
        return first, has_ids
    struct = struct_type(SourceRow)
    rows = spark.range(0, 1, 1, 1).mapInArrow(_reading(layouts, struct), struct)
    return rows.repartition("number"), has_ids


def _reading(layouts: Sequence[Layout], struct: StructType) -> Batchwise:
    """A mapInArrow function: one row in, `SourceRow`s of type `struct` out, all in one task."""
    schema = arrow_schema(struct)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if any(batch.num_rows for batch in batches):
            yield from arrow(_rows(layouts), schema, READ_ROWS)

    return read


def _rows(layouts: Sequence[Layout]) -> Iterator[Row]:
    blank = dict.fromkeys(SourceRow.model_fields)
    for row in user_file.rows_of(layouts):
        yield {**blank, "number": row.number, **row.values, "problem": row.problem}


def _numbered(table: DataFrame, source: str) -> tuple[DataFrame, bool]:
    """The columns that count, as text, and each row's place in the table from 1."""
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
    return rows.repartition("number"), ID in wanted


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


def _refuse_bad_rows(checked: DataFrame, source: str) -> None:
    """All rows are usable, or none is used: leaving people out silently would change who the data is about."""
    rows, bad, ids, people = checked.agg(
        F.count(F.lit(1)), F.count("problem"), F.count_distinct(ID), F.count_distinct(ID, *COLUMNS)
    ).collect()[0]
    if not rows:
        raise InputError(f"people.source: {source} has no rows.")
    if bad:
        shown = checked.where("problem IS NOT NULL").orderBy("number").limit(MOST_SHOWN).collect()
        lines = [f"row {row['number']}: {row['problem']}" for row in shown]
        raise InputError(_listed(f"people.source: {source}: {bad} of {rows} rows cannot be used", lines, bad))
    if people > ids:
        twice = checked.groupBy(ID).agg(
            F.count_distinct(*COLUMNS).alias("people"), F.sort_array(F.collect_list("number"))
        )
        shown = twice.where("people > 1").orderBy(ID).limit(MOST_SHOWN).collect()
        lines = [f"{row[0]!r}: rows {', '.join(map(str, row[2][:MOST_SHOWN]))}" for row in shown]
        raise InputError(_listed(f"people.source: {source}: one {ID} for different people", lines, people - ids))
    if rows > ids:
        LOG.warning("people.source: %s: %d of %d rows repeat another row; each was kept once", source, rows - ids, rows)


def _listed(what: str, lines: list[str], in_all: int) -> str:
    more = [f"and {in_all - len(lines)} more"] if in_all > len(lines) else []
    return "\n  ".join([f"{what} (rows counted from 1):", *lines, *more])


def _table_version(spark: SparkSession, name: str) -> int:
    try:
        return int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").select("version").collect()[0][0])
    except PySparkException as error:
        raise InputError(
            f"people.source: {name} is not a Delta table, so that no run could tell whether it has changed. "
            f"Save it as one, or as a file. ({_said(error)})"
        ) from error


def _commit_of(source: str) -> int | None:
    """The newest version of a Delta folder; None: it is something else."""
    filesystem, path = located(source)
    return last_commit(source) if filesystem.isdir(path) else None


def _is_table_name(source: str) -> bool:
    """Whether it reads as a table's name: no slash, no known ending, and nothing on disk is called so."""
    endings = (*user_file.ENDINGS, ".parquet")
    return TABLE_NAME.fullmatch(source) is not None and not source.lower().endswith(endings) and not exists(source)


def _said(error: Exception) -> str:
    """What Spark says in one line, from its error class on where there is one."""
    text = str(error).strip()
    found = ERROR_CLASS.search(text)
    return found.group(0) if found else text.splitlines()[0]
