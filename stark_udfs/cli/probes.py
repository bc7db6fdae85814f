"""`stark evaluate probes`: who remembers what."""

from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from stark_udfs.cli.console import console, plain, tell
from stark_udfs.cli.warehouse import reader
from stark_udfs.release.probing import evaluation as scored
from stark_udfs.release.probing.contexts import probes_in, prompts, transcripts_in
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
) -> None:
    """Print one table per answerer.

    Raises:
        NotFound: there are no probes.
        InputError: the file of answers cannot be used, or there is no such context.
    """
    wanted = [scored.context_of(name) for name in contexts]
    sql = reader(settings)
    probes, transcripts = probes_in(sql), transcripts_in(sql)
    if export is not None:
        tell(f"{scored.export(probes, transcripts, export, top):,} prompts in {export}")
        return
    found = [scored.by_search(probes, transcripts, top)]
    for context in wanted:
        asked = prompts(probes, transcripts, context, top)
        found.append(scored.by_model(probes, asked, context, model, settings))
    if answers is not None:
        found += scored.from_file(probes, answers)
    for one in found:
        console().print(as_table(one, top))
    if to is not None:
        to.write_text(scored.as_json(found), "utf-8")


def as_table(found: Evaluation, top: int) -> Table:
    """The scores of an answerer, by kind."""
    table = Table("kind", "probes", "right", "token F1", "abstained", title=Text(plain(found.answerer)))
    for kind in found.kinds:
        table.add_row(kind.kind, str(kind.probes), str(kind.match), str(kind.f1), f"{kind.abstained:.1%}")
    if found.found is not None:
        first, among = found.found
        table.caption = Text(f"the best turn is evidence for {first:.1%}, one of the best {top} for {among:.1%}")
    return table
