"""PhotoChat (Zang et al. 2021) and PhotoChat++ (Lee et al. 2024), as published.

PhotoChat: JSON lists of `{dialogue: [{share_photo, user_id, message}], dialogue_id, photo_description, photo_url,
photo_id}`. PhotoChat++: the test dialogues once more, each with intent, trigger sentence, a description and salient
information about the image. Both CC BY 4.0; pictures are at their addresses and are not shipped with the data.

As the authors of Stark measure it: one query a dialogue, all turns before the first photo, and the photos of the
evaluated dialogues as pool, each dialogue's its own. PaCE's writer takes the last two messages of user 0 instead: a
benchmark of another name, so that the two never stand in one table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn
from stark_udfs.ultron.retrieval.datasets.files import items, json_file, mapping, text

Context = Literal["before", "pace"]
RULES: Mapping[Context, str] = {
    "before": "one query a dialogue, all turns before its first photo",
    "pace": "one query a dialogue, the last two messages of user 0 before its first photo, as PaCE's writer has it",
}
PACE_TURNS = 2


def photochat(
    file: Path, *, split: str, pictures: Path | None = None, context: Context = "before", name: str = "PhotoChat"
) -> Benchmark:
    """Read one split.

    Args:
        file: a JSON file, or a folder of the parts of one split.
        split: which one: validation and test are never mixed.
        pictures: a folder of files named by the last part of `photo_id`; None, or a missing file: captions only.
        context: which turns are the query.
        name: of the benchmark.

    Raises:
        InputError: not as published, or no dialogue shares a photo.
    """
    files = sorted(file.glob("*.json")) if file.is_dir() else [file]
    if not files:
        raise InputError(f"{file}: no JSON file of PhotoChat in it.")
    dialogues = [(mapping(entry, part), part) for part in files for entry in items(json_file(part), part)]
    queries, candidates, silent = [], [], 0
    for row, part in dialogues:
        said = turns_before(row, part, context)
        if not said:
            silent += 1
            continue
        image_id = str(row.get("dialogue_id"))
        queries.append(Query(image_id, tuple(said), image_id, speaker=said[-1].speaker))
        photo = text(row, "photo_id", part)
        candidates.append(Candidate(image_id, text(row, "photo_description", part), _picture(pictures, photo)))
    if not queries:
        raise InputError(f"{file}: no dialogue has a turn with share_photo and words before it. Is this PhotoChat?")
    notes = [RULES[context], *missing(candidates, pictures)]
    if silent:
        notes.append(f"{silent} dialogues have no photo, or no words before it, and are left out")
    return Benchmark(
        name if context == "before" else f"{name}, PaCE's context",
        split,
        tuple(queries),
        tuple(candidates),
        tuple(notes),
    )


def photochat_plus(file: Path, *, pictures: Path | None = None, context: Context = "before") -> Benchmark:
    """Read PhotoChat++: the test dialogues with descriptions written for retrieval (`description`).

    Raises:
        InputError: not as published.
    """
    rows = [mapping(entry, file) for entry in items(json_file(file), file)]
    read = photochat(file, split="test", pictures=pictures, context=context, name="PhotoChat++")
    written = {str(row.get("dialogue_id")): row.get("description") for row in rows}
    described = [
        Candidate(candidate.image_id, caption if isinstance(caption, str) else candidate.caption, candidate.path)
        for candidate in read.candidates
        for caption in [written.get(candidate.image_id)]
    ]
    without = sum(not isinstance(written.get(candidate.image_id), str) for candidate in read.candidates)
    notes = (*read.notes, f"{without} have no `description` and keep their object labels") if without else read.notes
    return Benchmark(read.name, read.split, read.queries, tuple(described), notes)


@dataclass(frozen=True, slots=True)
class ShareTurn:
    """A turn as a decision: what was said before it, who takes it, and whether it shares a photo."""

    turn_id: str
    before: tuple[Turn, ...]
    speaker: str
    shares: bool


def share_turns(file: Path) -> list[ShareTurn]:
    """Every turn as a decision, up to the first photo of its dialogue.

    Raises:
        InputError: not as published.
    """
    found = []
    for entry in items(json_file(file), file):
        dialogue = mapping(entry, file)
        before: list[Turn] = []
        for turn in _turns(dialogue, file):
            shares = _shares(turn, file)
            if before:
                name = f"{dialogue.get('dialogue_id')}/{len(before)}"
                found.append(ShareTurn(name, tuple(before), str(turn.get("user_id")), shares))
            if shares:
                break
            before.append(_said(turn))
    return found


def turns_before(row: Mapping[str, Json], file: Path, context: Context = "before") -> list[Turn]:
    """The context of a dialogue; empty where no photo is shared or nothing was said before it."""
    before: list[Turn] = []
    for turn in _turns(row, file):
        if _shares(turn, file):
            said = [turn for turn in before if turn.text]
            return said if context == "before" else [turn for turn in said if turn.speaker == "0"][-PACE_TURNS:]
        before.append(_said(turn))
    return []


def missing(candidates: Sequence[Candidate], pictures: Path | None) -> Iterable[str]:
    """What has to be said about pictures that are not there."""
    if pictures is None:
        return ["no pictures: candidates are their captions"]
    without = sum(candidate.path is None for candidate in candidates)
    if not without:
        return [f"all {len(candidates)} pictures are there"]
    return [f"{without} of {len(candidates)} pictures are missing in {pictures}: systems of pictures rank them last"]


def _turns(row: Mapping[str, Json], file: Path) -> list[Mapping[str, Json]]:
    if "dialogue" not in row:
        raise InputError(
            f"{file}: `dialogue` is missing; there is {', '.join(sorted(row)[:8])}. Is this another version?"
        )
    return [mapping(turn, file) for turn in items(row["dialogue"], file)]


def _shares(turn: Mapping[str, Json], file: Path) -> bool:
    shares = turn.get("share_photo")
    if not isinstance(shares, bool):
        raise InputError(
            f"{file}: `share_photo` is {shares!r}, not true or false. Is this another version of PhotoChat?"
        )
    return shares


def _said(turn: Mapping[str, Json]) -> Turn:
    return Turn(str(turn.get("user_id")), str(turn.get("message") or ""))


def _picture(folder: Path | None, photo_id: str) -> Path | None:
    if folder is None:
        return None
    name = photo_id.rsplit("/", 1)[-1]
    found = [path for path in (folder / f"{name}.jpg", folder / f"{name}.png", folder / name) if path.is_file()]
    return found[0] if found and found[0].resolve().is_relative_to(folder.resolve()) else None
