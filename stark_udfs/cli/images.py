"""`stark images verify`: picture files against the tables that name them, and the same pictures made again."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.cli.reading.warehouse import literal
from stark_udfs.engine.images.policy import servers_by
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.images.protocols import loaded
from stark_udfs.images.requests import Candidates, ImageBackendSpec, ImageRequest, ImageTask, Unavailable
from stark_udfs.sql.duckdb import SqlEngine
from stark_udfs.stages.images.backend import image_backend
from stark_udfs.stages.pipeline import Settings

TABLES = ("faces", "images")
AT_ONCE = 16  # files read at a time
UNITS_AT_ONCE = 500  # named in one query
SHOWN = 10
ORDER: TypeAdapter[ImageTask] = TypeAdapter(ImageTask)


@dataclass(frozen=True)
class Named:
    """A file that a table names."""

    table: str
    unit_key: str
    path: str
    sha256: str
    bytes: int


def verify(settings: Settings, sql: SqlEngine, console: Console, *, repair: bool) -> bool:
    """Check every file; print what is wrong; with `repair`, make it again. Returns whether all is well afterwards.

    Made again means: the stored order is answered anew. A painting comes out as it was, by its seed, on the same kind
    of device; what comes out otherwise, or is gone from the web, needs a new draw and is told.
    """
    files = ImageFiles(settings.storage.files)
    named = [file for table in TABLES if table in sql.tables for file in _named(sql, table)]
    bad = _bad(files, named)
    states = Counter(state for _, state in bad)
    console.print(f"{len(named):,} files named, {len(named) - len(bad):,} good{_count(states)}")
    for file, state in bad[:SHOWN]:
        console.print(Text(plain(f"  {state.value}: {file.path} ({file.table} {file.unit_key})")), soft_wrap=True)
    if not bad or not repair:
        if bad:
            console.print("To make them again: stark images verify --repair")
        return not bad
    damaged = [file for file, _ in bad]
    _make_again(image_backend(settings.pictures, settings.storage.files), _orders(sql, damaged), console)
    left = _bad(files, damaged)
    console.print(f"{len(bad) - len(left):,} made again, {len(left):,} not")
    for file, _ in left[:SHOWN]:
        told = f"  {file.path}: a new draw is needed: stark run --only EPISODE --redraw --from {file.table}"
        console.print(Text(plain(told)), soft_wrap=True)
    return not left


def _named(sql: SqlEngine, table: str) -> list[Named]:
    """The files of a table, each once."""
    found = sql.ask(
        f"SELECT path, min(unit_key) AS unit_key, min(sha256) AS sha256, min(bytes) AS bytes FROM {table} "
        "WHERE path IS NOT NULL GROUP BY path ORDER BY path"
    ).dicts()
    return [
        Named(table, str(row["unit_key"]), str(row["path"]), str(row["sha256"]), int(str(row["bytes"])))
        for row in found
    ]


def _bad(files: ImageFiles, named: Sequence[Named]) -> list[tuple[Named, FileState]]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        states = threads.map(lambda file: files.verify(file.path, file.sha256, file.bytes), named)
        return [(file, state) for file, state in zip(named, states, strict=True) if state is not FileState.GOOD]


def _orders(sql: SqlEngine, bad: Sequence[Named]) -> Iterator[tuple[ImageRequest, object]]:
    """The stored orders whose answers hold the files, with what answered them; those of faces first."""
    for table in TABLES:
        paths = {file.path for file in bad if file.table == table}
        units = sorted({file.unit_key for file in bad if file.table == table})
        for start in range(0, len(units), UNITS_AT_ONCE):
            keys = ", ".join(f"'{literal(unit)}'" for unit in units[start : start + UNITS_AT_ONCE])
            asked = f"SELECT request, reply FROM replies WHERE stage = '{table}' AND unit_key IN ({keys}) ORDER BY key"
            for row in sql.ask(asked).dicts():
                request = json.loads(str(row["request"]))
                order = ORDER.validate_python(request["order"])
                if not isinstance(order, ImageRequest):
                    continue
                found = Candidates.model_validate_json(str(row["reply"]))
                if any(candidate.path in paths for candidate in found.candidates):
                    yield order, request["identity"]


def _make_again(spec: ImageBackendSpec, orders: Iterable[tuple[ImageRequest, object]], console: Console) -> None:
    left, servers = iter(orders), servers_by(spec)
    while batch := list(islice(left, spec.at_once)):
        same = [order for order, identity in batch if spec.identity(order) == identity]
        if len(same) < len(batch):
            console.print(f"{len(batch) - len(same)} were made by other models than the settings name now: left alone")
        ours = [order for order in same if order.module not in servers]
        if len(ours) < len(same):
            console.print(f"{len(same) - len(ours)} were painted by a server, which would be paid again: left alone")
        for answer in loaded(spec).work(ours) if ours else ():
            if isinstance(answer, Unavailable):
                console.print(Text(plain(f"  not now: {answer.kind}: {answer.detail}")), soft_wrap=True)


def _count(states: Counter[FileState]) -> str:
    return "".join(f", {count:,} {state.value}" for state, count in sorted(states.items()))
