"""Sessions as chat messages with image parts, in the form that trainers of vision-language models read.

One row per session: `messages` (role, content parts of type text or image) and `images`, the files of the image parts
in their order. Consecutive turns of one speaker are one message.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.release.export.folder import ExportedFile, ExportFolder
from stark_udfs.release.export.marks import marked
from stark_udfs.release.export.writers import RESULT, RESULT_SCHEMA, SPLIT, path_of
from stark_udfs.stages.text.sessions.turns import ASSISTANT

PART = "messages"
GROUP_BYTES = 32 * 1024**2  # of texts and pictures, in a row group
CONTENT = pa.struct([pa.field("type", pa.string()), pa.field("text", pa.string())])
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("episode_id", pa.string()),
        pa.field("session_number", pa.int64()),
        pa.field(
            "messages",
            pa.list_(pa.struct([pa.field("role", pa.string()), pa.field("content", pa.list_(CONTENT))])),
        ),
        pa.field("images", pa.list_(pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())]))),
    ],
    # by which `datasets` reads the column as pictures
    metadata={
        "huggingface": '{"info": {"features": {"id": {"dtype": "string", "_type": "Value"}, "episode_id": {"dtype": '
        '"string", "_type": "Value"}, "session_number": {"dtype": "int64", "_type": "Value"}, "messages": {"feature": '
        '{"role": {"dtype": "string", "_type": "Value"}, "content": {"feature": {"type": {"dtype": "string", "_type": '
        '"Value"}, "text": {"dtype": "string", "_type": "Value"}}, "_type": "List"}}, "_type": "List"}, "images": '
        '{"feature": {"_type": "Image"}, "_type": "List"}}}}'
    },
)
Batches = Iterable[pa.RecordBatch]


def message_rows(episodes: DataFrame, pictures: DataFrame, summaries: DataFrame | None) -> DataFrame:
    """One row per session with all that its messages are made of.

    Args:
        episodes: those to export.
        pictures: their pictures that are released with pixels: `key`, `path`, `mark`.
        summaries: what the assistant remembers after each session; None: nothing.
    """
    told = episodes.select(
        *("episode_id", SPLIT, "name", "age", "gender", "birthplace", "residence"),
        F.explode("sessions").alias("session"),
    )
    file = F.struct("path", "mark")
    files = pictures.groupBy("episode_id").agg(F.map_from_entries(F.collect_list(F.struct("key", file))).alias("files"))
    rows = told.join(files, "episode_id", "left").withColumn("session_number", F.col("session.session_number"))
    if summaries is None:
        rows = rows.withColumn("memory", F.lit(None).cast("string"))
    else:
        before = summaries.select(
            "episode_id", (F.col("session_number") + 1).alias("session_number"), F.col("summary").alias("memory")
        )
        rows = rows.join(before, ["episode_id", "session_number"], "left")
    turns = F.transform(
        "session.turns",
        lambda t: F.struct(
            t["speaker"].alias("speaker"),
            t["text"].alias("text"),
            F.transform(
                t["images"],
                lambda i: F.struct(
                    i["description"].alias("description"), F.try_element_at("files", i["image_id"]).alias("file")
                ),
            ).alias("images"),
        ),
    )
    number = F.lpad(F.col("session_number").cast("string"), 3, "0")
    return rows.select(
        SPLIT,
        F.concat_ws(":", "episode_id", number).alias("id"),
        *("episode_id", "session_number", "name", "age", "gender", "birthplace", "residence", "memory"),
        F.date_format("session.session_date", "yyyy-MM-dd").alias("date"),
        turns.alias("turns"),
    )


def as_messages(row: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[Mapping[str, Any]]]:
    """The messages of a session, and the files of their image parts in order. An image without a file becomes words."""
    made: list[dict[str, Any]] = [{"role": "system", "content": [_text(_system(row))]}]
    files: list[Mapping[str, Any]] = []
    for turn in row["turns"]:
        role = "assistant" if turn["speaker"] == ASSISTANT else "user"
        parts = [_text(turn["text"])] if turn["text"] else []
        for image in turn["images"]:
            if image["file"] is None:
                parts.append(_text(f"[image: {image['description']}]"))
            else:
                parts.append({"type": "image", "text": None})
                files.append(image["file"])
        if made[-1]["role"] == role:
            made[-1]["content"].extend(parts)
        else:
            made.append({"role": role, "content": parts})
    return made, files


def _system(row: Mapping[str, Any]) -> str:
    who = f"{row['name']}, {row['age']}, {row['gender']}, born in {row['birthplace']}, living in {row['residence']}"
    memory = f"\nWhat you remember of earlier sessions: {row['memory']}" if row["memory"] else ""
    return f"You are an AI assistant in a long acquaintance with {who}. Today is {row['date']}.{memory}"


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def write_messages(laid: DataFrame, folder: ExportFolder, files: ImageFiles) -> list[ExportedFile]:
    """Write sessions that are `laid_out`; the files."""
    found = laid.mapInArrow(message_writer(folder, files), RESULT).collect()
    return [ExportedFile(**{name: row[name] for name in ExportedFile.model_fields}) for row in found]


def message_writer(folder: ExportFolder, files: ImageFiles) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """A mapInArrow function: rows of `message_rows` in, one row per file out."""

    def write(batches: Batches) -> Iterator[pa.RecordBatch]:
        with ExitStack() as closing:
            out: _MessageFile | None = None
            for batch in batches:
                for row in (piece.to_pylist()[0] for piece in _singly(batch)):
                    path = path_of(PART, row, "parquet")
                    if out is None or out.path != path:
                        if out is not None:
                            yield out.done()
                            closing.close()
                        out = _MessageFile(folder, path, row[SPLIT], closing)
                    out.add(row, files)
            if out is not None:
                yield out.done()

    return write


def _singly(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    return (batch.slice(at, 1) for at in range(batch.num_rows))


class _MessageFile:
    def __init__(self, folder: ExportFolder, path: str, split: str, closing: ExitStack) -> None:
        self.path, self._split = path, split
        self._file = closing.enter_context(folder.writing(path))
        self._writer = pq.ParquetWriter(self._file, SCHEMA, compression="zstd")
        self._held: list[dict[str, Any]] = []
        self._rows = self._bytes = 0

    def add(self, row: Mapping[str, Any], files: ImageFiles) -> None:
        said, shown = as_messages(_with_sound_files(row, files))
        images = [{"bytes": file["data"], "path": file["path"].rsplit("/", 1)[-1]} for file in shown]
        kept = {name: row[name] for name in ("id", "episode_id", "session_number")}
        self._held.append({**kept, "messages": said, "images": images})
        self._rows += 1
        self._bytes += sum(len(image["bytes"]) for image in images) + sum(len(t["text"]) for t in row["turns"])
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def done(self) -> pa.RecordBatch:
        self._flush()
        self._writer.close()
        row = {"part": PART, "split": self._split, "path": self.path, "rows": self._rows, "bytes": self._file.bytes}
        return pa.RecordBatch.from_pylist(
            [{**row, "sha256": self._file.sha256, "key": None, "state": "file"}], schema=RESULT_SCHEMA
        )

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.Table.from_pylist(self._held, schema=SCHEMA), row_group_size=len(self._held))
            self._held, self._bytes = [], 0


def _with_sound_files(row: Mapping[str, Any], files: ImageFiles) -> dict[str, Any]:
    """The row with the bytes of its images; one whose file is missing or damaged has none."""
    turns = []
    for turn in row["turns"]:
        images = [{**image, "file": _sound(image["file"], files)} for image in turn["images"]]
        turns.append({**turn, "images": images})
    return {**row, "turns": turns}


def _sound(file: Mapping[str, Any] | None, files: ImageFiles) -> dict[str, Any] | None:
    if file is None:
        return None
    data = files.sound(file["path"])
    if isinstance(data, FileState):
        return None
    data = data if file["mark"] is None else marked(data, file["mark"])
    return {**file, "data": data}
