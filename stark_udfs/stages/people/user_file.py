"""A user's table of people in a file: where it is, which encoding, separator and columns it has, and its rows."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TextIO

import fsspec

from stark_udfs.core.errors import InputError
from stark_udfs.stages.people import user_sheet
from stark_udfs.stages.people.user_rows import COLUMNS, ID, missing_columns

TEXTS = (".csv", ".tsv", ".txt")
ENDINGS = (*TEXTS, user_sheet.ENDING)
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MARKS = (  # a longer mark goes before one that it begins with
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNMARKED = ("utf-8", "cp1252")
HEAD = 65_536  # bytes or characters in which a header must end
CHUNK = 1 << 20  # bytes
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\r?\n')  # Excel's own first line
SAVE = "Save it as 'CSV UTF-8'"
Record = Sequence[str | None]


class Row(NamedTuple):
    """One row that is not blank.

    number: from 1 below the header, blank rows counted, so that it is one less than in a spreadsheet; values: as in the
    file, by column, those that it has of `demographic_id` and `COLUMNS`; problem: why it cannot be told what they are.
    """

    number: int
    values: dict[str, str | None]
    problem: str | None = None


@dataclass(frozen=True)
class Layout:
    """How to read a file. separator and encoding are empty for a sheet of a workbook."""

    path: str
    header: tuple[str, ...]
    encoding: str = ""
    separator: str = ""
    skipped: int = 0  # lines before the header
    sheet: str = ""

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each column stands that counts."""
        named = _folded(self.header)
        return {column: named.index(column) for column in (ID, *COLUMNS) if column in named}


def located(source: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of a source, and its path there.

    Raises:
        InputError: there is no such file system.
    """
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError) as error:
        raise InputError(f"people.source: no file system for {source}: {error}") from error
    return filesystem, path


def exists(source: str) -> bool:
    """Whether anything is there.

    Raises:
        InputError: there is no such file system.
    """
    filesystem, path = located(source)
    return bool(filesystem.exists(path))


def layouts_of(source: str) -> tuple[Layout, ...]:
    """How to read each file of a source, after every byte was looked at: `rows_of` finds no fault then.

    Args:
        source: a file that ends as in `ENDINGS`, or a folder with such files.

    Raises:
        InputError: it cannot be read for certain; the message names the encoding, separator, column or line.
    """
    filesystem, path = located(source)
    ending = source.rstrip("/").lower().rpartition(".")[2]
    parts = sorted(filesystem.find(path)) if filesystem.isdir(path) else [path]
    parts = [part for part in parts if part == path or part.lower().endswith(f".{ending}")]
    if not parts:
        raise InputError(f"people.source: {source} is a folder without .{ending} files.")
    try:
        return tuple(_layout(filesystem.unstrip_protocol(part), source) for part in parts)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"people.source: cannot read {source}: {error}") from error


def rows_of(layouts: Iterable[Layout]) -> Iterator[Row]:
    """The rows of all files in order, numbered through."""
    number = 0
    for layout in layouts:
        for record in _records(layout):
            number += 1
            if any(map(_said, record)):
                yield _row(number, record, layout)


def _said(value: str | None) -> bool:
    return value is not None and bool(value.strip())


def _row(number: int, record: Record, layout: Layout) -> Row:
    values = {column: record[place] if place < len(record) else None for column, place in layout.places.items()}
    if len(record) > len(layout.header) and any(map(_said, record[len(layout.header) :])):
        problem = f"has {len(record)} values for {len(layout.header)} columns: put quotes around a value that holds "
        return Row(number, values, problem + SEPARATORS.get(layout.separator, "separators"))
    if layout.encoding == "cp1252" and not (values.get(ID) or "").isascii():
        return Row(number, values, f"{ID}: {values[ID]!r} is a guess, as the file is not in UTF-8. {SAVE}")
    return Row(number, values)


def _layout(path: str, source: str) -> Layout:
    if path.lower().endswith(user_sheet.ENDING):
        with fsspec.open(path, "rb") as file:
            sheet, header = user_sheet.header_of(file, source, _has_columns)
        layout = Layout(path, header, sheet=sheet)
        _check_columns(layout, source)
        return layout
    encoding = _encoding(path, source)
    with _text(path, encoding) as text:
        head = text.read(HEAD)
    said = SEPARATOR_LINE.match(head)
    made = [
        Layout(path, _header(head[said.end() :] if said else head, separator), encoding, separator, int(bool(said)))
        for separator in (said.group(1) if said else SEPARATORS)
    ]
    layout = max(made, key=lambda one: (len(one.places), len(one.header)))
    _check_columns(layout, source)
    row = 0
    try:
        for row, _ in enumerate(_records(layout), start=1):  # noqa: B007
            pass
    except csv.Error as error:
        raise _refused(source, f"cannot be read from row {row + 1} on: {error}. Is a quote left open there?") from error
    return layout


def _check_columns(layout: Layout, source: str) -> None:
    named = _folded(layout.header)
    there = ", ".join(map(repr, layout.header)) or "none"
    split = (
        f" (separated by {SEPARATORS.get(layout.separator, layout.separator)})"
        if layout.separator not in ("", ",")
        else ""
    )
    if missing := missing_columns(named):
        ways = f". Separate them by {', '.join(SEPARATORS.values())}" if len(layout.header) == 1 else ""
        raise _refused(source, f"has no column {', '.join(missing)}; there are: {there}{split}{ways}")
    if twice := [column for column in (ID, *COLUMNS) if named.count(column) > 1]:
        raise _refused(source, f"has two columns {', '.join(twice)}; there are: {there}{split}. Leave one")


def _refused(source: str, what: str) -> InputError:
    return InputError(f"people.source: {source} {what}.")


def _has_columns(header: Sequence[str]) -> bool:
    return not missing_columns(_folded(header))


def folded(column: str) -> str:
    """A column's name without case and space around it: ' Gender ' is gender, 'Demographic ID' demographic_id."""
    return re.sub(r"[\s-]+", "_", unicodedata.normalize("NFKC", column).strip("\ufeff \t\r\n").casefold())


def _folded(header: Iterable[str]) -> list[str]:
    return [folded(column) for column in header]


def _header(head: str, separator: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(head, newline=""), delimiter=separator), ()))
    except csv.Error:
        return ()


def _records(layout: Layout) -> Iterator[Record]:
    """What stands below the header."""
    if layout.sheet:
        with fsspec.open(layout.path, "rb") as file:
            yield from user_sheet.records(file, layout.sheet)
        return
    with _text(layout.path, layout.encoding) as text:
        for _ in range(layout.skipped):
            text.readline()
        reader = csv.reader(text, delimiter=layout.separator, strict=True)
        next(reader, None)
        yield from reader


def _text(path: str, encoding: str) -> AbstractContextManager[TextIO]:
    """The file as text; line breaks stay as they are, for some stand inside quotes."""
    opened: AbstractContextManager[TextIO] = fsspec.open(path, "rt", encoding=encoding, newline="")
    return opened


def _encoding(path: str, source: str) -> str:
    """The encoding that the mark at the beginning names; without one, that which the bytes allow.

    Raises:
        InputError: the bytes fit none.
    """
    with fsspec.open(path, "rb") as file:
        head = file.read(HEAD)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), None)
    if head.startswith(b"PK\x03\x04"):
        raise _refused(source, f"is a workbook or an archive, not text. Call it {user_sheet.ENDING}, or save it as CSV")
    if marked is None and b"\0" in head:
        raise _refused(source, f"holds NUL bytes, as UTF-16 without a byte order mark does. {SAVE}")
    names = (marked,) if marked else UNMARKED
    found = next((name for name in names if _decodes(path, name)), None)
    if found is None:
        said = " or ".join(names).replace("cp1252", "Windows-1252").replace("-sig", "")
        raise _refused(source, f"is not text in {said}. {SAVE}")
    return found


def _decodes(path: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with fsspec.open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
