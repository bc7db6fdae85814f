"""Demographics: who the people are before anything is written about them; drawn, or the user's own table."""

import logging
import re
from functools import partial

import fsspec
from pydantic import Field
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.core.given import COLUMNS, ID, Rules, missing_columns, rules
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.core.people import Sampler, sampler
from stark_udfs.core.records import Record
from stark_udfs.core.settings import PeopleSettings, Settings
from stark_udfs.data.population import population_version
from stark_udfs.delta.schema import struct_type
from stark_udfs.delta.table import Table
from stark_udfs.delta.tables import last_commit
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.udfs.people import GivenRow, checking, drawing, drawn_row

LOG = logging.getLogger(__name__)
LOCAL_ROWS = 20_000  # up to here, drawing on the driver is quicker than starting Python on the executors
MOST_SHOWN = 10
TABLE_NAME = re.compile(r"`?\w+`?(?:\.`?\w+`?){0,2}")


class Demographic(Record):
    """One row of `demographics`."""

    demographic_id: str = Field(
        description="stable_id(seed, number) if drawn; else the user's own, or from the content"
    )
    age: int = Field(description="years")
    gender: str = Field(description="a `word` of people.genders")
    birthplace: str = Field(description="country")
    residence: str = Field(description="country")
    origin: str = Field(description="how drawn: population or uniform; or the name of the user's table")


TABLE = Table("demographics", Demographic, key=("demographic_id",))


def stage(settings: Settings) -> TableStage:
    """The stage by these settings.

    Raises:
        SettingsError: nobody can be drawn by them.
    """
    people = settings.people
    drawn = people.source is None
    select = partial(_drawn, settings, sampler(people)) if drawn else partial(_given, str(people.source), rules(people))
    return TableStage(
        name="demographics",
        reads=(),
        select=select,
        writes=TABLE,
        settings=_looked_at(settings),
        checks=_checks(people),
    )


def _looked_at(settings: Settings) -> dict[str, Json]:
    people = settings.people
    rows = {"population": population_version()} if people.source is None else {"source": _version(people.source)}
    return {"seed": settings.pipeline.seed, "people": people.model_dump(mode="json"), **rows}


def _checks(people: PeopleSettings) -> tuple[Check, ...]:
    youngest = Check("youngest", "min(age)", low=people.min_age, kind="set")
    if people.source is not None:
        return (youngest,)
    slack = 4 * (people.moved_share * (1 - people.moved_share) / people.count) ** 0.5  # standard errors
    return (
        youngest,
        Check("oldest", "max(age)", high=max(high for _, high in people.bands), kind="set"),
        Check(
            "moved_share",
            "avg(CASE WHEN birthplace <> residence THEN 1D ELSE 0D END)",
            low=people.moved_share - slack,
            high=people.moved_share + slack,
            kind="set",
        ),
    )


def _drawn(settings: Settings, people: Sampler, _frames: Frames) -> DataFrame:
    """`people.count` profiles; the same rows whichever way they are made."""
    spark, count, struct = SparkSession.active(), settings.people.count, struct_type(Demographic)
    seed, origin = settings.pipeline.seed, settings.people.weights
    if count > LOCAL_ROWS:
        return spark.range(count).mapInArrow(drawing(people, seed, origin, struct), struct)
    rows = [tuple(drawn_row(people, seed, origin, number).values()) for number in range(count)]
    return spark.createDataFrame(rows, struct, verifySchema=False)


def _given(source: str, allowed: Rules, _frames: Frames) -> DataFrame:
    """The user's people, each kept once.

    Raises:
        InputError: the table cannot be used; the message says what to mend.
    """
    table = _read(SparkSession.active(), source)
    columns = {column.strip("\ufeff \t").casefold(): column for column in table.columns}
    if missing := missing_columns(list(columns)):
        raise InputError(
            f"people.source: {source} has no column {', '.join(missing)}; "
            f"there are: {', '.join(map(repr, table.columns)) or 'none'}."
        )
    struct = struct_type(GivenRow)
    checked = _numbered(table, columns).mapInArrow(checking(allowed, struct), struct)
    _refuse_bad_rows(checked, source)
    origin = F.lit(source.rstrip("/").rsplit("/", 1)[-1]).alias("origin")
    return checked.dropDuplicates([ID]).select(ID, *COLUMNS, origin)


def _numbered(table: DataFrame, columns: dict[str, str]) -> DataFrame:
    """The columns that count, as text, and each row's place in the table from 1."""
    wanted = [*COLUMNS, *([ID] if ID in columns else [])]
    place = F.row_number().over(Window.orderBy(F.monotonically_increasing_id()))
    texts = [F.col(f"`{columns[column]}`").cast("string").alias(column) for column in wanted]
    return table.select(*texts).select(place.cast("bigint").alias("number"), *wanted)


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
    return "\n  ".join([f"{what}, counted below the header:", *lines, *more])


def _read(spark: SparkSession, source: str) -> DataFrame:
    if not _is_table_name(source) and not _exists(source):
        raise InputError(
            f"people.source: there is no {source}. Give a .csv, .parquet or Delta path, or a table's name."
        )
    try:
        if _is_table_name(source):
            return spark.table(source)
        if _commit_of(source) is not None:
            return spark.read.format("delta").load(source)
        if source.lower().endswith(".csv"):
            return spark.read.csv(source, header=True, escape='"', encoding="UTF-8")
        if source.rstrip("/").lower().endswith(".parquet"):
            return spark.read.parquet(source)
    except PySparkException as error:
        raise InputError(f"people.source: cannot read {source}: {_first_line(error)}") from error
    raise InputError(f"people.source: {source} is neither .csv nor .parquet, a Delta folder or a table's name.")


def _version(source: str) -> Json:
    """Changes whenever the source does; None: it is not there, or cannot be told before Spark runs.

    Raises:
        InputError: the source is a view or another table that has no versions.
    """
    if _is_table_name(source):
        spark = SparkSession.getActiveSession()
        return None if spark is None or not spark.catalog.tableExists(source) else _table_version(spark, source)
    if not _exists(source):
        return None
    commit = _commit_of(source)
    if commit is not None:
        return commit
    filesystem, path = _located(source)
    return stable_id(*(filesystem.checksum(file) for file in sorted(filesystem.find(path))))


def _table_version(spark: SparkSession, name: str) -> int:
    try:
        return int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").select("version").collect()[0][0])
    except PySparkException as error:
        raise InputError(
            f"people.source: {name} is not a Delta table, so that no run could tell whether it has changed. "
            f"Save it as one, or as a file. ({_first_line(error)})"
        ) from error


def _commit_of(source: str) -> int | None:
    """The newest version of a Delta folder; None: it is something else."""
    filesystem, path = _located(source)
    return last_commit(source) if filesystem.isdir(path) else None


def _is_table_name(source: str) -> bool:
    """Whether it reads as a table's name: no slash, no known ending, and nothing on disk is called so."""
    looks_so = TABLE_NAME.fullmatch(source) is not None and not source.lower().endswith((".csv", ".parquet"))
    return looks_so and not _exists(source)


def _exists(source: str) -> bool:
    filesystem, path = _located(source)
    return bool(filesystem.exists(path))


def _located(source: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError) as error:
        raise InputError(f"people.source: no file system for {source}: {error}") from error
    return filesystem, path


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
