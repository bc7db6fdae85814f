"""The format of a warehouse: a number that grows when older code could no longer read what newer code writes.

In a folder it is a file beside the tables, so that it is read without Spark; in a catalog it is a property of `locks`,
the table that every run begins with. A warehouse without it is from before there were formats: it is read, and the next
run marks it.
"""

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fsspec

from stark_udfs.core.errors import StorageError
from stark_udfs.core.version import VERSION
from stark_udfs.tables.address import address, in_catalog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FORMAT = 1
FILE = "_stark_format.json"
MARKED = "locks"  # the table that has the property
PROPERTIES = ("stark.format", "stark.written_by")
RELEASE = re.compile(r"[\w.+!-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class WarehouseFormat:
    """What a warehouse says of itself; `written_by` is the release of this package that marked it."""

    number: int
    written_by: str

    @classmethod
    def of(cls, number: object, written_by: object, root: str) -> "WarehouseFormat":
        """What was read, checked.

        Raises:
            StorageError: it is no format.
        """
        text = str(written_by)
        if not str(number).isdecimal() or len(str(number)) > 6 or RELEASE.fullmatch(text) is None:
            raise StorageError(f"{root}: its format is unreadable. Restore {FILE}, or remove it if a run never ended.")
        return cls(int(str(number)), text)


OURS = WarehouseFormat(FORMAT, VERSION)


def format_of(root: str, spark: "SparkSession | None" = None) -> WarehouseFormat | None:
    """The format of a warehouse; None: it has none, or is not there, or is in a catalog and there is no session.

    Raises:
        StorageError: it cannot be read.
    """
    if in_catalog(root):
        return None if spark is None else _in_catalog(root, spark)
    try:
        filesystem, folder = fsspec.core.url_to_fs(root)
        told = json.loads(filesystem.cat_file(f"{folder.rstrip('/')}/{FILE}"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise StorageError(f"{root}/{FILE} is not JSON: {error}. Restore it from a copy of the warehouse.") from None
    except (OSError, ImportError) as error:
        raise StorageError(f"storage.tables: cannot look into {root}: {error}") from error
    if not isinstance(told, dict):
        told = {}
    return WarehouseFormat.of(told.get("format"), told.get("written_by"), root)


def refuse_newer(root: str, spark: "SparkSession | None" = None) -> WarehouseFormat | None:
    """The format of a warehouse that this code can read.

    Raises:
        StorageError: a newer release wrote it; the message says which one to install.
    """
    found = format_of(root, spark)
    if found is not None and found.number > FORMAT:
        raise StorageError(
            f"the warehouse {root} has format {found.number}, written by stark-mcu {found.written_by}; this is "
            f"stark-mcu {VERSION}, which reads formats up to {FORMAT}. Nothing was changed. Install what wrote it: "
            f"pip install 'stark-mcu>={found.written_by}'"
        )
    return found


def mark(root: str, spark: "SparkSession") -> None:
    """Write today's format into a warehouse that has an older one or none.

    Raises:
        StorageError: a newer release wrote it, or it cannot be written.
    """
    found = refuse_newer(root, spark)
    if found is not None and found.number == FORMAT:
        return
    if in_catalog(root):
        values = ", ".join(f"'{name}' = '{value}'" for name, value in zip(PROPERTIES, (FORMAT, VERSION), strict=True))
        spark.sql(f"ALTER TABLE {address(root, MARKED)} SET TBLPROPERTIES ({values})")
        return
    text = json.dumps({"format": FORMAT, "written_by": VERSION})
    try:
        filesystem, folder = fsspec.core.url_to_fs(root)
        filesystem.makedirs(folder, exist_ok=True)
        filesystem.pipe_file(f"{folder.rstrip('/')}/{FILE}", text.encode())
    except (OSError, ValueError, ImportError) as error:
        raise StorageError(f"storage.tables: {root}/{FILE} cannot be written: {error}") from error


def _in_catalog(root: str, spark: "SparkSession") -> WarehouseFormat | None:
    table = address(root, MARKED)
    if not spark.catalog.tableExists(table):
        return None
    rows = spark.sql(f"SHOW TBLPROPERTIES {table}").collect()
    told = {row["key"]: row["value"] for row in rows if row["key"] in PROPERTIES}
    number, written_by = (told.get(name) for name in PROPERTIES)
    return WarehouseFormat.of(number, written_by, root) if told else None
