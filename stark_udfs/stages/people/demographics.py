"""Demographics: who the people are before anything is written about them; drawn, or the user's own table."""

from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record
from stark_udfs.data.population import population_version
from stark_udfs.engine.checking.measures import Exact, Share
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people import user_table
from stark_udfs.stages.people.sampler import Sampler, sampler
from stark_udfs.stages.people.udf import drawing, drawn_row
from stark_udfs.stages.people.user_rows import Rules, rules
from stark_udfs.stages.preflight import check_people
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

LOCAL_ROWS = 20_000  # up to here, drawing on the driver is quicker than starting Python on the executors


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
        settings=_fingerprint_settings(settings),
        checks=_checks(people),
        preflight=partial(check_people, people),
    )


def _fingerprint_settings(settings: "Settings") -> dict[str, Json]:
    people = settings.people
    rows = (
        {"population": population_version()} if people.source is None else {"source": user_table.version(people.source)}
    )
    return {"seed": settings.pipeline.seed, "people": people.model_dump(mode="json"), **rows}


def _checks(people: PeopleSettings) -> tuple[Check, ...]:
    youngest = Check("youngest", Exact("min(age)"), low=people.min_age, kind="set")
    if people.source is not None:
        return (youngest,)
    return (
        youngest,
        Check("oldest", Exact("max(age)"), high=max(high for _, high in people.bands), kind="set"),
        Check(
            "moved_share",
            Share("birthplace <> residence"),
            low=people.moved_share - 0.02,
            high=people.moved_share + 0.02,
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
    origin = F.lit(source.rstrip("/").rsplit("/", 1)[-1]).alias("origin")
    return user_table.people_of(SparkSession.active(), source, allowed).select("*", origin)
