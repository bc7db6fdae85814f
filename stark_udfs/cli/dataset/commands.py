"""The commands that write and read whole data sets: `export` and `import`."""

from pathlib import Path
from typing import Annotated

import typer

from stark_udfs.cli.console import console
from stark_udfs.cli.options import Common


def export(
    ctx: typer.Context,
    *,
    folder: Annotated[str, typer.Argument(metavar="DIR", help="An empty folder or URI; a shared one on a cluster.")],
    form: Annotated[str, typer.Option("--format", help="dataset, or messages for trainers.")] = "dataset",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier export that is there.")] = False,
) -> None:
    """Write the dataset: Parquet, shards of pictures, card, metadata, checksums."""
    from stark_udfs.cli.dataset.export import export as write_export

    write_export(Common.of(ctx.obj).settings(), folder, form, console(), overwrite=overwrite)


def import_(
    ctx: typer.Context,
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A released Stark Parquet, or a folder of them.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new warehouse.")],
) -> None:
    """Read a released data set, in the public schema, into tables."""
    from stark_udfs.cli.dataset.import_ import import_file

    import_file(Common.of(ctx.obj).places(), file, to, console())
