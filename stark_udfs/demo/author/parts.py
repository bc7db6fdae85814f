"""Data files of the author that are plain lists of patterns, read once per process."""

import json
from functools import cache
from importlib.resources import files
from typing import cast

from stark_udfs.core.ids import Json


@cache
def read(name: str) -> dict[str, Json]:
    """A data file: `data/<name>.json`."""
    text = files("stark_udfs.demo.author").joinpath(f"data/{name}.json").read_text("utf-8")
    return cast("dict[str, Json]", json.loads(text))


@cache
def patterns(name: str, *path: str) -> tuple[str, ...]:
    """The list of patterns at a path in a data file.

    Raises:
        KeyError: there is none.
    """
    return tuple(cast("list[str]", at(name, *path)))


@cache
def keys(name: str, *path: str) -> tuple[str, ...]:
    """The keys of the table at a path in a data file, in the file's order."""
    return tuple(cast("dict[str, Json]", at(name, *path)))


def at(name: str, *path: str) -> Json:
    """What stands at a path in a data file."""
    found: Json = read(name)
    for step in path:
        found = cast("dict[str, Json]", found)[step]
    return found
