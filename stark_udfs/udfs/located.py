"""Where storage is, told alike on the driver, in the JVM and in Python workers, whose working folders may differ."""

import os

import fsspec

from stark_udfs.settings.run import RunSettings
from stark_udfs.tables.address import in_catalog


def located(settings: RunSettings) -> RunSettings:
    """The settings with relative folders of `storage` made absolute."""
    storage = settings.storage
    tables = storage.tables if in_catalog(storage.tables) else _absolute(storage.tables)
    found = storage.model_copy(update={"tables": tables, "files": _absolute(storage.files)})
    return settings.model_copy(update={"storage": found})


def _absolute(place: str) -> str:
    protocol = fsspec.core.split_protocol(place)[0]
    return os.path.abspath(place) if protocol is None else place.rstrip("/")
