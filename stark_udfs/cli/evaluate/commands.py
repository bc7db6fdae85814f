"""`stark evaluate …`: how well models do on what a run has made. One command per subject."""

from pathlib import Path
from typing import Annotated

import typer

from stark_udfs.cli.evaluate.retrieval import retrieval
from stark_udfs.cli.evaluate.turns import turns
from stark_udfs.cli.options import Common

evaluate = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
evaluate.command(name="retrieval")(retrieval)
evaluate.command(name="turns")(turns)


@evaluate.callback()
def evaluated() -> None:
    """Score models on a warehouse."""


@evaluate.command()
def probes(
    ctx: typer.Context,
    *,
    contexts: Annotated[
        list[str] | None,
        typer.Option(
            "--context",
            help="Ask a chat model from this context: full, last_session or retrieved. It costs. May be repeated.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="The model to ask: a key of `models` in the settings.")] = "default",
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Score these answers: JSON Lines with probe_id, answer, perhaps context."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write all prompts, with full context and the last session's; score nothing."
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Turns that the search gives.")] = 5,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the scores to this file, too.")
    ] = None,
    warehouse: Annotated[
        Path | None, typer.Option("--warehouse", metavar="DIR", help="Read the tables of this folder.")
    ] = None,
    phrased: Annotated[
        bool, typer.Option("--phrased", help="Ask as a model worded the questions (probes.phrasing: model).")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep/--no-keep", help="Write the scores into the table probe_scores.")
    ] = True,
) -> None:
    """Score answers to the memory probes, by kind.

    Without --context and --answers, only the search (BM25 over turns) answers, which costs nothing.
    """
    from stark_udfs.cli.evaluate.probes import evaluate_probes
    from stark_udfs.cli.reading.warehouse import storage_of

    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    places = () if warehouse is None else storage_of(warehouse)
    settings = ctx.obj.settings(*places) if contexts else ctx.obj.places(*places)
    evaluate_probes(
        settings,
        contexts=contexts or (),
        model=model,
        answers=answers,
        export=export,
        top=top,
        to=json,
        in_other_words=phrased,
        keep=keep,
    )
