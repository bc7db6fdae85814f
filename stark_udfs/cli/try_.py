"""`stark try`: a stage on a few rows."""

from rich.text import Text

from stark_udfs.cli.console import console, plain
from stark_udfs.cli.progress import Lines, watching
from stark_udfs.cli.reading.trace import calls_of, print_call, print_reject, print_row
from stark_udfs.cli.run import between
from stark_udfs.cli.summary import money
from stark_udfs.core.errors import RunStopped, SettingsError
from stark_udfs.engine.preflight import preflight
from stark_udfs.engine.stage import ChatStage
from stark_udfs.stages.pipeline import Settings


def try_stage(settings: Settings, name: str, count: int, *, full: bool) -> None:
    """Ask, and print what came of each row.

    Raises:
        NotFound: there is no such stage.
        SettingsError: the stage asks no model.
        RunStopped: the budget or the user ended it.
    """
    from stark_udfs.engine.try_stage import trial
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session

    stage = between(stages(settings), name, name)[0]
    if not isinstance(stage, ChatStage):
        raise SettingsError(f"stage {name} asks no model: there is nothing to try.")
    preflight((stage,), settings)
    spark = spark_session(settings.spark)
    watch = Lines()
    with watching(watch):
        tried = trial(stage, settings, spark, count, watch)
    screen = console()
    for row in tried.rows:
        screen.print()
        screen.print(Text(plain(f"{name} {row.unit_key}"), style="bold"))
        for reply in row.replies:
            print_call(screen, reply.model_dump(), tried.currency, full=full)
        for output in row.outputs:
            screen.print(Text("  row", style="bold green"))
            print_row(screen, output)
        for reject in row.rejects:
            print_reject(screen, {"origin": reject.reason.origin.value, **reject.model_dump(mode="json")})
        if row.open:
            screen.print(Text("  still open: the next call was not made"))
    screen.print()
    kept = "kept for the next run" if tried.calls else "all rows were answered before"
    screen.print(Text(f"{calls_of(tried.calls)}, {money(tried.money, tried.currency)}; {kept}", style="bold"))
    if tried.stopped:
        raise RunStopped(tried.stopped)
