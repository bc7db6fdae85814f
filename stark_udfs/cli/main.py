"""The `stark` command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.text import Text

from stark_udfs.cli.console import console, plain
from stark_udfs.cli.errors import Border, guarded
from stark_udfs.cli.evaluate import evaluate
from stark_udfs.cli.judgements import app as judgements
from stark_udfs.cli.options import DEBUG, WRONG, Common, RunSelection, arranged
from stark_udfs.cli.warehouse import Engine, currency, episode_of, reader, storage_of
from stark_udfs.settings.run import RunSettings

MORE = "Also takes --target, --conf, --set and --debug: see `stark --help`."

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)

images = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(images, name="images", help="Picture files.")
app.add_typer(judgements, name="judgements", help="Judges and people: ratings out, in, and compared.")
app.add_typer(evaluate, name="evaluate", help="How well models do on what was made.")

Until = Annotated[str | None, typer.Option("--until", metavar="STAGE", help="The last stage to run.")]
From = Annotated[str | None, typer.Option("--from", metavar="STAGE", help="The first stage to run.")]
Episodes = Annotated[
    int | None,
    typer.Option("--episodes", metavar="N", min=1, help="How many episodes to start; a higher number only adds."),
]
Warehouse = Annotated[
    Path | None,
    typer.Option("--warehouse", metavar="DIR", help="Read the tables of this folder, whatever the settings say."),
]
Retry = Annotated[
    str | None,
    typer.Option(
        "--retry-rejects",
        metavar="[REASON]",
        help="Ask again for rows that were rejected; with a reason, only for those rejected for it.",
    ),
]


@app.callback()
def stark(
    ctx: typer.Context,
    *,
    target: Annotated[str, typer.Option(help="Which settings: conf/<target>.yml over conf/base.yml.")] = "demo",
    conf: Annotated[
        str | None, typer.Option(help="The folder of the settings. Without it: ./conf, else those of the package.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A.B=C", help="One setting, as --set pipeline.episodes=50; may be repeated."),
    ] = None,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show where an error comes from.")] = False,
) -> None:
    """Persona-grounded, long-term, multi-modal conversations, written as a Spark batch job.

    `stark plan` tells what a run would cost, `stark run` runs it, `stark show` reads a conversation to you.
    The options below may stand before or after the command.
    """
    read = ctx.obj.settings if isinstance(ctx.obj, Border) else []
    ctx.obj = Common(target=target, conf=conf, overrides=tuple(overrides or ()), read=read)


@app.command(epilog=MORE)
def run(
    ctx: typer.Context,
    *,
    until: Until = None,
    first: From = None,
    episodes: Episodes = None,
    only: Annotated[
        str | None, typer.Option(metavar="EPISODE", help="Look at one episode alone, by its id or the beginning of it.")
    ] = None,
    redraw: Annotated[bool, typer.Option("--redraw", help="With --only: ask for new answers. They cost.")] = False,
    remake: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[STAGE]",
            help="Pay again where a prompt, a setting or an input changed: for this stage and those that hang on it; "
            "without a stage, for all. May be repeated.",
        ),
    ] = None,
    keep_stale: Annotated[
        bool, typer.Option("--keep-stale", help="Leave rows whose prompt, settings or input changed, and mark them.")
    ] = False,
    retry_rejects: Retry = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="MONEY", min=0, help="Stop before all replies of this warehouse cost more than this."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write what the run did to this file, too.")
    ] = None,
) -> None:
    """Bring all tables up to date. What is there already is not asked again.

    Ctrl-C finishes the calls that are under way, keeps them and ends; the next run goes on from there.
    """
    from stark_udfs.cli.run import carry_out

    order = RunSelection(
        first=first,
        until=until,
        remake=tuple(remake or ()),
        keep_stale=keep_stale,
        retry_rejects=retry_rejects,
        only=only,
        redraw=redraw,
    )
    settings = _common(ctx).settings(*_more(episodes, budget))
    raise typer.Exit(carry_out(settings, order, json))


@app.command(epilog=MORE)
def plan(
    ctx: typer.Context,
    *,
    until: Until = None,
    first: From = None,
    episodes: Episodes = None,
    retry_rejects: Retry = None,
) -> None:
    """Tell what a run would ask, and what that would cost. Makes no call and writes nothing."""
    from stark_udfs.cli.plan import as_table, planned

    order = RunSelection(first=first, until=until, retry_rejects=retry_rejects)
    console().print(as_table(planned(_common(ctx).settings(*_more(episodes)), order)))


@app.command(name="try", epilog=MORE)
def try_(
    ctx: typer.Context,
    *,
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="The stage to try.")],
    count: Annotated[int, typer.Option("--n", min=1, max=100, help="How many rows to ask for.")] = 5,
    full: Annotated[bool, typer.Option("--full", help="Show long prompts and replies whole.")] = False,
) -> None:
    """Ask for a few rows of a stage and show prompt, reply, outcome and cost.

    The replies are paid and kept: the next run does not ask for them again. No table of a stage is written.
    """
    from stark_udfs.cli.try_ import try_stage

    try_stage(_common(ctx).settings(), stage, count, full=full)


@app.command()
def init(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; `conf` is found without --conf.")] = Path(
        "conf"
    ),
) -> None:
    """Write a copy of the settings to edit."""
    from stark_udfs.cli.init import init as write_settings

    write_settings(folder, console())


@app.command(epilog=MORE)
def status(ctx: typer.Context, *, warehouse: Warehouse = None) -> None:
    """Show the last run of each stage, what is open, what was dropped and why, what was paid, which checks failed."""
    from stark_udfs.cli.status import status as show_status

    show_status(reader(_reading(ctx, warehouse)), console())


@app.command(epilog=MORE)
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
    from stark_udfs.cli.sql import answer, form_of, overview

    found = reader(_reading(ctx, warehouse), _engine(engine))
    if query is None:
        overview(found)
    else:
        answer(found, query, form_of(form), rows)


@app.command(epilog=MORE)
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
    from stark_udfs.cli.show import show as show_episode

    found = reader(_reading(ctx, warehouse))
    show_episode(found, episode_of(found, episode), console(), sessions)


@app.command(epilog=MORE)
def trace(
    ctx: typer.Context,
    *,
    id: Annotated[str, typer.Argument(help="The id of any row, image, reply or dropped row; a session is EPISODE:2.")],
    full: Annotated[bool, typer.Option("--full", help="Show long prompts and replies whole.")] = False,
    warehouse: Warehouse = None,
) -> None:
    """Show where a row comes from, back to the seed, with the prompts, replies and cost of each step."""
    from stark_udfs.cli.trace import print_steps
    from stark_udfs.cli.tracer import Tracer
    from stark_udfs.stages.pipeline import TABLES

    found = reader(_reading(ctx, warehouse))
    print_steps(console(), Tracer(found, TABLES).trace(id), currency(found), full=full)


@app.command(epilog=MORE)
def audit(
    ctx: typer.Context,
    *,
    against: Annotated[str, typer.Option(help="population (as the settings draw), people, or paper.")] = "population",
) -> None:
    """Hold the people of all episodes against what they were meant to be: χ², Jensen–Shannon, shares with intervals."""
    from stark_udfs.cli.audit import audit as audit_people

    settings = _common(ctx).settings()
    raise typer.Exit(0 if audit_people(settings, reader(settings), console(), against) else WRONG)


def report(
    ctx: typer.Context,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to.")] = Path("report.html"),
    warehouse: Warehouse = None,
) -> None:
    """Write a report on the data set: one HTML file that opens anywhere, without a network."""
    from stark_udfs.cli.report import write

    settings = _reading(ctx, warehouse)
    write(reader(settings), settings.storage.tables, out, console())


@app.command(epilog=MORE)
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
    from stark_udfs.cli.view import serve, write

    settings = _reading(ctx, warehouse)
    if out is None:
        serve(reader(settings), settings, console(), host=host, port=port, episode=episode)
    else:
        write(reader(settings), settings, out, console(), most=most)


@images.command(epilog=MORE)
def verify(
    ctx: typer.Context,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make missing and damaged pictures again, from their stored orders.")
    ] = False,
) -> None:
    """Check the picture files against the tables that name them."""
    from stark_udfs.cli.images import verify as verify_files

    settings = _common(ctx).settings()
    well = verify_files(settings, reader(settings), console(), repair=repair)
    raise typer.Exit(0 if well else WRONG)


@app.command(name="serve-offline")
def serve_offline(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 8000,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    latency_ms: Annotated[float, typer.Option(min=0, help="How long an answer takes.")] = 0.0,
    slots: Annotated[int, typer.Option(min=0, help="Requests at once before it answers 429; 0: any number.")] = 0,
    throttled: Annotated[float, typer.Option(min=0, max=1, help="Share of requests answered with 429.")] = 0.0,
    errors: Annotated[float, typer.Option(min=0, max=1, help="Share of requests answered with 5xx.")] = 0.0,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Share of replies that are not JSON.")] = 0.0,
    truncated: Annotated[float, typer.Option(min=0, max=1, help="Share of replies that end early.")] = 0.0,
) -> None:
    """Serve the offline author over HTTP, for tests and benchmarks.

    Reach it with --set models.default.base_url=http://127.0.0.1:8000/v1; the provider stays `offline`.
    """
    from stark_udfs.cli.serve import serve
    from stark_udfs.testing.stub_server import Faults

    faults = Faults(
        latency_ms=latency_ms,
        slots=slots,
        throttled=throttled,
        errors=errors,
        malformed=malformed,
        truncated=truncated,
    )
    serve(host, port, faults)


@app.command(epilog=MORE)
def doctor(ctx: typer.Context) -> None:
    """Check Python, Java, packages, storage, keys and servers: one line each."""
    from stark_udfs.cli.doctor import examine

    well = True
    for finding in examine(_common(ctx).settings()):
        well = well and finding.ok
        line = f"{'ok' if finding.ok else 'problem':8}{finding.what}: {finding.says}"
        console().print(Text(plain(line), style="" if finding.ok else "red"), soft_wrap=True)
    raise typer.Exit(0 if well else WRONG)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script.

    Returns:
        The exit code: 0, 2 after an error, 3 where a run ended early, 130 after Ctrl-C.
    """
    words = arranged(sys.argv[1:] if arguments is None else arguments)
    return guarded(lambda border: app(args=words, prog_name="stark", obj=border), debug=DEBUG in words)


def _common(ctx: typer.Context) -> Common:
    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    return ctx.obj


def _reading(ctx: typer.Context, warehouse: Path | None) -> RunSettings:
    """Where a command that only reads finds its tables."""
    return _common(ctx).places(*(() if warehouse is None else storage_of(warehouse)))


def _more(episodes: int | None = None, budget: float | None = None) -> tuple[str, ...]:
    """Options that are settings."""
    given = {"pipeline.episodes": episodes, "limits.budget": budget}
    return tuple(f"{name}={value}" for name, value in given.items() if value is not None)


def _engine(name: str | None) -> Engine | None:
    if name is None or name in ("duckdb", "spark"):
        return cast("Engine | None", name)
    raise typer.BadParameter(f"{name}: duckdb or spark.", param_hint="--engine")
