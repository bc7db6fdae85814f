"""Files of an export, written by executors: Parquet and WebDataset shards, one row or picture at a time.

A file's rows are in one task, sorted: equal tables give equal bytes, and a second attempt of a task the same file.
"""

import hashlib
import io
import math
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.release.export.folder import ExportedFile, ExportFolder
from stark_udfs.release.export.marks import marked

SPLIT, FILE, FILES = "_split", "_file", "_files"  # columns that say where a row goes
LAYOUT = (SPLIT, FILE, FILES)
RESULT = "part string, split string, path string, rows bigint, bytes bigint, sha256 string, key string, state string"
RESULT_SCHEMA = pa.schema(
    [
        pa.field(name, pa.int64() if name in ("rows", "bytes") else pa.string())
        for name in ("part", "split", "path", "rows", "bytes", "sha256", "key", "state")
    ]
)
GROUP_BYTES = 64 * 1024**2  # of Arrow data, in a row group of Parquet
PIXELS = "pixels"
Batches = Iterable[pa.RecordBatch]


def laid_out(frame: DataFrame, key: str, files: Mapping[str, int], number: Column | None = None) -> DataFrame:
    """The frame, which has `_split`, with the rows of each file together and sorted by `key`.

    Args:
        frame: the rows.
        key: a column that is different in each row, or leads those that sort alike.
        files: per split, how many files.
        number: what the file is drawn from; None: the key.
    """
    counts = F.create_map(*(F.lit(part) for pair in files.items() for part in pair))
    total = max(1, sum(files.values()))
    placed = frame.withColumn(FILES, F.element_at(counts, F.col(SPLIT))).withColumn(
        FILE, F.pmod(F.xxhash64(number if number is not None else F.col(key)), F.col(FILES))
    )
    return placed.repartition(total, SPLIT, FILE).sortWithinPartitions(SPLIT, FILE, key)


def files_for(sizes: Mapping[str, float], most: float) -> dict[str, int]:
    """Per split, how many files of about `most` (rows, or bytes) hold it."""
    return {split: max(1, math.ceil(size / most)) for split, size in sizes.items() if size}


def path_of(part: str, row: Mapping[str, Any], ending: str) -> str:
    """Where a row's file is."""
    return f"{part}/{row[SPLIT]}-{row[FILE]:05d}-of-{row[FILES]:05d}.{ending}"


def write_parquet(
    frame: DataFrame, folder: ExportFolder, part: str, metadata: Mapping[str, str] | None = None
) -> list[ExportedFile]:
    """Write a frame that is `laid_out`; its files."""
    found = frame.mapInArrow(parquet_writer(folder, part, dict(metadata or {})), RESULT).collect()
    return [ExportedFile(**{name: row[name] for name in ExportedFile.model_fields}) for row in found]


def parquet_writer(
    folder: ExportFolder, part: str, metadata: dict[str, str]
) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A mapInArrow function: rows in, one row per file out."""

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        with ExitStack() as closing:
            out: _ParquetFile | None = None
            for batch in batches:
                for place, piece in _runs(batch, part, "parquet"):
                    if out is None or out.path != place.path:
                        if out is not None:
                            yield out.done()
                            closing.close()
                        out = _ParquetFile(folder, part, place, closing, metadata)
                    out.add(piece)
            if out is not None:
                yield out.done()

    return write


@dataclass(frozen=True)
class _Place:
    split: str
    path: str


class _ParquetFile:
    """One file, whose rows are held until they make a row group."""

    def __init__(
        self, folder: ExportFolder, part: str, place: _Place, closing: ExitStack, metadata: dict[str, str]
    ) -> None:
        self.path = place.path
        self._part, self._place, self._metadata = part, place, metadata
        self._file = closing.enter_context(folder.writing(place.path))
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(self, piece: pa.RecordBatch) -> None:
        self._held.append(piece)
        self._rows += piece.num_rows
        self._bytes += piece.nbytes
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def done(self) -> pa.RecordBatch:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        return _result(self._part, self._place, self._rows, self._file.bytes, self._file.sha256)

    def _flush(self) -> None:
        if not self._held:
            return
        table = pa.Table.from_batches(self._held)
        if self._metadata:
            table = table.replace_schema_metadata(self._metadata)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._held, self._bytes = [], 0


def _runs(batch: pa.RecordBatch, part: str, ending: str) -> Iterator[tuple[_Place, pa.RecordBatch]]:
    """The batch cut where one file ends and the next begins, without the columns that say so."""
    places = batch.select(list(LAYOUT)).to_pylist()
    rest = batch.select([name for name in batch.schema.names if name not in LAYOUT])
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[start]:
            yield _Place(places[start][SPLIT], path_of(part, places[start], ending)), rest.slice(start, end - start)
            start = end


def _result(part: str, place: _Place, rows: int, size: int, sha256: str) -> pa.RecordBatch:
    row = {"part": part, "split": place.split, "path": place.path, "rows": rows, "bytes": size, "sha256": sha256}
    return pa.RecordBatch.from_pylist([{**row, "key": None, "state": "file"}], schema=RESULT_SCHEMA)


def shard_writer(folder: ExportFolder, part: str, files: ImageFiles) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A mapInArrow function: rows of `key`, `path`, `mark`, `about` (JSON) in; a row per picture and shard out.

    A picture that is missing or damaged is told, not written.
    """

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        with ExitStack() as closing:
            shard: _Shard | None = None
            for batch in batches:
                said: list[dict[str, Any]] = []
                for place, piece in _runs(batch, part, "tar"):
                    if shard is None or shard.place != place:
                        if shard is not None:
                            yield shard.done()
                            closing.close()
                        shard = _Shard(folder, part, place, closing)
                    said.extend(shard.add(row, files) for row in piece.to_pylist())
                yield pa.RecordBatch.from_pylist(said, schema=RESULT_SCHEMA)
            if shard is not None:
                yield shard.done()

    return write


class _Shard:
    """One tar file."""

    def __init__(self, folder: ExportFolder, part: str, place: _Place, closing: ExitStack) -> None:
        self.place, self._part, self._rows = place, part, 0
        self._file = closing.enter_context(folder.writing(place.path))
        self._tar = tarfile.open(fileobj=self._file, mode="w|", format=tarfile.USTAR_FORMAT)  # type: ignore[call-overload]  # noqa: SIM115

    def add(self, row: Mapping[str, Any], files: ImageFiles) -> dict[str, Any]:
        """Write a picture, and what the tables say of it."""
        found = files.sound(row["path"])
        told = {"part": self._part, "split": self.place.split, "path": self.place.path, "key": row["key"], "rows": 0}
        if isinstance(found, FileState):
            return {**told, "state": found.value, "bytes": 0, "sha256": None}
        data = found if row["mark"] is None else marked(found, row["mark"])
        self._member(f"{row['key']}.{row['path'].rsplit('.', 1)[-1]}", data)
        self._member(f"{row['key']}.json", row["about"].encode("utf-8", "backslashreplace"))
        self._rows += 1
        return {**told, "state": PIXELS, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def done(self) -> pa.RecordBatch:
        """Close it; its row."""
        self._tar.close()
        return _result(self._part, self.place, self._rows, self._file.bytes, self._file.sha256)

    def _member(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)  # time, owner and mode are the same in every export
        info.size, info.mode = len(data), 0o644
        self._tar.addfile(info, io.BytesIO(data))
