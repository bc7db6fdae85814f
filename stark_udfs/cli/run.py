"""`stark run` and the jobs: settings, checks, one call of the engine, a summary."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stark_udfs.cli.console import console
from stark_udfs.cli.options import ALL, ENDED_EARLY, INTERRUPTED, RunSelection
from stark_udfs.cli.progress import Bars, Lines, watching
from stark_udfs.cli.reading.warehouse import episode_of, reader
from stark_udfs.cli.summary import as_table, written
from stark_udfs.cli.track import track
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.rejects import RejectReason
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.run import RunReport
from stark_udfs.engine.stage import Stage, TableStage
from stark_udfs.stages.pipeline import Settings


def carry_out(settings: Settings, order: RunSelection, report_to: Path | None = None) -> int:
    """Run the pipeline and show what it did.

    Args:
        settings: of the target.
        order: which part of it.
        report_to: a file for the summary as JSON.

    Returns:
        The exit code: 0, 3 where the run ended early, 130 where the user stopped it.
    """
    from stark_udfs.engine.preflight import preflight
    from stark_udfs.engine.run import run
    from stark_udfs.stages.pipeline import stages
    from stark_udfs.tables.session import spark_session

    chosen = between(stages(settings), order.first, order.until)
    wanted = wanted_of(settings, chosen, order)
    if wanted.only is not None:
        chosen = of_episodes(chosen)
    preflight(chosen, settings)
    spark = spark_session(settings.spark)
    reports: list[RunReport] = []
    try:
        with _watch() as watch, watching(watch):
            report = run(
                chosen,
                settings,
                spark,
                wanted=wanted,
                progress=watch,
                at_end=reports.append,
            )
    finally:
        for ended in reports:
            _tell(ended, report_to)
            track(ended, settings)
    if not report.stopped:
        return 0
    return INTERRUPTED if watch.stop_requested() else ENDED_EARLY


def _tell(report: RunReport, report_to: Path | None) -> None:
    """Show what a run did, also one that an error ended: the stages before it are done."""
    if report.stages:
        console().print(as_table(report))
    if report_to is not None:
        report_to.write_text(written(report), encoding="utf-8")


def between(stages: Sequence[Stage], first: str | None, until: str | None) -> tuple[Stage, ...]:
    """The stages from `first` to `until`, both included.

    Raises:
        NotFound: there is no such stage.
        SettingsError: `until` comes before `first`.
    """
    from stark_udfs.engine.run import named

    start = 0 if first is None else list(stages).index(named(stages, first))
    end = len(stages) if until is None else list(stages).index(named(stages, until)) + 1
    if end <= start:
        raise SettingsError(f"--until {until} comes before --from {first}: there is no stage to run.")
    return tuple(stages[start:end])


def with_downstream(stages: Sequence[Stage], names: Sequence[str]) -> frozenset[str]:
    """The stages named, and all that hang on them.

    Raises:
        NotFound: there is no such stage.
    """
    from stark_udfs.engine.run import named

    if ALL in names:
        return frozenset(stage.name for stage in stages)
    found = {named(stages, name).name for name in names}
    changed: set[str] = set()
    for stage in stages:
        if stage.name in found or changed & {table.name for table in stage.reads}:
            found.add(stage.name)
            changed.add(stage.writes.name)
    return frozenset(found)


def of_episodes(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages whose rows belong to one episode."""
    return tuple(
        stage for stage in stages if not isinstance(stage, TableStage) and "episode_id" in stage.each.model_fields
    )


def wanted_of(settings: Settings, stages: Sequence[Stage], order: RunSelection) -> Wanted:
    """The order in the engine's words.

    Raises:
        NotFound: there is no such stage or episode.
        SettingsError: an unknown reason, --redraw without --only or with --batch, --no-wait without --batch,
            or --remove-missing without people of the user's own.
    """
    if order.redraw and order.only is None:
        raise SettingsError("--redraw asks one episode anew: say which with --only EPISODE.")
    if order.redraw and order.batch:
        raise SettingsError("--redraw asks anew each time it is given, so not with --batch: leave one of them out.")
    if not order.wait and not order.batch:
        raise SettingsError("--no-wait says not to wait for batches: give --batch, too.")
    if order.remove_missing and settings.people.source is None:
        raise SettingsError("--remove-missing removes people who left people.source, and it is not set.")
    if order.remove_missing and order.only is not None:
        raise SettingsError("--remove-missing looks at all people, --only at one episode: leave one of them out.")
    reason = None if order.retry_rejects in (None, ALL) else order.retry_rejects
    if reason is not None and reason not in set(RejectReason):
        raise SettingsError(f"--retry-rejects {reason}: no such reason. Reasons: {', '.join(RejectReason)}.")
    only = None if order.only is None else episode_of(reader(settings), order.only)
    return Wanted(
        remake=with_downstream(stages, order.remake),
        keep_stale=order.keep_stale,
        retry_rejects=order.retry_rejects is not None,
        retry_reason=reason,
        only=only,
        redraw=frozenset(stage.name for stage in of_episodes(stages)) if order.redraw else frozenset(),
        batch=order.batch,
        wait=order.wait,
        remove_missing=order.remove_missing,
    )


@contextmanager
def _watch() -> Iterator[Bars | Lines]:
    """Bars where somebody watches, else lines."""
    screen = console(stderr=True)
    if not screen.is_terminal:
        yield Lines()
        return
    with Bars(screen) as bars:
        yield bars
