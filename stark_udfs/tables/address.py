"""Where a table lies, told without Spark: a folder of Delta tables, or `catalog.schema`."""

import re

import fsspec

from stark_udfs.core.errors import StorageError

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
