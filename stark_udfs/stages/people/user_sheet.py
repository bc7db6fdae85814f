"""A user's table in an Excel workbook, read by openpyxl where it is installed (the extra `excel`)."""

import importlib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, BinaryIO

from stark_udfs.core.errors import InputError

ENDING = ".xlsx"
LIBRARY = "openpyxl"


def header_of(
    file: BinaryIO, source: str, is_table: Callable[[Sequence[str]], bool], library: str = LIBRARY
) -> tuple[str, tuple[str, ...]]:
    """The one sheet that is such a table, or else the first, and its first row.

    Raises:
        InputError: it is no workbook, several sheets are such tables, or the library is not installed.
    """
    try:
        with closing(_workbook(file, library)) as book:
            headers = {sheet.title: _texts(next(sheet.iter_rows(values_only=True), ())) for sheet in book.worksheets}
    except ImportError:
        raise InputError(
            f"people.source: {source} is a workbook, and {library} is not installed: pip install 'stark-mcu[excel]', "
            "here and on the executors; or save it as CSV."
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"people.source: {source} is no workbook that can be read, or has a password: {error}. Save it as CSV."
        ) from error
    named = {title: tuple(text or "" for text in texts) for title, texts in headers.items()}
    tables = [title for title, header in named.items() if is_table(header)]
    if len(tables) > 1:
        raise InputError(
            f"people.source: {source} has such a table on each of the sheets {', '.join(tables)}. Leave one."
        )
    sheet = tables[0] if tables else next(iter(named), "")
    return sheet, named.get(sheet, ())


def records(file: BinaryIO, sheet: str) -> Iterator[tuple[str | None, ...]]:
    """The rows of a sheet below the first, as text; a formula counts as the value that was saved with it."""
    with closing(_workbook(file, LIBRARY)) as book:
        for row in book[sheet].iter_rows(min_row=2, values_only=True):
            yield _texts(row)


def _workbook(file: BinaryIO, library: str) -> Any:  # noqa: ANN401  # a library without types
    return importlib.import_module(library).load_workbook(file, read_only=True, data_only=True)


def _texts(row: Sequence[object]) -> tuple[str | None, ...]:
    return tuple(None if cell is None else str(cell) for cell in row)
