"""Building the index of one source of pictures: Spark embeds, the driver builds; what cannot be read is counted."""

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Literal, Protocol

import fsspec
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.images.decode import Bounds
from stark_udfs.images.protocols import EmbedderSpec
from stark_udfs.images.retrieval.build import IndexRule, build
from stark_udfs.images.retrieval.index import IndexCard
from stark_udfs.images.retrieval.shards import PIECE, TEXTS
from stark_udfs.stages.images.embed import ARCHIVES, ENDINGS, archive_embedder, embedder, picture_type, vector_type

Form = Literal["folder", "webdataset", "table"]
FEW = 3  # examples of faults that are told
RULE = IndexRule()


class NamedEmbedder(EmbedderSpec, Protocol):
    """An embedder, and what an index calls it."""

    @property
    def name(self) -> str:
        """Model and revision."""
        ...


@dataclass(frozen=True)
class BuiltIndex:
    """An index, and how many pictures could not be taken, with some examples."""

    card: IndexCard
    left_out: int
    examples: tuple[str, ...]


def build_index(
    spark: SparkSession,
    place: str,
    out: Path,
    *,
    form: Form,
    source: str,
    licence: str = "",
    clip: NamedEmbedder,
    partitions: int,
    rule: IndexRule = RULE,
) -> BuiltIndex:
    """Embed the pictures of `place` and build the index `out`.

    Args:
        spark: the session.
        place: a folder or URI of picture files; of .tar or .zip shards; or of a Delta table with `path` and, if it
            has them, `caption`, `source`, `licence`, `page`.
        out: folder of the index, seen by the driver and all executors.
        form: what `place` is.
        source: the name of the source, for pictures that do not say their own.
        licence: the same.
        clip: makes the vectors; searches must name the same.
        partitions: tasks that embed; of shards, each is a task.
        rule: of the index.

    Raises:
        InputError: there is no picture, or none that can be read.
    """
    embedded, shards = (out.parent / f".{out.name}.{part}" for part in ("embedded", "shards"))
    known = {"source": _or("source", source), "licence": _or("licence", licence)}
    rows = _embedded(spark, place, form, clip, partitions).withColumns(known)
    try:
        rows.write.mode("overwrite").parquet(str(embedded))
        written = spark.read.parquet(str(embedded))
        faults = written.where("fault IS NOT NULL")
        left_out = faults.count()
        examples = tuple(f"{row['path']}: {row['fault']}" for row in faults.limit(FEW).collect())
        good = written.where("fault IS NULL").drop("fault").sortWithinPartitions("path")
        if good.isEmpty():
            raise InputError(f"{place}: none of {left_out:,} files is a picture that can be read, as {examples}.")
        good.write.mode("overwrite").parquet(str(shards))
        card = build(sorted(shards.glob("*.parquet")), out, source=source, embedder=clip.name, rule=rule)
    finally:
        rmtree(embedded, ignore_errors=True)
        rmtree(shards, ignore_errors=True)
    return BuiltIndex(card, left_out, examples)


def _embedded(spark: SparkSession, place: str, form: Form, clip: EmbedderSpec, partitions: int) -> DataFrame:
    """The pictures with their vectors, as `vector_type`."""
    if form == "webdataset":
        paths = _files(place, ARCHIVES)
        shards = spark.createDataFrame([(path,) for path in paths], "path string")
        each = shards.repartitionByRange(len(paths), "path")  # by hash or in turn, some tasks would get two
        return each.mapInArrow(archive_embedder(clip, Bounds()), vector_type())
    pictures = _table(spark, place) if form == "table" else _folder(spark, place)
    return pictures.repartition(partitions, "path").mapInArrow(embedder(clip, Bounds()), vector_type())


def _table(spark: SparkSession, place: str) -> DataFrame:
    table = spark.read.format("delta").load(place)
    if "path" not in table.columns:
        raise InputError(f"{place}: a table of pictures has a column `path`; this one has {table.columns}.")
    texts = [F.col(name) if name in table.columns else F.lit("").alias(name) for name in TEXTS]
    return table.select(*texts).fillna("").withColumns({name: F.lit(None).cast("long") for name in PIECE})


def _folder(spark: SparkSession, place: str) -> DataFrame:
    rows = [(path, _caption(path), "", "", "", None, None) for path in _files(place, ENDINGS)]
    return spark.createDataFrame(rows, picture_type())


def _files(place: str, endings: tuple[str, ...]) -> list[str]:
    filesystem, folder = fsspec.core.url_to_fs(place)
    found = sorted(path for path in filesystem.find(folder) if str(path).lower().endswith(endings))
    if not found:
        raise InputError(f"{place}: there is no file that ends in {', '.join(endings)}.")
    return [str(filesystem.unstrip_protocol(path)) for path in found]


def _caption(path: str) -> str:
    """A file's name in words, where nothing else is known of it."""
    return Path(path).stem.replace("_", " ").replace("-", " ")


def _or(name: str, given: str) -> Column:
    return F.when(F.col(name) == "", given).otherwise(F.col(name)).alias(name)


def index_summary(built: BuiltIndex) -> str:
    """What was built, in one line of JSON."""
    card = built.card
    return json.dumps(
        {
            "source": card.source,
            "kind": card.kind,
            "rows": card.rows,
            "recall": card.recall,
            "left_out": built.left_out,
            "examples": built.examples,
        }
    )
