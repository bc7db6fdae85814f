"""`stark evaluate turns`: does a model share an image where one was shared, and how near are its words?"""

import json as js
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from stark_udfs.cli.console import console, tell
from stark_udfs.cli.options import Common
from stark_udfs.cli.reading.warehouse import storage_of
from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.settings.splits import SPLITS

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings
    from stark_udfs.ultron.answers import Answerer
    from stark_udfs.ultron.source import Source
    from stark_udfs.ultron.turn_targets import Role
    from stark_udfs.ultron.turns import TargetTurn, TurnScores


def turns(
    ctx: typer.Context,
    *,
    ultron: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A trained adapter's folder, models:/ultron/1 of MLflow, or a key of `models` with a server (it "
            "costs); without it, the adapter trained last.",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Score these instead: JSON Lines with sample_id and answer."),
    ] = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    role: Annotated[str, typer.Option(help="Whose turns: all, assistant or user.")] = "all",
    limit: Annotated[int | None, typer.Option(min=1, help="So many turns, drawn; without it, all.")] = None,
    photochat: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PhotoChat's turns instead: share-now alone, of its published JSON."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the scores to this file, too.")] = None,
    warehouse: Annotated[Path | None, typer.Option(help="The folder of a warehouse.")] = None,
) -> None:
    """Score turns: precision, recall and F1 of sharing an image now; BLEU, ROUGE-L and distinct-2 of the words.

    Intervals draw whole people. The first row is chance: an image as often as there are ones, and another turn's words.
    """
    settings = Common.of(ctx.obj).settings(*(() if warehouse is None else storage_of(warehouse)))
    if split not in SPLITS or role not in ("all", "assistant", "user"):
        raise SettingsError(f"--split {split} --role {role}: {', '.join(SPLITS)}; all, assistant, user.")
    source, targets = _targets(settings, photochat, split, cast("Role", role), limit)
    who, found = _scored(settings, targets, ultron, answers)
    title = f"{'PhotoChat' if source is None else f'training_samples v{source.version}'}, {split}"
    screen = console()
    screen.print(_table(title, targets, found), soft_wrap=True, markup=False, highlight=False)
    if json is not None:
        json.write_text(js.dumps([_as_json(one) for one in found], indent=1) + "\n", encoding="utf-8")
    if who is not None:
        _log(settings, who, found[-1], source, title)


def _targets(
    settings: "Settings", photochat: Path | None, split: str, role: "Role", limit: int | None
) -> "tuple[Source | None, list[TargetTurn]]":
    from stark_udfs.ultron.turn_targets import of_photochat, of_table

    if photochat is not None:
        return None, of_photochat(photochat, limit)
    return of_table(settings, split=split, role=role, limit=limit)


def _scored(
    settings: "Settings", targets: "Sequence[TargetTurn]", ultron: str | None, answers: Path | None
) -> "tuple[Answerer | None, list[TurnScores]]":
    """Who answered (None: a file), and the scores of chance and of them."""
    from stark_udfs.ultron.answers import Answerer
    from stark_udfs.ultron.answers import answers as answered
    from stark_udfs.ultron.turn_targets import answers_in
    from stark_udfs.ultron.turns import chance, scores

    seed = settings.pipeline.seed
    first = scores("chance", targets, chance(targets, seed=seed), seed=seed)
    if answers is not None:
        if ultron is not None:
            raise InputError("--answers and --ultron: give one of them.")
        return None, [first, scores(answers.name, targets, answers_in(answers, targets), seed=seed)]
    from stark_udfs.tables.session import spark_session

    who = Answerer.named(ultron, settings)
    said = answered(who, {turn.turn_id: turn.sample for turn in targets}, spark_session(settings.spark), settings)
    return who, [first, scores(who.label, targets, said, seed=seed)]


def _table(title: str, targets: "Sequence[TargetTurn]", found: "Sequence[TurnScores]") -> str:
    shared = sum(turn.shares for turn in targets)
    names = list(found[0].metrics)
    lines = [
        f"{title}: {len(targets):,} turns of {len({turn.person for turn in targets}):,} people or dialogues; "
        f"{shared:,} share an image. Percent; intervals are 95 % bootstrap over people.",
        "",
        "| who | " + " | ".join([*names, "distinct-2", "shares", "silent"]) + " |",
        "|---|" + "---|" * (len(names) + 3),
    ]
    for one in found:
        cells = [f"{metric.value:.1f} [{metric.low:.1f}, {metric.high:.1f}]" for metric in one.metrics.values()]
        rest = [f"{one.distinct:.1f}", f"{one.shared:,}", f"{one.silent:,}"]
        lines.append(f"| {one.label} | " + " | ".join([*cells, *rest]) + " |")
    return "\n".join(lines)


def _as_json(one: "TurnScores") -> dict[str, object]:
    metrics = {name: [found.value, found.low, found.high] for name, found in one.metrics.items()}
    return {
        "who": one.label, "metrics": metrics, "distinct_2": one.distinct, "shares": one.shared, "silent": one.silent
    }  # fmt: skip


def _log(settings: "Settings", who: "Answerer", found: "TurnScores", source: "Source | None", title: str) -> None:
    """Into the spool and on to MLflow; a server that is down gets it next time."""
    if not settings.tracking.enabled:
        return
    from stark_udfs.core.ids import stable_id
    from stark_udfs.tracking.runs import spool_of
    from stark_udfs.tracking.send import MODEL, SendJob, send
    from stark_udfs.tracking.server import tracking_uri
    from stark_udfs.tracking.spool import Spool
    from stark_udfs.ultron.card import write_card_anew

    spool, run = Spool(spool_of(settings.storage.files)), f"turns-{stable_id(title, who.label, who.run)}"
    tags = {"stark.kind": "evaluation", "benchmark": "turns", **({MODEL: who.run} if who.run else {})}
    spool.begin(run, name=f"turns: {title}, {who.label}", tags=tags)
    ends = {name: (one.value, one.low, one.high) for name, one in found.metrics.items()}
    metrics = {
        f"{name}{end}": value
        for name, values in ends.items()
        for end, value in zip(("", "_low", "_high"), values, strict=True)
    }
    spool.metrics(run, {**metrics, "distinct_2": found.distinct})
    if source is not None:
        spool.table(run, source.name, source.address, version=source.version, context="evaluation")
    spool.end(run)
    uri = tracking_uri(settings.tracking, settings.storage.tables)
    wrong = send(SendJob(folder=spool.folder, uri=uri, settings=settings.tracking))
    if wrong:
        tell(f"{wrong}. The scores stand in {spool.folder} and are sent next time.", "yellow")
    elif card := write_card_anew(settings, who.adapter):
        tell(f"model card: {card}")
