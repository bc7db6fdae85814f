"""Where storage is, told without Spark: a folder of Delta tables, or `catalog.schema`; files."""

import os
import re
from typing import TypeVar

import fsspec

from stark_udfs.core.errors import StorageError
from stark_udfs.settings.run import RunSettings

SettingsT = TypeVar("SettingsT", bound=RunSettings)

CATALOG = re.compile(r"\w+\.\w+")


def in_catalog(root: str) -> bool:
    """Whether `storage.tables` names a catalog's schema, and not a folder."""
    return CATALOG.fullmatch(root.rstrip("/")) is not None


def address(root: str, name: str) -> str:
    """Catalog name or path of a table."""
    root = root.rstrip("/")
    return f"{root}.{name}" if in_catalog(root) else f"{root}/{name}"


def tables_in(root: str) -> tuple[str, ...]:
    """The names of the Delta tables in a folder or URI, sorted.

    Raises:
        StorageError: the folder is not there, or holds no table.
    """
    try:
        filesystem, folder = fsspec.core.url_to_fs(root)
        names = [path.rstrip("/").rsplit("/", 1)[-1] for path in filesystem.ls(folder, detail=False)]
        found = tuple(sorted(name for name in names if filesystem.exists(f"{folder}/{name}/_delta_log")))
    except FileNotFoundError:
        found = ()
    except (OSError, ValueError, ImportError) as error:
        raise StorageError(f"storage.tables: cannot look into {root}: {error}") from error
    if not found:
        raise StorageError(f"there is no warehouse in {root} yet. Make it with `stark run`, or give another --target.")
    return found


def located(settings: SettingsT) -> SettingsT:
    """The settings with relative folders of `storage` made absolute: executors have working folders of their own."""
    storage = settings.storage
    tables = storage.tables if in_catalog(storage.tables) else _absolute(storage.tables)
    found = storage.model_copy(update={"tables": tables, "files": _absolute(storage.files)})
    return settings.model_copy(update={"storage": found})


def _absolute(place: str) -> str:
    protocol = fsspec.core.split_protocol(place)[0]
    return os.path.abspath(place) if protocol is None else place.rstrip("/")
