"""`stark report`: the data set on one HTML page."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.core.errors import StorageError
from stark_udfs.sql.duckdb import SqlEngine


def write(sql: SqlEngine, root: str, out: Path, console: Console) -> None:
    """Write the report on a warehouse.

    Args:
        sql: who answers queries about it.
        root: `storage.tables`, as it is named on the page.
        out: the file; its folder is made.
        console: where its name is told.

    Raises:
        StorageError: the file cannot be written.
    """
    from stark_udfs.release.report.page import page
    from stark_udfs.release.report.report import report_on

    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = page(report_on(sql, _name(root), made))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"--out {out}: cannot be written: {error.strerror}.") from error
    console.print(Text(plain(f"report: {out} ({len(text.encode()) / 1e6:.1f} MB)")), soft_wrap=True)


def _name(root: str) -> str:
    """The warehouse without the folders that lead to it, which tell of the machine and not of the data."""
    parts = [part for part in root.rstrip("/").split("/") if part]
    return "/".join(parts[-2:])
