"""The `stark` command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from stark_udfs.cli.batch.commands import batch
from stark_udfs.cli.console import console
from stark_udfs.cli.dataset.audit import audit
from stark_udfs.cli.dataset.commands import export, import_
from stark_udfs.cli.dataset.judgements import app as judgements
from stark_udfs.cli.errors import Border, guarded
from stark_udfs.cli.evaluate.commands import evaluate
from stark_udfs.cli.maintain import maintain
from stark_udfs.cli.options import DEBUG, MORE, WRONG, Common, RunSelection, arranged
from stark_udfs.cli.reading.commands import report, show, sql, status, trace, view
from stark_udfs.cli.reading.warehouse import reader
from stark_udfs.cli.serve import serve_offline
from stark_udfs.cli.setup.pack import pack
from stark_udfs.cli.ultron import commands as ultron

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)

images = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(images, name="images", help="Picture files.")
app.add_typer(judgements, name="judgements", help="Judges and people: ratings out, in, and compared.")
app.add_typer(evaluate, name="evaluate", help="How well models do on what was made.")
app.add_typer(batch, name="batch", help="What is with batch APIs; calls and answers as their files.")

Until = Annotated[str | None, typer.Option("--until", metavar="STAGE", help="The last stage to run.")]
From = Annotated[str | None, typer.Option("--from", metavar="STAGE", help="The first stage to run.")]
Episodes = Annotated[
    int | None,
    typer.Option("--episodes", metavar="N", min=1, help="How many episodes to start; a higher number only adds."),
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
    batch_: Annotated[
        bool, typer.Option("--batch", help="Ask through the models' batch APIs: cheaper, and up to a day a round.")
    ] = False,
    wait: Annotated[
        bool,
        typer.Option("--wait/--no-wait", help="With --batch: wait, or end (code 3) once a stage's calls went."),
    ] = True,
    remove_missing: Annotated[
        int,
        typer.Option(
            "--remove-missing",
            metavar="N",
            min=0,
            help="Remove people who are not in people.source any more, N at most, and all that was made of them.",
        ),
    ] = 0,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write what the run did to this file, too.")
    ] = None,
    until_quota: Annotated[
        bool, typer.Option("--until-quota", help="Go on in rounds until every stratum of `quotas` is filled.")
    ] = False,
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
        batch=batch_,
        wait=wait,
        remove_missing=remove_missing,
    )
    settings = _common(ctx).settings(*_more(episodes, budget))
    if until_quota:
        from stark_udfs.cli.quotas import fill

        raise typer.Exit(fill(settings, order, json))
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
    from stark_udfs.cli.plan import show as show_plan

    order = RunSelection(first=first, until=until, retry_rejects=retry_rejects)
    show_plan(_common(ctx).settings(*_more(episodes)), order, console())


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
    from stark_udfs.cli.setup.init import init as write_settings

    write_settings(folder, console())


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


@app.command(epilog=MORE)
def doctor(
    ctx: typer.Context,
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Start Spark, too, and compare every executor with the driver.")
    ] = False,
) -> None:
    """Check Python, Java, packages, storage, keys and servers: one line each."""
    from stark_udfs.cli.setup.doctor import tell_all

    raise typer.Exit(0 if tell_all(_common(ctx).settings(), console(), cluster=cluster) else WRONG)


for _command in (status, sql, show, trace, report, view, audit, export, maintain):
    app.command(epilog=MORE)(_command)
app.command(name="import", epilog=MORE)(import_)
ultron.add_to(app)
app.command(name="serve-offline")(serve_offline)
app.command()(pack)


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the console script.

    Returns:
        The exit code: 0, 2 after an error, 3 where a run ended early, 130 after Ctrl-C.
    """
    words = arranged(sys.argv[1:] if arguments is None else arguments)
    return guarded(lambda border: app(args=words, prog_name="stark", obj=border), debug=DEBUG in words)


def _common(ctx: typer.Context) -> Common:
    return Common.of(ctx.obj)


def _more(episodes: int | None = None, budget: float | None = None) -> tuple[str, ...]:
    """Options that are settings."""
    given = {"pipeline.episodes": episodes, "limits.budget": budget}
    return tuple(f"{name}={value}" for name, value in given.items() if value is not None)
