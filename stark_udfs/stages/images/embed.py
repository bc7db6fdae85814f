"""Pictures to vectors, for Spark: where pictures are goes in, their vectors and what is known of them come out."""

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import fsspec
import numpy as np
from pyspark.sql import types as spark

from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.images.decode import Bounds, NoPicture, pixels_of
from stark_udfs.images.protocols import EmbedderSpec, Pixels, loaded
from stark_udfs.images.read_images import bytes_of
from stark_udfs.images.retrieval.shards import PictureRow
from stark_udfs.images.web.fetch import Refused

AT_ONCE = 64
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif")
LARGEST_FILE = 50_000_000  # bytes
LONGEST_TEXT = 1_000  # characters of a caption


def picture_type() -> spark.StructType:
    """What is known about a picture; unknown texts are empty."""
    return spark.StructType([spark.StructField(name, spark.StringType()) for name in PictureRow._fields])


def vector_type() -> spark.StructType:
    """`picture_type` with its vector, or `fault` where there is none."""
    vector = spark.StructField("vector", spark.ArrayType(spark.FloatType()))
    return spark.StructType([vector, *picture_type().fields, spark.StructField("fault", spark.StringType())])


def embedder(spec: EmbedderSpec, bounds: Bounds) -> Callable[[Batches], Batches]:
    """A mapInArrow function: `picture_type` in, `vector_type` out; a file that is no picture is a row with a fault."""

    def over(batches: Batches) -> Batches:
        return arrow(_embedded(spec, bounds, dicts(batches)), arrow_schema(vector_type()), size=AT_ONCE)

    return over


def tar_reader(batches: Batches) -> Batches:
    """A mapInArrow function: `path` of WebDataset shards in, `picture_type` of their pictures out.

    Members of one basename are one sample: a picture, its caption in .txt, what else is known in .json.
    """
    rows = (picture for row in dicts(batches) for picture in _of_tar(str(row["path"])))
    return arrow(rows, arrow_schema(picture_type()))


def _embedded(spec: EmbedderSpec, bounds: Bounds, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    left = iter(rows)
    while group := list(islice(left, AT_ONCE)):
        seen = [(row, _pixels(str(row["path"]), bounds)) for row in group]
        good = [(row, found) for row, found in seen if not isinstance(found, str)]
        vectors = loaded(spec).embed_pictures([found for _, found in good]) if good else np.empty((0, 0))
        for (row, _), vector in zip(good, vectors, strict=True):
            yield {**row, "vector": vector.tolist(), "fault": None}
        for row, found in seen:
            if isinstance(found, str):
                yield {**row, "vector": None, "fault": found}


def _pixels(path: str, bounds: Bounds) -> Pixels | str:
    data = bytes_of(path, LARGEST_FILE)
    if isinstance(data, Refused):
        return f"{data.reason.value}: {data.detail}"
    found = pixels_of(data, bounds)
    return f"{found.fault.value}: {found.detail}" if isinstance(found, NoPicture) else found


def _of_tar(path: str) -> Iterator[dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    pictures: dict[str, str] = {}
    with fsspec.open(path, "rb") as file, tarfile.open(fileobj=io.BufferedReader(file)) as tar:
        for member in tar:
            name = PurePosixPath(member.name)
            sample, ending = str(name.with_suffix("")), name.suffix.lower()
            if not member.isfile():
                continue
            if ending in ENDINGS:
                pictures[sample] = member.name
            elif ending in (".txt", ".json"):
                content = tar.extractfile(member)
                text = "" if content is None else content.read(1_000_000).decode("utf-8", "replace")
                told.setdefault(sample, {}).update(_said(text) if ending == ".json" else {"caption": text.strip()})
    for sample, member_name in pictures.items():
        known = told.get(sample, {})
        row = {name: known.get(name, "")[:LONGEST_TEXT] for name in PictureRow._fields}
        yield {**row, "path": f"tar://{member_name}::{path}", "source": known.get("source", "")}


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
