"""JSON of others: what is not as published is refused with the file, the field and what was expected."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json


def json_file(file: Path) -> Json:
    """The value in a file.

    Raises:
        InputError: it is not there, or is no JSON.
    """
    try:
        found: Json = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}.") from error
    return found


def json_lines(file: Path) -> Iterator[tuple[int, Json]]:
    """The number and value of each line that is not empty.

    Raises:
        InputError: the file is not there, or a line is no JSON.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise InputError(f"{file}, line {number}: {error}.") from error


def mapping(value: Json, file: Path) -> Mapping[str, Json]:
    """The value as an object.

    Raises:
        InputError: it is none.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{file}: an object was expected, not {_short(value)}. Is this another version of the data?")
    return value


def items(value: Json, file: Path) -> Sequence[Json]:
    """The value as a list.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InputError(f"{file}: a list was expected, not {_short(value)}. Is this another version of the data?")
    return value


def text(row: Mapping[str, Json], name: str, file: Path) -> str:
    """A field that is a text.

    Raises:
        InputError: it is missing or something else.
    """
    value = row.get(name)
    if not isinstance(value, str):
        fields = ", ".join(sorted(row)[:8])
        raise InputError(
            f"{file}: `{name}` is missing or no text; there is {fields}. Is this another version of the data?"
        )
    return value


def _short(value: Json) -> str:
    return type(value).__name__ if value is not None else "nothing"
