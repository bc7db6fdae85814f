"""What one episode, one session and one image took in a finished warehouse: calls, tokens, rows, bytes, files."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from stark_udfs.core.errors import InputError
from stark_udfs.sql.duckdb import DuckSql


class Per(StrEnum):
    """What a stage's calls or a table's rows grow with."""

    EPISODE = "episodes"
    SESSION = "sessions"
    IMAGE = "images"


BY_SESSION = frozenset(("sessions", "summaries", "moderations", "judgements", "consistency"))
BY_IMAGE = frozenset(("images", "image_plans"))
CHATS = ("personas", "commonsense", "narratives", "events", "albums", "sessions", "summaries", "image_plans")
SYSTEM = frozenset(("checks", "locks", "runs"))  # do not grow with episodes


def per(table: str) -> Per:
    """What a stage's table grows with."""
    if table in BY_IMAGE:
        return Per.IMAGE
    return Per.SESSION if table in BY_SESSION else Per.EPISODE


@dataclass(frozen=True)
class Asked:
    """Calls to a chat model, and their tokens."""

    calls: float
    tokens_in: float
    tokens_out: float

    def times(self, count: float) -> "Asked":
        """As much for `count` units."""
        return Asked(self.calls * count, self.tokens_in * count, self.tokens_out * count)

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(self.calls + other.calls, self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out)


@dataclass(frozen=True)
class Stored:
    """Rows of a table and the bytes of its Parquet files."""

    rows: float
    bytes: float


@dataclass(frozen=True)
class Usage:
    """Of a warehouse: how much it has of what, what each stage asked, what each table and its pictures take.

    asked: by stage, for one unit of `per(stage)`. stored: by table, likewise. modules: by module, its share of the
    chosen images. picture_files: different files for one image, the candidates that were not chosen among them.
    """

    counts: Mapping[Per, int]
    asked: Mapping[str, Asked]
    stored: Mapping[str, Stored]
    modules: Mapping[str, float]
    picture_files: float


def used(tables: Path) -> Usage:
    """Measure the tables of a finished warehouse.

    Raises:
        InputError: it has no episodes, sessions or images.
    """
    sql = DuckSql(str(tables))
    counted = {Per.EPISODE: "narratives", Per.SESSION: "sessions", Per.IMAGE: "image_plans"}
    counts = {what: int(_rows(sql, f"SELECT count(*) FROM {table}")[0][0]) for what, table in counted.items()}
    if not all(counts.values()):
        raise InputError(f"{tables}: no episodes, sessions or images to measure. Finish a `make demo` first.")
    sums = "stage, count(*), sum(tokens_in), sum(tokens_out)"
    chats = ", ".join(f"'{stage}'" for stage in CHATS)
    asked = {
        str(stage): Asked(*(float(value) / counts[per(str(stage))] for value in values))
        for stage, *values in _rows(sql, f"SELECT {sums} FROM replies WHERE stage IN ({chats}) GROUP BY ALL")
    }
    chosen = _rows(sql, "SELECT module, count(*) / sum(count(*)) OVER () FROM images WHERE chosen GROUP BY ALL")
    files = float(_rows(sql, "SELECT count(DISTINCT sha256) FROM images")[0][0])
    return Usage(
        counts=counts,
        asked=asked,
        stored={folder.name: _stored(folder, counts) for folder in sorted(tables.iterdir()) if _grows(folder)},
        modules={str(module): float(share) for module, share in chosen},
        picture_files=files / counts[Per.IMAGE],
    )


def _rows(sql: DuckSql, query: str) -> tuple[tuple[Any, ...], ...]:
    return sql.ask(query).rows


def _grows(folder: Path) -> bool:
    return folder.name not in SYSTEM and (folder / "_delta_log").is_dir()


def _stored(folder: Path, counts: Mapping[Per, int]) -> Stored:
    table = DeltaTable(str(folder))
    size = sum(table.get_add_actions(flatten=True)["size_bytes"].to_pylist())
    count = counts[per(folder.name)]
    return Stored(table.count() / count, size / count)
