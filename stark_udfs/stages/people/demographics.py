"""Demographics: who the people are before anything is written about them; drawn, or the user's own table."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record
from stark_udfs.data.population import population_version
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people import own_people
from stark_udfs.stages.people.sampler import Sampler, sampler
from stark_udfs.stages.people.udf import UserRow, checking, drawing, drawn_row
from stark_udfs.stages.people.user_table import COLUMNS, ID, Rules, missing_columns, rules
from stark_udfs.stages.preflight import check_people
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

LOG = logging.getLogger(__name__)
LOCAL_ROWS = 20_000  # up to here, drawing on the driver is quicker than starting Python on the executors
MOST_SHOWN = 10


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


def stage(settings: "Settings") -> TableStage:
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
        preflight=partial(check_people, people),
    )


def _looked_at(settings: "Settings") -> dict[str, Json]:
    people = settings.people
    rows = (
        {"population": population_version()} if people.source is None else {"source": own_people.version(people.source)}
    )
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


def _drawn(settings: "Settings", people: Sampler, _frames: Frames) -> DataFrame:
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
    struct = struct_type(UserRow)
    checked = _numbered(own_people.read(SparkSession.active(), source), source).mapInArrow(
        checking(allowed, struct), struct
    )
    _refuse_bad_rows(checked, source)
    origin = F.lit(source.rstrip("/").rsplit("/", 1)[-1]).alias("origin")
    return checked.dropDuplicates([ID]).select(ID, *COLUMNS, origin)


def _numbered(table: DataFrame, source: str) -> DataFrame:
    """The columns that count, as text, and each row's place in the table from 1."""
    folded = [column.strip("\ufeff \t").casefold() for column in table.columns]
    there = ", ".join(map(repr, table.columns)) or "none"
    if missing := missing_columns(folded):
        raise InputError(f"people.source: {source} has no column {', '.join(missing)}; there are: {there}.")
    wanted = [column for column in (ID, *COLUMNS) if column in folded]
    if twice := [column for column in wanted if folded.count(column) > 1]:
        raise InputError(f"people.source: {source} has two columns {', '.join(twice)}; there are: {there}.")
    texts = [F.col(f"`{table.columns[folded.index(column)]}`").cast("string").alias(column) for column in wanted]
    place = F.row_number().over(Window.orderBy(F.monotonically_increasing_id()))
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
    return "\n  ".join([f"{what} (rows counted from 1):", *lines, *more])
