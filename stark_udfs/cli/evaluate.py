"""`stark evaluate …`: how well models do on what a run has made. One command per subject, each in a file of its own."""

import typer

evaluate = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@evaluate.callback()
def evaluated() -> None:
    """Score models on a warehouse."""
