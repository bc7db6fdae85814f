"""Demographics: who the people are before anything is written about them; drawn, or the user's own table."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.ids import Json
from stark_udfs.core.records import Record
from stark_udfs.data.population import population_version
from stark_udfs.engine.checking.measures import Exact, Share
from stark_udfs.engine.stage import Check, Frames, Ranking, Source, TableStage
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.people import user_table
from stark_udfs.stages.people.sampler import Sampler, sampler
from stark_udfs.stages.people.udf import drawing, drawn_row
from stark_udfs.stages.people.user_delta import version_of
from stark_udfs.stages.people.user_rows import Rules, rules
from stark_udfs.stages.preflight import check_people
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

RANKING = Ranking(
    ("personas",),
    instead="Where people come later, say how many episodes each is to have, before the first run: "
    "pipeline.episodes_per_person.",
)
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
    given = None if people.source is None else _Given(people.source, rules(people))
    select = partial(_drawn, settings, sampler(people)) if given is None else given.all
    return TableStage(
        name="demographics",
        reads=(),
        select=select,
        writes=TABLE,
        settings=_fingerprint_settings(settings),
        checks=_checks(people),
        preflight=partial(check_people, people),
        source=None if given is None else Source(given.version, given.since, ("origin", given.origin)),
        ranking=_ranking(settings),
    )


def _ranking(settings: "Settings") -> Ranking | None:
    """None by person, and for quotas, where more people are wanted as soon as a stratum has no more."""
    counted_over_all = settings.pipeline.episodes_per_person is None and settings.quotas.accepted is None
    return RANKING if counted_over_all else None


def _fingerprint_settings(settings: "Settings") -> dict[str, Json]:
    people = settings.people
    source = people.source
    rows = {"population": population_version()} if source is None else {"source": user_table.checksum(source)}
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


@dataclass(frozen=True)
class _Given:
    """The user's own people, each kept once."""

    source: str
    allowed: Rules

    @property
    def origin(self) -> str:
        return self.source.rstrip("/").rsplit("/", 1)[-1]

    def version(self) -> str | None:
        return version_of(SparkSession.active(), self.source)

    def all(self, _frames: Frames) -> DataFrame:
        return self._as_rows(user_table.people_of(SparkSession.active(), self.source, self.allowed))

    def since(self, before: str) -> DataFrame | None:
        people = user_table.people_since(SparkSession.active(), self.source, self.allowed, before)
        return None if people is None else self._as_rows(people)

    def _as_rows(self, people: DataFrame) -> DataFrame:
        return people.select("*", F.lit(self.origin).alias("origin"))
