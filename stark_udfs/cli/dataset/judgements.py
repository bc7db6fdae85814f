"""`stark judgements`: sessions to people and their ratings back, and how far judges and people agree."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table as Grid

from stark_udfs.cli.console import console
from stark_udfs.cli.options import Common

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import SparkSession

    from stark_udfs.release.judging.agreement import Agreement, Score
    from stark_udfs.sql.duckdb import SqlEngine
    from stark_udfs.stages.pipeline import Settings
    from stark_udfs.stages.verdicts.judged import JudgedSession

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
SIDE = 768  # px of the pictures that raters see, at most


@app.command()
def agreement(ctx: typer.Context) -> None:
    """How far judges agree with each other and with people: Krippendorff's alpha by criterion, with 95 % intervals."""
    from stark_udfs.cli.reading.warehouse import reader
    from stark_udfs.release.judging.agreement import agreements

    settings = _settings(ctx)
    sql = reader(settings)
    judges, offline, people = _judges(sql), _offline(sql), _people(sql)
    screen = console()
    found = agreements(judges, people, offline=offline, seed=settings.pipeline.seed)
    if not found:
        screen.print(
            f"{len({one.rater for one in judges})} judges and {len({one.rater for one in people})} people: agreement "
            "takes two raters. Name more in judgements.judges, or import ratings: stark judgements import FILE."
        )
    else:
        _print(screen, found)
    if offline:
        screen.print(
            f"Offline, and measuring nothing: {', '.join(sorted(offline))}. They are not compared with people.",
            soft_wrap=True,
        )


@app.command(name="export")
def export_(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the tasks go, as JSON.")],
    share: Annotated[
        float | None, typer.Option(min=0, max=1, help="Of episodes, drawn by hash; without it, what was judged.")
    ] = None,
    pictures: Annotated[bool, typer.Option("--pictures", help="Put the pictures into the file, too.")] = False,
) -> None:
    """Write sessions as tasks for Label Studio, and beside them the labelling configuration (FILE with .xml)."""
    from stark_udfs.release.judging.label_studio import config, tasks

    settings = _settings(ctx)
    rows = _sessions(settings, share, pictures=pictures)
    shown, missing = _pictures(settings, rows) if pictures else ({}, 0)
    with file.open("w", encoding="utf-8") as out:
        json.dump(list(tasks(rows, shown)), out, ensure_ascii=False)
    file.with_suffix(".xml").write_text(config(), encoding="utf-8")
    left = f" {missing:,} pictures could not be read: `stark images verify` says which." if missing else ""
    console().print(
        f"{len(rows):,} sessions in {file}, the labelling configuration in {file.with_suffix('.xml')}.{left}",
        soft_wrap=True,
    )


@app.command(name="import")
def import_(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Annotations as Label Studio exports them.")],
) -> None:
    """Read people's ratings from Label Studio's export (JSON or JSON-MIN) into the table `ratings`.

    Reading a file twice changes nothing; a person's newer rating takes the place of the older one.
    """
    from stark_udfs.release.judging.ratings import import_ratings

    settings = _settings(ctx)
    done = import_ratings(_spark(settings), settings.storage, file)
    screen = console()
    screen.print(
        f"{done.annotations:,} annotations: {done.added:,} ratings added, {done.changed:,} changed, "
        f"{done.kept:,} were there already.",
        soft_wrap=True,
    )
    if done.gone:
        screen.print(f"{done.gone:,} left out: their session is not there (any more).", soft_wrap=True)
    for why, count in sorted(done.unusable.items()):
        screen.print(f"{count:,} left out: {why}", soft_wrap=True)


def _settings(ctx: typer.Context) -> "Settings":
    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    return ctx.obj.settings()


def _spark(settings: "Settings") -> "SparkSession":
    from stark_udfs.tables.session import spark_session

    return spark_session(settings.spark)


def _sessions(settings: "Settings", share: float | None, *, pictures: bool) -> "Sequence[JudgedSession]":
    from stark_udfs.release.judging.judged import judged_sessions

    return judged_sessions(_spark(settings), settings, share, pictures=pictures)


def _pictures(settings: "Settings", rows: "Sequence[JudgedSession]") -> tuple[dict[str, str], int]:
    """By image id a `data:` URL, and how many could not be read."""
    from stark_udfs.calls.errors import CallFailed
    from stark_udfs.calls.image_parts import ImagePart

    found: dict[str, str] = {}
    missing = 0
    place = settings.storage.files.rstrip("/")
    for picture in {file.image_id: file for row in rows for file in row.files}.values():
        try:
            found[picture.image_id] = ImagePart(f"{place}/{picture.path}", picture.sha256, SIDE).data_url()
        except CallFailed:
            missing += 1
    return found, missing


def _judges(sql: "SqlEngine") -> "list[Score]":
    from stark_udfs.release.judging.agreement import Score
    from stark_udfs.stages.verdicts.criteria import Criterion

    if "judgements" not in sql.tables:
        return []
    columns = ", ".join(one.value for one in Criterion)
    rows = sql.ask(f"SELECT judge, episode_id, session_number, {columns} FROM judgements").dicts()
    return [
        Score(str(row["judge"]), f"{row['episode_id']}:{row['session_number']}", one, int(str(row[one.value])))
        for row in rows
        for one in Criterion
        if row[one.value] is not None
    ]


def _offline(sql: "SqlEngine") -> frozenset[str]:
    if "judgements" not in sql.tables:
        return frozenset()
    rows = sql.ask("SELECT DISTINCT judge FROM judgements WHERE provider = 'offline'").rows
    return frozenset(str(row[0]) for row in rows)


def _people(sql: "SqlEngine") -> "list[Score]":
    from stark_udfs.release.judging.agreement import Score
    from stark_udfs.stages.verdicts.criteria import Criterion

    if "ratings" not in sql.tables:
        return []
    rows = sql.ask("SELECT who, episode_id, session_number, criterion, value FROM ratings").rows
    return [
        Score(str(who), f"{episode}:{number}", Criterion(str(by)), int(str(value)))
        for who, episode, number, by, value in rows
    ]


def _print(screen: Console, found: "Sequence[Agreement]") -> None:
    grid = Grid()
    for name in ("raters", "criterion", "number", "sessions", "alpha", "95 % interval"):
        grid.add_column(name, justify="left" if name in {"raters", "criterion"} else "right")
    for one in found:
        between = "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}"
        grid.add_row(
            one.group,
            str(one.criterion),
            str(one.raters),
            str(one.sessions),
            one.why if one.alpha is None else f"{one.alpha:.2f}",
            between,
        )
    screen.print(grid)
