"""`stark evaluate …`: what is measured about models and data, one command each."""

import typer

from stark_udfs.cli.evaluate_retrieval import retrieval

app = typer.Typer(no_args_is_help=True)
app.command(name="retrieval")(retrieval)
