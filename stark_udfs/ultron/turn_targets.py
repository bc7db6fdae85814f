"""The turns that models are measured on: of the table `training_samples`, or PhotoChat's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import seed_of
from stark_udfs.ultron.retrieval.datasets.files import json_lines
from stark_udfs.ultron.retrieval.datasets.photochat import share_turns
from stark_udfs.ultron.samples import of_dialogue
from stark_udfs.ultron.source import Source, Where
from stark_udfs.ultron.training.dataset import located_sample
from stark_udfs.ultron.turns import TargetTurn

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

Role = Literal["all", "assistant", "user"]


def of_table(
    settings: "Settings", *, split: str, role: Role = "all", limit: int | None = None
) -> tuple[Source, list[TargetTurn]]:
    """Turns of a split, told as `ultron` says.

    Args:
        settings: of the warehouse.
        split: train, validation or test.
        role: who takes them.
        limit: so many, drawn by a hash of their ids; None: all.

    Raises:
        StorageError: the table is not there.
        InputError: there is no such turn.
    """
    source = Source(settings.storage.tables, "training_samples")
    where = {"split": split} | ({} if role == "all" else {"role": role})
    kept = None if limit is None else _drawn(source, where, limit, settings.pipeline.seed)
    ultron, found = settings.ultron, []
    for row in source.rows(where=where):
        if kept is not None and row["sample_id"] not in kept:
            continue
        sample = located_sample(
            of_dialogue(row, earlier_images=ultron.earlier_images, face=ultron.face), settings.storage.files
        )
        said, shares = sample.target, row["kind"] == "image"
        blind = replace(sample, target="")
        found.append(TargetTurn(str(row["sample_id"]), str(row["episode_id"]), blind, said, shares))
    if not found:
        raise InputError(f"{source.address} has no turn of {role} in split {split}. Make more episodes (`stark run`).")
    return source, sorted(found, key=lambda turn: turn.turn_id)


def _drawn(source: Source, where: Where, limit: int, seed: int) -> set[str]:
    ids = [str(row["sample_id"]) for row in source.rows(["sample_id"], where)]
    return set(sorted(ids, key=lambda one: seed_of(seed, "turns", one))[:limit])


def of_photochat(file: Path, limit: int | None = None) -> list[TargetTurn]:
    """PhotoChat's decisions: each turn up to the first photo of its dialogue. Its words are not compared.

    Raises:
        InputError: not as published.
    """
    found = []
    for turn in share_turns(file)[:limit]:
        row = {
            "sample_id": turn.turn_id,
            "name": turn.before[0].speaker,
            "context": [{"speaker": one.speaker, "text": one.text, "images": []} for one in turn.before],
            "speaker": turn.speaker,
        }
        found.append(TargetTurn(turn.turn_id, turn.turn_id.rpartition("/")[0], of_dialogue(row), None, turn.shares))
    if not found:
        raise InputError(f"{file}: no turn comes after another. Is this PhotoChat?")
    return found


def answers_in(file: Path, turns: Sequence[TargetTurn]) -> dict[str, str]:
    """Answers out of JSON Lines: `sample_id` and `answer`, with `<RET> <h> … </h>` where an image is shared.

    Raises:
        InputError: a line has another form, or no line is about any of the turns.
    """
    known = {turn.turn_id for turn in turns}
    found: dict[str, str] = {}
    for number, line in json_lines(file):
        if not isinstance(line, dict) or not all(isinstance(line.get(name), str) for name in ("sample_id", "answer")):
            raise InputError(f"{file}, line {number}: an object with the texts `sample_id` and `answer` is expected.")
        if line["sample_id"] in known:
            found[line["sample_id"]] = line["answer"]
    if not found:
        raise InputError(f"{file}: no `sample_id` is one of the {len(turns):,} turns. Is this the right split?")
    return found
