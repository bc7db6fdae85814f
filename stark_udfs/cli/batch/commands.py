"""`stark batch`: what is with batch APIs (status, cancel), and a stage's open calls as files by hand (export, import).

Export writes what the next run would ask; import puts the answers into `replies`, and the next run makes rows of them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from stark_udfs.cli.console import console, plain
from stark_udfs.cli.options import MORE, WRONG, Common
from stark_udfs.core.errors import InputError, SettingsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from stark_udfs.engine.stage import AnyChatStage
    from stark_udfs.stages.pipeline import Settings

SHOWN = 5  # calls without an answer

batch = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

Stage = Annotated[str, typer.Argument(metavar="STAGE", help="A stage that asks a chat model.")]


@batch.command(name="export", epilog=MORE)
def export_calls(
    ctx: typer.Context,
    *,
    stage: Stage,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder for the files.")],
    url: Annotated[
        str | None, typer.Option(help="What the batch API calls the endpoint; without it, as the model's `batch.url`.")
    ] = None,
) -> None:
    """Write the open calls of a stage as files for a batch API. Nothing is asked, and no money is reserved."""
    from pyspark.sql import functions as F

    from stark_udfs.calls.providers.batch import FileLimits, write_requests
    from stark_udfs.cli.summary import money
    from stark_udfs.engine.batch.files import unanswered
    from stark_udfs.tables.tables import one

    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty. Name a new folder, so that no call is sent twice.")
    chosen, settings, spark = _opened(ctx, stage)
    calls = unanswered(chosen, settings, spark)
    tariff = chosen.chat.model.batch
    count, most = one(calls.agg(F.count(F.lit(1)), F.coalesce(F.sum("money"), F.lit(0.0))))
    folder.mkdir(parents=True, exist_ok=True)
    rows = calls.orderBy("key").select("key", "body").toLocalIterator()
    limits = FileLimits(tariff.requests, tariff.bytes)
    files = write_requests(((row["key"], row["body"]) for row in rows), folder, stage, url or tariff.url, limits)
    most *= tariff.price_share
    price = f"at most {money(most, chosen.currency)} by the price in the settings"
    _say(f"{count:,} calls in {len(files)} files, for {price}.")
    if files:
        _say(f"Put the files of answers beside them, then: stark batch import {stage} {folder}")


@batch.command(name="import", epilog=MORE)
def import_answers(
    ctx: typer.Context,
    *,
    stage: Stage,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the batch API's files of answers are: *.jsonl.")],
) -> None:
    """Take in the answers of a batch API. The next run makes rows of them. It is safe to repeat."""
    from stark_udfs.calls.providers.batch import NoAnswer, read_answers
    from stark_udfs.cli.summary import money
    from stark_udfs.engine.batch.files import BatchAnswer, take_in
    from stark_udfs.tables.schema import struct_type

    found = list(read_answers(sorted(folder.glob("*.jsonl"))))
    without = [one for one in found if isinstance(one, NoAnswer)]
    answers = [
        (one[0], one[1].text, one[1].finish_reason, one[1].model_returned, one[1].tokens_in, one[1].tokens_out)
        for one in found
        if not isinstance(one, NoAnswer)
    ]
    if not found:
        raise InputError(f"there are no answers in {folder}: the batch API's files go there, as *.jsonl.")
    for one in without[:SHOWN]:
        _say(f"no answer to {one.key or 'some call'}: {one.detail}", style="red")
    if answers:
        chosen, settings, spark = _opened(ctx, stage)
        taken = take_in(chosen, settings, spark, spark.createDataFrame(answers, struct_type(BatchAnswer)))
        _say(f"{taken.replies:,} answers kept, {money(taken.money, chosen.currency)} by the price in the settings.")
        if taken.left_out:
            _say(f"{taken.left_out:,} were left out: they answer no call of {stage} that is open.")
    if without:
        _say(f"{len(without):,} calls have no answer and stay open: export them anew, or let a run ask them.")
        raise typer.Exit(WRONG)


@batch.command(epilog=MORE)
def status(ctx: typer.Context) -> None:
    """Tell which batches are with a vendor, and where they stand. Takes nothing in: `stark run --batch` does."""
    from stark_udfs.cli.batch.status import statuses

    settings = Common.of(ctx.obj).settings()
    lines = list(statuses(settings))
    for line in lines:
        _say(line)
    if not lines:
        _say("no batch is with a vendor.")


@batch.command(epilog=MORE)
def cancel(
    ctx: typer.Context,
    *,
    stage: Stage,
    forget: Annotated[
        bool, typer.Option("--forget", help="Do not ask the vendor: give the batches up. What they answered is lost.")
    ] = False,
) -> None:
    """End a stage's batches at the vendor. What was answered by then is paid, and the next run takes it in."""
    from stark_udfs.cli.batch.status import cancelled, forgotten

    if forget:
        chosen, settings, spark = _opened(ctx, stage)
        count = forgotten(settings, spark, chosen)
        _say(f"{count} batches were given up: their calls are open again.")
        return
    for line in cancelled(Common.of(ctx.obj).settings(), stage):
        _say(line)


def _opened(ctx: typer.Context, name: str) -> "tuple[AnyChatStage, Settings, SparkSession]":
    from stark_udfs.engine.run import named
    from stark_udfs.engine.stage import ChatStage
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session

    settings = Common.of(ctx.obj).settings()
    stage = named(stages(settings), name)
    if not isinstance(stage, ChatStage):
        raise SettingsError(f"stage {name} asks no chat model: it has no calls.")
    return stage, settings, spark_session(settings.spark)


def _say(text: str, style: str = "") -> None:
    console().print(Text(plain(text), style=style), soft_wrap=True)
