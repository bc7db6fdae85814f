"""`export`: the dataset as files that others load: Parquet, WebDataset shards, card, Croissant metadata, checksums."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError, StorageError
from stark_udfs.images.files import ImageFiles
from stark_udfs.release.export import card, croissant, facts, messages
from stark_udfs.release.export.block_list import BlockList, read_block_list
from stark_udfs.release.export.folder import WORK, ExportedFile, ExportFolder, absolute
from stark_udfs.release.export.ready import check_ready
from stark_udfs.release.export.selection import (
    FACES,
    IMAGES,
    Selection,
    about,
    index_rows,
    nested,
    selected,
    with_withheld,
)
from stark_udfs.release.export.writers import (
    PIXELS,
    RESULT,
    SPLIT,
    files_for,
    laid_out,
    shard_writer,
    write_parquet,
)
from stark_udfs.sql.public_episodes import SESSIONS, SPARK, Withheld, public_query
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.pipeline import TABLES, Settings
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables

Format = Literal["dataset", "messages"]
MB = 1024**2
BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
BATCH_ROWS = "200"  # episodes in an Arrow batch: a long one has a megabyte
VIEW = "stark_export_episodes"
SPARE = ("summaries", "probes")  # tables that are exported where they are there


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    pictures: by part and state, how many.
    """

    root: str
    files: tuple[ExportedFile, ...]
    pictures: Mapping[tuple[str, str], int]
    blocked: int
    left_out: Mapping[str, int] = field(default_factory=dict)

    def rows(self, part: str) -> int:
        """Rows, or pictures, of a part."""
        return sum(file.rows for file in self.files if file.part == part)


def export(
    settings: Settings, spark: SparkSession, root: str, *, form: Format = "dataset", overwrite: bool = False
) -> Exported:
    """Write the dataset of a warehouse to a folder or URI, which driver and executors see alike.

    Args:
        settings: of the target.
        spark: the session; only DataFrame calls are made, so that it may be one of Spark Connect.
        root: where to.
        form: `dataset`: everything; `messages`: chat messages with image parts, for trainers.
        overwrite: replace an earlier export that is there.

    Raises:
        InputError: something else is in the folder, the warehouse is not finished, or nothing is to be exported.
        StorageError: the folder cannot be written.

    Example:
        ```python
        export(load_settings("demo"), spark, "release")
        ```
    """
    tables = Tables(spark, settings.storage)
    check_ready(tables)
    blocked = read_block_list(settings.release.block_list)
    folder = ExportFolder(absolute(root))
    folder.prepare(overwrite=overwrite)
    with _small_batches(spark):
        return _Export(settings, tables, folder, blocked).write(form)


class _Export:
    """One export under way."""

    def __init__(self, settings: Settings, tables: Tables, folder: ExportFolder, blocked: BlockList) -> None:
        self.settings, self.release, self.tables = settings, settings.release, tables
        self.folder, self.blocked = folder, blocked
        self.spark = tables.spark
        self.work = f"{folder.root.rstrip('/')}/{WORK}"

    def write(self, form: Format) -> Exported:
        chosen = selected(self.tables.read(episodes.TABLE), self.blocked, self.release.licences)
        counts = counted(chosen.episodes)
        if not counts:
            raise InputError(self._nothing())
        pictures, shards = self._pictures(chosen, write=form == "dataset")
        if form == "messages":
            files = self._messages(chosen, pictures)
        else:
            files = [*shards, *self._tables(chosen, pictures, counts)]
        states = {
            (row["part"], row["state"]): row["count"] for row in pictures.groupBy("part", "state").count().collect()
        }
        return self._finish(form, files, states)

    def _pictures(self, chosen: Selection, *, write: bool) -> tuple[DataFrame, list[ExportedFile]]:
        """All pictures with what came of them, and the shards."""
        rows = chosen.pictures
        path = f"{self.work}/pictures"
        rows.write.mode("overwrite").parquet(path)
        rows = self.spark.read.parquet(path)
        if not write:
            return rows, []
        results = [
            self._shards(rows.where((F.col("part") == part) & (F.col("state") == PIXELS)), part)
            for part in (IMAGES, FACES)
        ]
        found = results[0].unionByName(results[1])
        told = found.where("key IS NOT NULL").select(
            "part",
            "key",
            F.col("state").alias("found"),
            F.col("sha256").alias("released_sha256"),
            F.col("path").alias("shard"),
        )
        whole = rows.join(told, ["part", "key"], "left").withColumn("state", F.coalesce("found", "state"))
        shard = F.when(F.col("state") == PIXELS, F.col("shard"))
        shards = [_file(row.asDict()) for row in found.where("key IS NULL").collect()]
        return whole.withColumn("shard", shard).drop("found"), shards

    def _shards(self, rows: DataFrame, part: str) -> DataFrame:
        """Write the shards of a part; the results, which are in files, so that no picture is written twice."""
        sizes = {
            row[SPLIT]: float(row["bytes"]) for row in rows.groupBy(SPLIT).agg(F.sum("bytes").alias("bytes")).collect()
        }
        path = f"{self.work}/{part}-written"
        if not sizes:
            return self.spark.createDataFrame([], RESULT)
        needed = rows.select(SPLIT, "key", "path", "mark", about().alias("about"))
        laid = laid_out(needed, "key", files_for(sizes, self.release.shard_mb * MB))
        files = ImageFiles(self.settings.storage.files)
        laid.mapInArrow(shard_writer(self.folder, part, files), RESULT).write.mode("overwrite").parquet(path)
        return self.spark.read.schema(RESULT).parquet(path)

    def _tables(self, chosen: Selection, pictures: DataFrame, counts: Mapping[str, int]) -> list[ExportedFile]:
        held = with_withheld(chosen, pictures)
        held.createOrReplaceTempView(VIEW)
        try:
            return [
                *self._parquet(self._public(), "data", counts, "index"),
                *self._parquet(nested(held), "episodes", counts, "episode_id"),
                *self._parquet(index_rows(pictures), "image_index", None, "key"),
                *(
                    file
                    for name in SPARE
                    if (table := spare_table(self.tables, name)) is not None
                    for file in self._parquet(
                        self._of_episodes(table, chosen), name, None, "_order", number="episode_id"
                    )
                ),
            ]
        finally:
            self.spark.catalog.dropTempView(VIEW)

    def _public(self) -> DataFrame:
        withheld = Withheld(image="array_contains(withheld, {id})", face="face_withheld")
        most = self.settings.episodes.max_sessions or self.settings.sessions.max_sessions
        query = public_query(
            SPARK,
            VIEW,
            licences=self.release.licences,
            sessions=max(SESSIONS, most),
            withheld=withheld,
            also=(SPLIT,),
        )
        return self.spark.sql(query)

    def _of_episodes(self, table: Table, chosen: Selection) -> DataFrame:
        """A table's rows of the episodes that are exported."""
        rows = self.tables.read(table).drop("unit_key", "provider", "run_id")
        if table.name == "probes":
            rows = self._worded(rows)
        keys = [name for name in ("episode_id", "session_number", "probe_id") if name in rows.columns]
        order = F.concat_ws(":", *(F.lpad(F.col(name).cast("string"), 20, "0") for name in keys))
        return rows.join(chosen.episodes.select("episode_id", SPLIT), "episode_id").withColumn("_order", order)

    def _worded(self, probes: DataFrame) -> DataFrame:
        """The probes with `phrased_question`, the question in a model's words; null where the template's stays."""
        name = "phrased_question"
        table = spare_table(self.tables, "probe_phrasings")
        if table is None:
            return probes.withColumn(name, F.lit(None).cast("string"))
        worded = self.tables.read(table).where("phrased").select("probe_id", F.col("question").alias(name))
        return probes.join(worded, "probe_id", "left")

    def _parquet(
        self, frame: DataFrame, part: str, counts: Mapping[str, int] | None, key: str, number: str | None = None
    ) -> list[ExportedFile]:
        sizes = dict(counts) if counts is not None else counted(frame)
        if not sizes:
            return []
        drawn = None if number is None else F.col(number)
        laid = laid_out(
            frame, key, files_for({k: float(n) for k, n in sizes.items()}, self.release.rows_per_file), drawn
        )
        return write_parquet(laid.drop("_order"), self.folder, part)

    def _messages(self, chosen: Selection, pictures: DataFrame) -> list[ExportedFile]:
        summaries = spare_table(self.tables, "summaries")
        rows = messages.message_rows(
            chosen.episodes,
            pictures.where((F.col("part") == IMAGES) & (F.col("state") == PIXELS)),
            None if summaries is None else self.tables.read(summaries),
        )
        sizes = {k: float(n) for k, n in counted(rows).items()}
        laid = laid_out(rows, "id", files_for(sizes, self.release.rows_per_file))
        return messages.write_messages(laid, self.folder, ImageFiles(self.settings.storage.files))

    def _finish(self, form: Format, files: Sequence[ExportedFile], states: Mapping[tuple[str, str], int]) -> Exported:
        files = sorted(files, key=lambda file: file.path)
        found = facts.collect(self.settings, self.tables, files, states, blocked=len(self.blocked))
        meta = [
            self.folder.put("README.md", card.render(found, form), "card"),
            self.folder.put("croissant.json", croissant.render(found, form), "croissant"),
        ]
        whole = [*files, *meta]
        self._check_seen(whole)
        self.folder.finish(whole, facts.for_manifest(found))
        return Exported(self.folder.root, tuple(whole), dict(states), len(self.blocked), found.left_out)

    def _check_seen(self, files: Sequence[ExportedFile]) -> None:
        there = self.folder.listed()
        lost = [file.path for file in files if file.path not in there]
        if lost:
            raise StorageError(
                f"{lost[0]} and {len(lost) - 1} more files were written where this process does not see them: "
                f"{self.folder.root} has to be the same folder for driver and executors, as on a shared disk, or a URI."
            )

    def _nothing(self) -> str:
        rows = self.tables.read(episodes.TABLE).groupBy("left_out").count().collect()
        told = ", ".join(f"{row['count']} {row['left_out'] or 'on the block list'}" for row in rows) or "there is none"
        return f"no episode is left to export ({told}). Nothing was written."


def counted(frame: DataFrame) -> dict[str, int]:
    """Rows by split."""
    return {row[SPLIT]: row["count"] for row in frame.groupBy(SPLIT).count().collect()}


def spare_table(tables: Tables, name: str) -> Table | None:
    """A table that an export can do without, if it is there."""
    table = next(table for table in TABLES if table.name == name)
    return table if tables.exists(table) else None


def _file(row: Mapping[str, object]) -> ExportedFile:
    return ExportedFile.model_validate({name: row[name] for name in ExportedFile.model_fields})


@contextmanager
def _small_batches(spark: SparkSession) -> Iterator[None]:
    before = spark.conf.get(BATCH, None)
    spark.conf.set(BATCH, BATCH_ROWS)
    try:
        yield
    finally:
        if before is None:
            spark.conf.unset(BATCH)
        else:
            spark.conf.set(BATCH, before)
