"""`stark evaluate probes`: who remembers what."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from stark_udfs.cli.console import console, plain, tell
from stark_udfs.cli.reading.warehouse import reader
from stark_udfs.release.probing import evaluation as scored
from stark_udfs.release.probing.contexts import phrased, probes_in, prompts, transcripts_in
from stark_udfs.release.probing.evaluation import Evaluation
from stark_udfs.settings.run import RunSettings


def evaluate_probes(
    settings: RunSettings,
    *,
    contexts: Sequence[str],
    model: str,
    answers: Path | None,
    export: Path | None,
    top: int,
    to: Path | None,
    in_other_words: bool = False,
    keep: bool = True,
) -> None:
    """Print one table per answerer, and write `probe_scores`.

    Args:
        settings: of the target.
        contexts: what a model is asked from; none: no model is asked.
        model: a key of `models`.
        answers: a file of answers to score.
        export: where prompts go; nothing is scored then.
        top: turns that the search gives.
        to: where the scores go as JSON.
        in_other_words: whether questions are asked as a model worded them.
        keep: whether `probe_scores` is written.

    Raises:
        NotFound: there are no probes.
        InputError: the file of answers cannot be used, or there is no such context.
    """
    wanted = [scored.context_of(name) for name in contexts]
    sql = reader(settings)
    probes, transcripts = probes_in(sql), transcripts_in(sql)
    if in_other_words:
        probes = phrased(sql, probes)
    if export is not None:
        tell(f"{scored.export(probes, transcripts, export, top):,} prompts in {export}")
        return
    found = [scored.by_search(probes, transcripts, top)]
    for context in wanted:
        asked = prompts(probes, transcripts, context, top)
        found.append(scored.by_model(probes, asked, context, model, settings, phrased=in_other_words))
    if answers is not None:
        found += scored.from_file(probes, answers)
    for one in found:
        console().print(as_table(one, top))
    if keep:
        _keep(settings, found, in_other_words=in_other_words)
    if to is not None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(scored.as_json(found), "utf-8")


def _keep(settings: RunSettings, found: Sequence[Evaluation], *, in_other_words: bool) -> None:
    from stark_udfs.release.probing.written import write_scores
    from stark_udfs.tables.session import spark_session

    counts = write_scores(spark_session(settings.spark), settings.storage, found, phrased=in_other_words)
    told = f"{counts.insert:,} added, {counts.update:,} changed, {counts.delete:,} removed"
    tell(f'probe_scores: {told}. `stark sql "select system, context, avg(score) from probe_scores group by all"`')


def as_table(found: Evaluation, top: int) -> Table:
    """The scores of an answerer, by kind."""
    table = Table("kind", "probes", "right", "token F1", "abstained", title=Text(plain(found.answerer)))
    for kind in found.kinds:
        table.add_row(kind.kind, str(kind.probes), str(kind.match), str(kind.f1), f"{kind.abstained:.1%}")
    if found.found is not None:
        first, among = found.found
        table.caption = Text(f"the best turn is evidence for {first:.1%}, one of the best {top} for {among:.1%}")
    return table
