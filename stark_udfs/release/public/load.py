"""A released Stark Parquet file, read back into the shape of our tables.

What the public schema does not have is empty: pictures' files and scores, rounds, replies. `ImportedTables` are frames;
`write_tables` makes a warehouse of them that `stark sql`, `show` and `status` read.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pydantic import Field
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.frames import arrow, arrow_schema
from stark_udfs.engine.system_tables import REJECTS, RejectRow
from stark_udfs.release.public.rows import ImportedEpisode, read_public_row
from stark_udfs.stages.people import demographics
from stark_udfs.stages.text import albums, narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.tables.columns import stable_id
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.warehouse_format import mark

PROVIDER, STAGE = "import", "import"
NEEDED = ("index", "session1:speakers", "session1:utterances")
BATCH_ROWS = 100
Batches = Iterable[pa.RecordBatch]


class PublicImage(Record):
    """One row of `public_images`: an image as the release names it."""

    image_id: str
    episode_id: str
    key: str = Field(description="in the shards; `url:…` has no pixels; empty: no picture was released")
    module: str = Field(
        description="p-t2i | t2i | retrieval | web; empty: of the album, which the release does not tell"
    )
    description: str


class PublicFace(Record):
    """One row of `public_faces`: a face as the release names it."""

    episode_id: str
    key: str = Field(description="in the shards of faces")
    description: str


PUBLIC_IMAGES = Table("public_images", PublicImage, key=("image_id",), parents=(("episode_id", "narratives"),))
PUBLIC_FACES = Table("public_faces", PublicFace, key=("episode_id",), parents=(("episode_id", "narratives"),))
TABLES = (
    demographics.TABLE,
    personas.TABLE,
    commonsense.TABLE,
    narratives.TABLE,
    events.TABLE,
    albums.TABLE,
    sessions.TABLE,
    PUBLIC_IMAGES,
    PUBLIC_FACES,
)


class _Read(Record):
    episode: ImportedEpisode | None
    reject: Reject | None


@dataclass(frozen=True)
class ImportedTables:
    """By name, the tables that a release tells; `rejects` has the rows that could not be read."""

    frames: Mapping[str, DataFrame]
    rejects: DataFrame

    def __getitem__(self, table: Table) -> DataFrame:
        """The frame of a table."""
        return self.frames[table.name]


def import_public(spark: SparkSession, path: str) -> ImportedTables:
    """Read a Parquet file or folder in the public schema.

    Args:
        spark: the session.
        path: a file, a folder or a URI that executors see.

    Raises:
        InputError: it cannot be read, or has not the columns of the public dataset.

    Example:
        ```python
        import_public(spark, "stark-dialogue.parquet").frames["sessions"].show()
        ```
    """
    try:
        rows = spark.read.parquet(path)
    except PySparkException as error:
        raise InputError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0][:300]}") from error
    missing = [name for name in NEEDED if name not in rows.columns]
    if missing:
        raise InputError(
            f"{path} has no column {missing[0]!r}; a released Stark Parquet has {', '.join(NEEDED)} and more. "
            f"It has: {', '.join(rows.columns[:8])}, …"
        )
    schema = struct_type(_Read)
    read = rows.mapInArrow(reading(), schema).persist()
    episodes = read.where("episode IS NOT NULL").select("episode.*").dropDuplicates(["episode_id"])
    return ImportedTables(_frames(episodes), _rejects(read))


def reading() -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A mapInArrow function: rows of the public schema in, `_Read` out."""

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        yield from arrow(map(_read, _rows(batches)), arrow_schema(struct_type(_Read)), BATCH_ROWS)

    return read


def _rows(batches: Batches) -> Iterator[dict[str, Any]]:
    for batch in batches:
        for at in range(batch.num_rows):
            yield batch.slice(at, 1).to_pylist()[0]


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    found = read_public_row(row)
    bad = found if isinstance(found, Reject) else None
    return _Read(episode=None if isinstance(found, Reject) else found, reject=bad).model_dump()


def _frames(episodes: DataFrame) -> dict[str, DataFrame]:
    profile = ("age", "gender", "birthplace", "residence")
    ids = episodes.withColumn("demographic_id", stable_id(F.lit(STAGE), *(F.col(name) for name in profile)))
    ids = ids.withColumn(
        "persona_id", stable_id(F.lit(STAGE), F.col("demographic_id"), F.col("category"), F.col("sentence"))
    )
    ids = ids.withColumn("commonsense_id", stable_id(F.col("persona_id"), F.col("relation"), F.col("inference")))
    ids = ids.withColumn("sensitive", F.lit(False))
    images = ids.select("episode_id", F.explode("images").alias("i")).select(
        "i.image_id", "episode_id", "i.key", "i.module", "i.description"
    )
    told = ids.select("episode_id", F.explode("sessions").alias("s")).select("episode_id", "s.*")
    people = ids.select("demographic_id", *profile, F.lit(STAGE).alias("origin"))
    said = ids.withColumn("ordinal", F.lit(0).cast("bigint")).withColumn("position", F.lit(1).cast("bigint"))
    made: dict[Table, DataFrame] = {
        demographics.TABLE: people.dropDuplicates(["demographic_id"]),
        personas.TABLE: said.dropDuplicates(["persona_id"]),
        commonsense.TABLE: ids.dropDuplicates(["commonsense_id"]),
        narratives.TABLE: ids.withColumn("sentence_form", F.lit("")),
        events.TABLE: ids,
        albums.TABLE: ids.drop("images").withColumn("images", F.col("album")),
        sessions.TABLE: told,
        PUBLIC_IMAGES: images.dropDuplicates(["image_id"]),
        PUBLIC_FACES: ids.where("face_key <> ''").select(
            "episode_id", F.col("face_key").alias("key"), F.col("face_description").alias("description")
        ),
    }
    return {table.name: frame.select(*table.record.model_fields) for table, frame in made.items()}


def _rejects(read: DataFrame) -> DataFrame:
    bad = read.where("reject IS NOT NULL").select("reject.*")
    values: dict[str, Column] = {
        "stage": F.lit(STAGE),
        "unit_key": F.col("key"),
        "position": F.lit(1).cast("bigint"),
        "reason": F.col("reason"),
        "origin": F.lit("ours"),
        "detail": F.col("detail"),
        "key": F.col("key"),
        "reply_key": F.lit(None).cast("string"),
        "run_id": F.lit(STAGE),
    }
    return bad.select(*(values[name].alias(name) for name in RejectRow.model_fields))


def write_tables(imported: ImportedTables, tables: Tables) -> dict[str, int]:
    """Write a new warehouse; rows by table.

    Raises:
        InputError: one of the tables is there already; nothing was written.
    """
    there = [table.name for table in (*TABLES, REJECTS) if tables.exists(table)]
    if there:
        raise InputError(f"{tables.root} has a table {there[0]} already: an import makes a warehouse of its own.")
    for table in TABLES:
        rows = imported[table].withColumn("unit_key", F.col(table.key[0]))
        tables.append(table, rows.withColumn("provider", F.lit(PROVIDER)).withColumn("run_id", F.lit(STAGE)))
    tables.append(REJECTS, imported.rejects)
    mark(tables.root, tables.spark)
    return {table.name: tables.read(table).count() for table in (*TABLES, REJECTS)}
