"""Pictures to vectors, for Spark: where pictures are goes in, their vectors and what is known of them come out."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pyspark.sql import types as spark

from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.images.decode import Bounds, NoPicture, pixels_of
from stark_udfs.images.protocols import EmbedderSpec, Pixels, loaded, side_of
from stark_udfs.images.read_images import bytes_of, open_archive
from stark_udfs.images.reading import READERS, in_threads, worth_reading
from stark_udfs.images.retrieval.archives import kind_of, members
from stark_udfs.images.retrieval.members import BrokenArchive, Member
from stark_udfs.images.retrieval.shards import PIECE, TEXTS
from stark_udfs.images.web.fetch import Refused

AT_ONCE = 64
HELD_PIXELS = 300_000_000  # bytes of decoded pictures that wait for their vectors
# What is looked at, by a file's name; of the last ones it is said that they are not taken.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif", ".tif", ".tiff", ".bmp", ".jp2", ".heic", ".heif")
ARCHIVES = (".tar", ".zip")
LARGEST_FILE = 50_000_000  # bytes
LARGEST_TEXT = 1_000_000  # bytes
LONGEST_TEXT = 1_000  # characters of a caption
HELD = 20_000  # pictures of an archive that wait for texts which may lie behind them

Row = dict[str, Any]


def picture_type() -> spark.StructType:
    """What is known about a picture; unknown texts are empty."""
    texts = [spark.StructField(name, spark.StringType()) for name in TEXTS]
    return spark.StructType([*texts, *(spark.StructField(name, spark.LongType()) for name in PIECE)])


def vector_type() -> spark.StructType:
    """`picture_type` with its vector, or `fault` where there is none."""
    vector = spark.StructField("vector", spark.ArrayType(spark.FloatType()))
    return spark.StructType([vector, *picture_type().fields, spark.StructField("fault", spark.StringType())])


def embedder(spec: EmbedderSpec, bounds: Bounds) -> Callable[[Batches], Batches]:
    """A mapInArrow function: `picture_type` in, `vector_type` out; a file that is no picture is a row with a fault."""

    def over(batches: Batches) -> Batches:
        side = worth_reading([side_of(loaded(spec))])

        def seen(row: Row) -> tuple[Row, Pixels | str]:
            return row, _pixels(bytes_of(str(row["path"]), LARGEST_FILE), bounds, side)

        return arrow(_embedded(spec, in_threads(dicts(batches), seen)), arrow_schema(vector_type()), size=AT_ONCE)

    return over


def archive_embedder(spec: EmbedderSpec, bounds: Bounds, *, held: int = HELD) -> Callable[[Batches], Batches]:
    """A mapInArrow function: `path` of WebDataset shards in, `vector_type` of their pictures out, each shard read once.

    Members of one basename are one sample: a picture, its caption in .txt, what else is known in .json. They need not
    be neighbours, but are not looked for over more than `held` samples. A shard that breaks off is a row with a fault.
    """

    def over(batches: Batches) -> Batches:
        rows = (row for shard in dicts(batches) for row in _of_archive(spec, bounds, held, str(shard["path"])))
        return arrow(rows, arrow_schema(vector_type()), size=AT_ONCE)

    return over


def _embedded(spec: EmbedderSpec, seen: Iterable[tuple[Row, Pixels | str]]) -> Iterator[Row]:
    """The rows with their vectors; those that have a fault for pixels, with that.

    While the model is at one batch, the next is read; no more than these two are held.
    """
    held: list[tuple[Row, Pixels]] = []
    under_way: Future[list[Row]] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="stark-embed") as device:
        for row, found in seen:
            if isinstance(found, str):
                yield {**row, "vector": None, "fault": found}
                continue
            held.append((row, found))
            if len(held) == AT_ONCE or sum(pixels.nbytes for _, pixels in held) > HELD_PIXELS:
                before, under_way, held = under_way, device.submit(_with_vectors, spec, held), []
                if before is not None:
                    yield from before.result()
        if under_way is not None:
            yield from under_way.result()
        if held:
            yield from _with_vectors(spec, held)


def _with_vectors(spec: EmbedderSpec, held: list[tuple[Row, Pixels]]) -> list[Row]:
    vectors = loaded(spec).embed_pictures([pixels for _, pixels in held])
    return [{**row, "vector": vector.tolist(), "fault": None} for (row, _), vector in zip(held, vectors, strict=True)]


def _pixels(data: bytes | Refused, bounds: Bounds, side: int | None) -> Pixels | str:
    if isinstance(data, Refused):
        return f"{data.reason.value}: {data.detail}"
    found = pixels_of(data, bounds, side)
    return f"{found.fault.value}: {found.detail}" if isinstance(found, NoPicture) else found


@dataclass(frozen=True)
class _Texts:
    """What an archive says of its samples, as far as it was read."""

    most: int  # samples
    told: dict[str, dict[str, str]] = field(default_factory=dict)

    def take(self, member: Member) -> None:
        """A text, for the sample of its name; the oldest are forgotten."""
        sample, ending = _parts(member.name)
        if isinstance(member.data, Refused):
            return
        text = member.data.decode("utf-8", "replace")
        said = _said(text) if ending == ".json" else {"caption": text.strip()}
        cut = {name: value[:LONGEST_TEXT] for name, value in said.items()}
        self.told.setdefault(sample, {}).update(cut)
        if len(self.told) > self.most:
            del self.told[next(iter(self.told))]

    def of(self, row: Row) -> Row:
        """The row of a picture with its texts."""
        known = self.told.get(row["sample"], {})
        return {**row, **{name: known.get(name, "") for name in TEXTS if name != "path"}}


def _of_archive(spec: EmbedderSpec, bounds: Bounds, held: int, path: str) -> Iterator[Row]:
    ahead = 2 * AT_ONCE + READERS + 2  # pictures that are read before the vectors of those before them are there
    texts = _Texts(2 * held + ahead)  # of those that wait, of those that come before them, and of what is read ahead
    waiting: list[Row] = []
    side = worth_reading([side_of(loaded(spec))])

    def seen(found: tuple[Row, bytes | Refused | str]) -> tuple[Row, Pixels | str]:
        row, data = found
        return row, data if isinstance(data, str) else _pixels(data, bounds, side)

    for row in _embedded(spec, in_threads(_members(path, texts), seen)):
        waiting.append(row)
        if len(waiting) >= held:
            yield from map(texts.of, waiting[: held // 2])
            del waiting[: held // 2]
    yield from map(texts.of, waiting)


def _members(path: str, texts: _Texts) -> Iterator[tuple[Row, bytes | Refused | str]]:
    """The picture files of an archive, or what broke it; its texts are put aside on the way."""
    kind = kind_of(path)
    with open_archive(path) as file:
        try:
            for member in members(kind, file, _most):
                sample, ending = _parts(member.name)
                if ending not in ENDINGS:
                    texts.take(member)
                    continue
                row = {"path": f"{kind}://{member.name}::{path}", "sample": sample}
                yield {**row, "offset": member.offset, "size": member.size}, member.data
        except BrokenArchive as broken:
            yield {"path": path, "sample": ""}, f"broken: the rest of the archive is left out: {broken}"


def _most(name: str) -> int:
    """How many bytes are wanted of a member."""
    ending = PurePosixPath(name).suffix.lower()
    if ending in ENDINGS:
        return LARGEST_FILE
    return LARGEST_TEXT if ending in (".txt", ".json") else 0


def _parts(name: str) -> tuple[str, str]:
    path = PurePosixPath(name)
    return str(path.parent / path.stem), path.suffix.lower()


def _said(text: str) -> dict[str, str]:
    """What a sample's .json says, under the names that data sets use; nothing if it is no object."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    names = {"caption": "caption", "licence": "licence", "license": "licence", "page": "page", "source": "source"}
    return {ours: str(found[theirs]) for theirs, ours in names.items() if isinstance(found.get(theirs), str)}
