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
from stark_udfs.images.retrieval.index import IndexCard, IndexRule, build
from stark_udfs.stages.images.embed import ENDINGS, embedder, picture_type, tar_reader, vector_type

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
        place: a folder or URI of picture files; of .tar shards; or of a Delta table with `path` and, if it has them,
            `caption`, `source`, `licence`, `page`.
        out: folder of the index, seen by the driver and all executors.
        form: what `place` is.
        source: the name of the source, for pictures that do not say their own.
        licence: the same.
        clip: makes the vectors; searches must name the same.
        partitions: tasks that embed.
        rule: of the index.

    Raises:
        InputError: there is no picture, or none that can be read.
    """
    embedded, shards = (out.parent / f".{out.name}.{part}" for part in ("embedded", "shards"))
    index_summary = _pictures(spark, place, form).select(
        "path", "caption", *(_or(name, given) for name, given in (("source", source), ("licence", licence))), "page"
    )
    rows = index_summary.repartition(partitions, "path").mapInArrow(embedder(clip, Bounds()), vector_type())
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


def _pictures(spark: SparkSession, place: str, form: Form) -> DataFrame:
    names = picture_type().names
    if form == "table":
        table = spark.read.format("delta").load(place)
        if "path" not in table.columns:
            raise InputError(f"{place}: a table of pictures has a column `path`; this one has {table.columns}.")
        known = [F.col(name) if name in table.columns else F.lit("").alias(name) for name in names]
        return table.select(*known).fillna("")
    paths = _files(place, (".tar",) if form == "webdataset" else ENDINGS)
    if form == "webdataset":
        listed = spark.createDataFrame([(path,) for path in paths], "path string").repartition(len(paths))
        return listed.mapInArrow(tar_reader, picture_type())
    return spark.createDataFrame([(path, _caption(path), "", "", "") for path in paths], picture_type())


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
