"""The commands that only read a warehouse: `status`, `sql`, `show`, `trace`, `report` and `view`."""

from pathlib import Path
from typing import Annotated, cast

import typer

from stark_udfs.cli.console import console
from stark_udfs.cli.options import Common
from stark_udfs.cli.reading.warehouse import Engine, currency, episode_of, reader, snapshot, storage_of
from stark_udfs.settings.run import RunSettings

Warehouse = Annotated[
    Path | None,
    typer.Option("--warehouse", metavar="DIR", help="Read the tables of this folder, whatever the settings say."),
]


def status(ctx: typer.Context, *, warehouse: Warehouse = None) -> None:
    """Show the last run of each stage, what is open, what was dropped and why, what was paid, which checks failed."""
    from stark_udfs.cli.reading.status import status as show_status

    show_status(reader(_reading(ctx, warehouse)), console())


def sql(
    ctx: typer.Context,
    *,
    query: Annotated[str | None, typer.Argument(help="One query; without it, the tables and views are listed.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    engine: Annotated[
        str | None, typer.Option(help="duckdb answers without Spark, where tables are files; spark answers always.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a table to show at most.")] = 100,
    warehouse: Warehouse = None,
) -> None:
    """Answer an SQL query over the tables. Nothing can be written by it."""
    from stark_udfs.cli.reading.sql import answer, form_of, overview

    found = reader(_reading(ctx, warehouse), _engine(engine))
    if query is None:
        overview(found)
    else:
        answer(found, query, form_of(form), rows)


def show(
    ctx: typer.Context,
    *,
    episode: Annotated[
        str | None, typer.Argument(help="The episode's id, or its first characters; without it, the first episode.")
    ] = None,
    sessions: Annotated[int | None, typer.Option(min=1, help="Show so many sessions at most.")] = None,
    warehouse: Warehouse = None,
) -> None:
    """Show an episode: the person, where they come from, and the conversation."""
    from stark_udfs.cli.reading.show import show as show_episode

    found = reader(_reading(ctx, warehouse))
    show_episode(found, episode_of(found, episode), console(), sessions)


def trace(
    ctx: typer.Context,
    *,
    id: Annotated[str, typer.Argument(help="The id of any row, image, reply or dropped row; a session is EPISODE:2.")],
    full: Annotated[bool, typer.Option("--full", help="Show long prompts and replies whole.")] = False,
    warehouse: Warehouse = None,
) -> None:
    """Show where a row comes from, back to the seed, with the prompts, replies and cost of each step."""
    from stark_udfs.cli.reading.trace import print_steps
    from stark_udfs.cli.reading.tracer import Tracer
    from stark_udfs.stages.pipeline import TABLES

    found = reader(_reading(ctx, warehouse))
    print_steps(console(), Tracer(found, TABLES).trace(id), currency(found), full=full)


def report(
    ctx: typer.Context,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to.")] = Path("report.html"),
    warehouse: Warehouse = None,
) -> None:
    """Write a report on the data set: one HTML file that opens anywhere, without a network."""
    from stark_udfs.cli.dataset.report import write

    settings = _reading(ctx, warehouse)
    write(snapshot(settings), settings.storage.tables, out, console())


def view(
    ctx: typer.Context,
    *,
    episode: Annotated[str | None, typer.Argument(help="An episode to begin with, by its id or its beginning.")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 8765,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than this let other machines read.")
    ] = "127.0.0.1",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write files that open without a server.")] = None,
    most: Annotated[int, typer.Option(min=1, help="With --out: so many episodes at most.")] = 1000,
    warehouse: Warehouse = None,
) -> None:
    """Read the episodes in a browser: conversations with their pictures, causes, prompts and replies."""
    from stark_udfs.cli.dataset.view import serve, write

    settings = _reading(ctx, warehouse)
    if out is None:
        serve(snapshot(settings), settings, console(), host=host, port=port, episode=episode)
    else:
        write(snapshot(settings), settings, out, console(), most=most)


def _reading(ctx: typer.Context, warehouse: Path | None) -> RunSettings:
    """Where a command that only reads finds its tables."""
    return Common.of(ctx.obj).places(*(() if warehouse is None else storage_of(warehouse)))


def _engine(name: str | None) -> Engine | None:
    if name is None or name in ("duckdb", "spark"):
        return cast("Engine | None", name)
    raise typer.BadParameter(f"{name}: duckdb or spark.", param_hint="--engine")
