"""`stark export`: the dataset of a warehouse as files."""

from typing import Literal, cast

import typer
from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.stages.pipeline import Settings

SHOWN = {
    "data": "episodes",
    "messages": "sessions as messages",
    "images": "pictures in shards",
    "faces": "faces in shards",
    "summaries": "summaries",
    "probes": "probes",
}


def export(settings: Settings, folder: str, form: str, console: Console, *, overwrite: bool) -> None:
    """Write the export and say what it holds."""
    from stark_udfs.release.export.export import export as write
    from stark_udfs.tables.session import spark_session

    if form not in ("dataset", "messages"):
        raise typer.BadParameter(f"{form}: dataset or messages.", param_hint="--format")
    kind = cast("Literal['dataset', 'messages']", form)
    done = write(settings, spark_session(settings.spark), folder, form=kind, overwrite=overwrite)
    parts = [f"{done.rows(part):,} {name}" for part, name in SHOWN.items() if any(f.part == part for f in done.files)]
    lines = [
        f"{done.root}: {', '.join(parts)}; {len(done.files) + 2} files, {sum(f.bytes for f in done.files):,} bytes"
    ]
    lines += [
        f"  {part}: {number:,} {state}" for (part, state), number in sorted(done.pictures.items()) if state != "pixels"
    ]
    lines += [f"  left out: {number:,} episodes, {reason}" for reason, number in sorted(done.left_out.items())]
    lost = sum(number for (_, state), number in done.pictures.items() if state in ("missing", "damaged", "foreign"))
    if lost and form == "dataset":
        lines.append(
            f"  {lost:,} pictures have no sound file: their keys are empty. `stark images verify --repair` makes them"
        )
    for line in lines:
        console.print(Text(plain(line)), soft_wrap=True)
