"""`stark evaluate …`: how well models do on what a run has made. One command per subject, each in a file of its own."""

import typer

from stark_udfs.cli.evaluate_retrieval import retrieval

evaluate = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
evaluate.command(name="retrieval")(retrieval)


@evaluate.callback()
def evaluated() -> None:
    """Score models on a warehouse."""
