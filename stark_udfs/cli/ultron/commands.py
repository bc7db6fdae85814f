"""The commands of Ultron: train, chat, mlflow; each imports what it needs when it is called."""

from typing import TYPE_CHECKING, Annotated

import typer

from stark_udfs.cli.options import MORE, Common

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

TaskName = Annotated[
    str, typer.Option("--task", help="dialogue: Ultron, which shares images; summary: the memory of sessions.")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(epilog=MORE)(train)
    app.command(epilog=MORE)(chat)
    app.command(epilog=MORE)(mlflow)


def train(
    ctx: typer.Context,
    *,
    task: TaskName = "dialogue",
    plan: Annotated[bool, typer.Option("--plan", help="Tell samples, steps, memory and hours; load nothing.")] = False,
    gpu: Annotated[str, typer.Option(help="The GPU that the plan is for.")] = "H100",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew; without it, it goes on from a checkpoint.")
    ] = False,
    job_only: Annotated[
        bool, typer.Option("--job-only", help="Write samples and job, for `accelerate launch`.")
    ] = False,
    copy_to: Annotated[
        str | None, typer.Option(metavar="DIR", help="Copy the adapter to this folder or URI, which outlives the disk.")
    ] = None,
) -> None:
    """Train Ultron, or the summariser, on the tables. Killed, it goes on from its last checkpoint."""
    from stark_udfs.cli.ultron import train as command

    settings, which = _settings(ctx), command.task_of(task)
    if plan:
        command.show_plan(settings, which, gpu)
    elif job_only:
        command.job_only(settings, which)
    else:
        command.carry_out(settings, which, resume=not fresh, copy_to=copy_to)


def chat(
    ctx: typer.Context,
    *,
    episode: Annotated[str, typer.Option(metavar="EPISODE", help="Whose assistant it is: an id or its beginning.")],
    model: Annotated[
        str | None,
        typer.Option(
            help="A trained adapter's folder, models:/ultron/1 of MLflow, or a key of `models`; without it, the last "
            "adapter."
        ),
    ] = None,
) -> None:
    """Talk to a person's assistant across sessions. An empty line, or Ctrl-D, ends the session and keeps its memory."""
    from stark_udfs.cli.ultron.chat import converse

    converse(_settings(ctx), episode, model)


def mlflow(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where to listen.")] = 5000,
) -> None:
    """Open MLflow's pages on the runs, trainings and evaluations of this warehouse."""
    from stark_udfs.cli.ultron.train import open_mlflow

    raise typer.Exit(open_mlflow(_settings(ctx), host=host, port=port))


def _settings(ctx: typer.Context) -> "Settings":
    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    return ctx.obj.settings()
