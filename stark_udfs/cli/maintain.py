"""`stark maintain`: the care of the tables."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as Grid
from rich.text import Text

from stark_udfs.cli.console import console, plain
from stark_udfs.cli.options import Common
from stark_udfs.core.errors import NotFound

if TYPE_CHECKING:
    from stark_udfs.engine.maintain import Needs, TableCare
    from stark_udfs.stages.pipeline import Settings
    from stark_udfs.tables.table import Table

MEGABYTE = 1e6
COUNTED = 1000  # files that Delta lists of a dry run


def maintain(
    ctx: typer.Context,
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without it, only tell what would be done.")] = False,
    hours: Annotated[
        int, typer.Option(metavar="N", min=168, help="Keep the files of old versions so long; 168 is Delta's limit.")
    ] = 168,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Also lay rows together by key, for warehouses of many gigabytes.")
    ] = False,
    names: Annotated[
        list[str] | None, typer.Option("--table", metavar="TABLE", help="This table alone; may be repeated.")
    ] = None,
) -> None:
    """Compact the tables and remove the files of old versions. Rows stay as they are, and no stage runs again for it.

    A version that a training was made from stays, and so does what the last run of a stage read and wrote.
    """
    from stark_udfs.engine import maintain as engine
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session
    from stark_udfs.tables.tables import Tables

    settings = Common.of(ctx.obj).settings()
    tables = Tables(spark_session(settings.spark), settings.storage)
    chosen = tables_of(settings, names or ())
    options = engine.MaintenanceOptions(apply=apply, hours=hours, cluster=cluster)
    needs = trained_from(Path(settings.ultron.out), tables.root)
    every = [stage.name for stage in stages(settings)]
    done = list(engine.maintain(tables, chosen, every, needs, options))
    screen = console()
    screen.print(as_grid(done))
    for one in done:
        if one.kept_for:
            days = one.hours / 24
            screen.print(
                Text(plain(f"{one.before.name}: the files of the last {days:.0f} days stay: {one.kept_for}")),
                soft_wrap=True,
            )
    if not apply:
        screen.print("Nothing was done: --apply does it.")


def tables_of(settings: "Settings", names: "tuple[str, ...] | list[str]") -> "list[Table]":
    """The tables of the warehouse, or those that are named.

    Raises:
        NotFound: there is no such table.
    """
    from stark_udfs.engine.system_tables import SYSTEM
    from stark_udfs.stages.pipeline import TABLES
    from stark_udfs.stages.verdicts.ratings import TABLE as RATINGS

    known = {table.name: table for table in (*TABLES, RATINGS, *SYSTEM)}
    if unknown := [name for name in names if name not in known]:
        raise NotFound(f"--table {unknown[0]}: there is no such table. Tables: {', '.join(known)}.")
    return [table for name, table in known.items() if not names or name in names]


def trained_from(folder: Path, root: str) -> "Needs":
    """By table and version, the trainings that read it: those whose facts, or whose job, lie under a folder."""
    from stark_udfs.tables.address import address

    found: dict[str, dict[int, str]] = {}
    for path, told in _facts(folder):
        name, version = told.get("table"), told.get("version")
        if isinstance(name, str) and isinstance(version, int) and told.get("source") == address(root, name):
            found.setdefault(name, {}).setdefault(version, f"version {version} trained {path.parent}")
    return found


def _facts(folder: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    for pattern in ("**/stark.json", "**/job.json"):
        for path in sorted(folder.glob(pattern)):
            try:
                told = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue  # another program's file of that name, or one that is being written
            if isinstance(told, dict):
                yield path, told


def as_grid(done: "list[TableCare]") -> Grid:
    """One line per table."""
    grid = Grid("table")
    for name in ("files", "MB", "old files", "kept h"):
        grid.add_column(name, justify="right")
    grid.add_column("clustered by")
    for one in done:
        files, size = f"{one.before.files:,}", f"{one.before.bytes / MEGABYTE:,.1f}"
        if one.after is not None and one.after.files != one.before.files:
            files += f" → {one.after.files:,}"
            size += f" → {one.after.bytes / MEGABYTE:,.1f}"
        old = f"{one.removed:,}{'+' if one.removed >= COUNTED else ''}"
        if one.after is None and one.hours != one.before.retention_hours:
            old = f"~{old}"  # they are counted by the retention that the table has until it is applied
        columns = one.clustered or one.before.clustered_by
        grid.add_row(*map(Text, (one.before.name, files, size, old, f"{one.hours:,}", ", ".join(columns))))
    return grid
