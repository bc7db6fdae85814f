"""The warehouse as the reading commands see it: by delta-rs and DuckDB where it is a folder, else by Spark."""

import json
import re
from pathlib import Path
from typing import Literal

from stark_udfs.core.errors import NotFound
from stark_udfs.settings.run import RunSettings
from stark_udfs.sql.duckdb import DuckSnapshot, DuckSql, SqlEngine
from stark_udfs.tables.address import in_catalog

Engine = Literal["duckdb", "spark"]
ID = re.compile(r"[\w.:-]{1,128}")


def reader(settings: RunSettings, engine: Engine | None = None) -> SqlEngine:
    """Who answers queries about the warehouse.

    Raises:
        StorageError: there is no warehouse yet.
    """
    root = settings.storage.tables
    if engine == "spark" or (engine is None and in_catalog(root)):
        return _by_spark(settings, many=False)
    return DuckSql(root)


def snapshot(settings: RunSettings) -> SqlEngine:
    """As `reader`, for commands that ask many queries: about one state of the tables, where they lie in a folder.

    Raises:
        StorageError: there is no warehouse yet.
    """
    root = settings.storage.tables
    return _by_spark(settings, many=True) if in_catalog(root) else DuckSnapshot(root)


def _by_spark(settings: RunSettings, *, many: bool) -> SqlEngine:
    """`many`: whether more than a few queries will be asked."""
    from stark_udfs.sql.spark import SparkSql, SparkSqlSession
    from stark_udfs.tables.session import spark_session

    return (SparkSqlSession if many else SparkSql)(spark_session(settings.spark), settings.storage.tables)


def storage_of(folder: Path) -> tuple[str, ...]:
    """The settings of a warehouse in this folder: of its parent, as `warehouse`, or of the tables themselves.

    Raises:
        NotFound: there are no tables in it.
    """
    for tables in (folder / "tables", folder):
        if any(tables.glob("*/_delta_log")):
            places = {"tables": tables, "files": tables.parent / "files"}
            return tuple(f"storage.{name}={json.dumps(str(place))}" for name, place in places.items())
    raise NotFound(f"{folder} holds no tables. Give the folder that `stark run` wrote, as --warehouse warehouse.")


def currency(sql: SqlEngine) -> str:
    """The currency in which the warehouse's calls were paid; empty where none was, or where there are several."""
    if "runs" not in sql.tables:
        return ""
    found = sql.ask("SELECT DISTINCT currency FROM runs WHERE calls > 0").rows
    return str(found[0][0]) if len(found) == 1 else ""


def literal(given: str) -> str:
    """An id as it may stand between quotes in SQL.

    Raises:
        NotFound: no id looks like this.
    """
    if ID.fullmatch(given) is None:
        raise NotFound(f"{given!r} is no id: ids are made of letters, digits, '_', '.', ':' and '-'.")
    return given


def episode_of(sql: SqlEngine, given: str | None) -> str:
    """The full id of an episode.

    Args:
        sql: the warehouse.
        given: the id or its first characters; None: the first episode that has sessions.

    Raises:
        NotFound: no episode, or more than one, begins so.
    """
    table = "sessions" if "sessions" in sql.tables else "narratives"
    if given is None:
        rows = sql.ask(f"SELECT min(episode_id) AS episode_id FROM {table}").rows
        if not rows or rows[0][0] is None:
            raise NotFound("there is no episode yet: run `stark run`.")
        return str(rows[0][0])
    begins = literal(given)
    like = f"episode_id >= '{begins}' AND episode_id < '{begins}g' ORDER BY episode_id LIMIT 4"  # ids are hexadecimal
    found = [str(row[0]) for row in sql.ask(f"SELECT episode_id FROM narratives WHERE {like}").rows]
    return only_one(found, given, "episode")


def only_one(found: list[str], given: str, what: str) -> str:
    """The one id that was found.

    Raises:
        NotFound: none, or several.
    """
    if not found:
        raise NotFound(
            f'there is no {what} {given!r}. `stark sql "select episode_id, name from narratives"` lists them.'
        )
    if len(found) > 1 and given not in found:
        raise NotFound(f"{given!r} could be any of {', '.join(found[:3])}, …: give more characters.")
    return given if given in found else found[0]
