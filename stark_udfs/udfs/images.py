"""`paint_udf` and `embed_udf`: image models as pandas UDFs, loaded once per Python worker, on a GPU if there is one."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import fsspec
import pandas as pd
from PIL import Image
from pyspark.sql import types as spark
from pyspark.sql.pandas.functions import pandas_udf

from stark_udfs.core.ids import Json, canonical, digest, seed_of
from stark_udfs.demo.drawings.backend import DRAWINGS
from stark_udfs.demo.drawings.scene import scene_card
from stark_udfs.images.decode import Bounds, NoPicture, Picture, picture_of, pixels_of
from stark_udfs.images.files import PATH, ImageFiles
from stark_udfs.images.model_fingerprint import fingerprint_facts
from stark_udfs.images.models import configured
from stark_udfs.images.models.batching import Painted, batch_painter
from stark_udfs.images.protocols import EmbedderSpec, PainterSpec, Painting, Pixels, loaded
from stark_udfs.images.read_images import bytes_of
from stark_udfs.images.web.fetch import Refused
from stark_udfs.settings.image_models import PicturesSettings
from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.address import located
from stark_udfs.udfs.counted import OfflineEmbedderSpec
from stark_udfs.udfs.store import FAN, FOLDER

Columns = tuple[pd.Series, ...]
Values = dict[str, Any]

PAINTED = spark.StructType(
    [
        spark.StructField("path", spark.StringType()),
        spark.StructField("sha256", spark.StringType()),
        spark.StructField("width", spark.LongType()),
        spark.StructField("height", spark.LongType()),
        spark.StructField("error", spark.StringType()),
    ]
)
EMBEDDED = spark.StructType(
    [spark.StructField("vector", spark.ArrayType(spark.FloatType())), spark.StructField("error", spark.StringType())]
)
SEEDS = range(2**63)
EMBEDDED_AT_ONCE = 64
LARGEST_FILE = 50_000_000  # bytes


@dataclass(frozen=True)
class PaintTask:
    """What the tasks of a painting UDF share; `painter` None: drawings. `side`: px, of a painting."""

    files: str
    painter: PainterSpec | None
    at_once: int
    side: int

    def key(self, prompt: str, seed: int) -> str:
        """Of everything that the picture depends on."""
        by: Json = {"drawings": DRAWINGS} if self.painter is None else [fingerprint_facts(self.painter), self.side]
        return digest("paint", canonical(by), prompt, seed)


@dataclass(frozen=True)
class EmbedTask:
    """What the tasks of an embedding UDF share. `files`: where the paths of `paint_udf` begin."""

    files: str
    embedder: EmbedderSpec
    of: Literal["text", "picture"]


def paint_udf(settings: RunSettings) -> Callable[..., Any]:
    """A pandas UDF: a prompt column and, if wanted, a seed column in, a struct out.

    df.withColumn("card", paint_udf(settings)("caption", "id")).select("id", "card.path", "card.error")

    The struct has `path` (below `storage.files`), `sha256`, `width` and `height`, or `error`. `settings.pictures` says
    who paints: `offline` draws, `models` loads `pictures.painter` once per Python worker. An equal prompt, seed and
    model is one picture, painted once; without a seed it follows from the prompt. The prompts are the user's own: none
    of the rules by which the pipeline chooses whom to show is applied here.
    """
    pictures = settings.pictures
    painter = None if pictures.provider == "offline" else configured.painter(pictures.painter).spec()
    task = PaintTask(located(settings).storage.files, painter, pictures.batch_size, pictures.image_size)

    def painted(columns: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        for batch in columns:
            prompts, *seeds = batch if isinstance(batch, tuple) else (batch,)
            rows = list(zip(prompts, seeds[0], strict=True)) if seeds else [(prompt, None) for prompt in prompts]
            for start in range(0, len(rows), task.at_once):
                yield _frame(PAINTED, paint(task, rows[start : start + task.at_once], seeded=bool(seeds)))

    made: Callable[..., Any] = pandas_udf(painted, returnType=PAINTED)  # type: ignore[call-overload]
    return made


def embed_udf(settings: RunSettings, of: Literal["text", "picture"] = "text") -> Callable[..., Any]:
    """A pandas UDF: a column of texts, or of paths of pictures, in; a struct of `vector` or `error` out.

    df.withColumn("v", embed_udf(settings)("caption")).select("id", "v.vector")

    `settings.pictures` says by whom: `models` loads `pictures.clip` once per Python worker, texts and pictures then lie
    in one space, as unit vectors. `offline` has no model: it counts words and colours, in two spaces, to try things.
    A path is one of `paint_udf`, or a file of one's own storage; nothing is fetched from the web.
    """
    pictures = settings.pictures
    task = EmbedTask(located(settings).storage.files, _embedder(pictures), of)

    def embedded(columns: Iterator[pd.Series]) -> Iterator[pd.DataFrame]:
        for column in columns:
            rows = list(column)
            for start in range(0, len(rows), EMBEDDED_AT_ONCE):
                yield _frame(EMBEDDED, embed(task, rows[start : start + EMBEDDED_AT_ONCE]))

    made: Callable[..., Any] = pandas_udf(embedded, returnType=EMBEDDED)  # type: ignore[call-overload]
    return made


def paint(task: PaintTask, rows: Sequence[tuple[object, object]], *, seeded: bool) -> list[Values]:
    """A row of `PAINTED` for each prompt and seed; what was painted before is found again.

    Raises:
        StorageError: files cannot be written at all.
        DeviceLost: the task has to start again in a new worker.
    """
    done: dict[int, Values] = {}
    todo: dict[int, tuple[str, int]] = {}
    for place, (prompt, given) in enumerate(rows):
        wanted = _wanted(prompt, given, seeded=seeded)
        if isinstance(wanted, str):
            done[place] = _unpainted(wanted)
        elif (before := _before(task, *wanted)) is not None:
            done[place] = before
        else:
            todo[place] = wanted
    for place, found in _painted(task, todo):
        done[place] = _unpainted(found) if isinstance(found, str) else _kept(task, found, *todo[place])
    return [done[place] for place in range(len(rows))]


def embed(task: EmbedTask, rows: Sequence[object]) -> list[Values]:
    """A row of `EMBEDDED` for each text or path."""
    read = [_text(row) if task.of == "text" else _pixels(task.files, row) for row in rows]
    errors = [one if isinstance(one, NoValue) else None for one in read]
    good: list[Any] = [one for one in read if not isinstance(one, NoValue)]
    model = loaded(task.embedder)
    vectors = iter((model.embed_texts(good) if task.of == "text" else model.embed_pictures(good)) if good else ())
    return [
        {"vector": next(vectors).tolist(), "error": None} if error is None else {"vector": None, "error": error.why}
        for error in errors
    ]


@dataclass(frozen=True)
class NoValue:
    """Why there is nothing to embed."""

    why: str


def _embedder(pictures: PicturesSettings) -> EmbedderSpec:
    return OfflineEmbedderSpec() if pictures.provider == "offline" else configured.clip(pictures.clip)


def _frame(kind: spark.StructType, rows: Sequence[Values]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=object) for name in kind.names})


def _unpainted(why: str) -> Values:
    return {**dict.fromkeys(PAINTED.names), "error": why}


def _wanted(prompt: object, given: object, *, seeded: bool) -> tuple[str, int] | str:
    if not isinstance(prompt, str) or not prompt.strip():
        return "prompt is null" if prompt is None or isinstance(prompt, float) else "prompt is empty or no text"
    if not seeded:
        return prompt, seed_of("paint", prompt)
    if given is None or pd.isna(given):  # type: ignore[call-overload]
        return "seed is null"
    try:
        seed = int(given)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return f"seed is no number: {given!r:.40}"
    return (prompt, seed) if seed in SEEDS else f"seed is not between 0 and 2^63: {seed}"


def _painted(task: PaintTask, todo: dict[int, tuple[str, int]]) -> Iterator[tuple[int, Picture | str]]:
    if task.painter is None:
        for place, (prompt, seed) in todo.items():
            yield place, scene_card(prompt, seed)
        return
    paintings = (Painting(str(place), prompt, seed, task.side, task.side) for place, (prompt, seed) in todo.items())
    for result in batch_painter(task.painter, task.at_once).paint(paintings):
        if isinstance(result, Painted):
            yield int(result.key), picture_of(Image.fromarray(result.pixels), "JPEG")
        else:
            yield int(result.key), f"{result.fault.value}: {result.detail}"


def _kept(task: PaintTask, picture: Picture, prompt: str, seed: int) -> Values:
    stored = ImageFiles(task.files).put(picture.data, picture.extension)
    sizes = {"width": picture.width, "height": picture.height}
    values: Values = {"path": stored.path, "sha256": stored.sha256, **sizes, "error": None}
    store, path = _note(task, prompt, seed)
    store.makedirs(path.rpartition("/")[0], exist_ok=True)
    store.pipe_file(path, json.dumps(values).encode())
    return values


def _before(task: PaintTask, prompt: str, seed: int) -> Values | None:
    """What was painted before, if its file is still there whole."""
    store, path = _note(task, prompt, seed)
    try:
        values: Values = json.loads(store.cat_file(path))
        return values if isinstance(ImageFiles(task.files).sound(values["path"]), bytes) else None
    except (FileNotFoundError, ValueError, LookupError, TypeError):  # none, or half a note of a worker that was killed
        return None


def _note(task: PaintTask, prompt: str, seed: int) -> tuple[Any, str]:
    key = task.key(prompt, seed)
    store, base = _store(task.files)
    return store, f"{base}/{FOLDER}/paint/{key[:FAN]}/{key}.json"


@cache
def _store(files: str) -> tuple[Any, str]:
    store, base = fsspec.core.url_to_fs(files)
    return store, str(base).rstrip("/")


def _text(row: object) -> str | NoValue:
    if isinstance(row, str):
        return row
    return NoValue("text is null" if row is None else f"no text: {type(row).__name__}")


def _pixels(files: str, row: object) -> Pixels | NoValue:
    if not isinstance(row, str):
        return NoValue("path is null" if row is None else f"no path: {type(row).__name__}")
    data = bytes_of(f"{files}/{row}" if PATH.fullmatch(row) else row, LARGEST_FILE)
    if isinstance(data, Refused):
        return NoValue(f"{data.reason.value}: {data.detail}")
    found = pixels_of(data, Bounds())
    return NoValue(f"{found.fault.value}: {found.detail}") if isinstance(found, NoPicture) else found
