"""MMDialog (Feng et al. 2023), as published: a folder of `conversations.json` and `<media_key>.jpg` for each split.

A record has `conversation_id` and `conversation`, a list of `{turn: [{"__TEXT__": …} | {"__MEDIA__": key}]}`;
validation and test have `negative_candidate_media_keys`, 999 for each image that is to be found, so that a pool has
1,000. Access by the authors' form, non-commercial; images have no caption of their own.
"""

from collections.abc import Mapping
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn
from stark_udfs.ultron.retrieval.datasets.files import items, json_file, json_lines, mapping
from stark_udfs.ultron.retrieval.datasets.photochat import missing

NEGATIVES = 999
TEXT, MEDIA = "__TEXT__", "__MEDIA__"


def mmdialog(
    folder: Path, *, split: str, captions: Mapping[str, str] | None = None, negatives: int = NEGATIVES
) -> Benchmark:
    """One query per image, before which something was said; its pool is the image and its record's negatives.

    Args:
        folder: of the split.
        split: its name.
        captions: of images, by key, for systems that read; without, they have empty ones.
        negatives: of each record.

    Raises:
        InputError: not as published; a record has another number of negatives.
    """
    file = folder / "conversations.json"
    queries: list[Query] = []
    keys: dict[str, None] = {}
    for record in _records(file):
        against = _negatives(record, file, negatives)
        before: list[Turn] = []
        for number, element in enumerate(items(record.get("conversation"), file)):
            spoken = [mapping(part, file) for part in items(mapping(element, file).get("turn"), file)]
            speaker = str(number % 2)
            for place, part in enumerate(spoken):
                if TEXT in part:
                    before.append(Turn(speaker, str(part[TEXT])))
                elif MEDIA in part and before:
                    key = str(part[MEDIA])
                    pool = tuple(dict.fromkeys((key, *against)))
                    name = f"{record['conversation_id']}/{number}/{place}"
                    queries.append(Query(name, tuple(before), key, str(record["conversation_id"]), speaker, pool))
                    keys.update(dict.fromkeys(pool))
    if not queries:
        raise InputError(f"{file}: no {MEDIA} comes after words. Is this MMDialog?")
    found = [Candidate(key, (captions or {}).get(key, ""), _picture(folder, key)) for key in keys]
    notes = [f"a pool of {negatives + 1} for each query", *missing(found, folder)]
    return Benchmark("MMDialog", split, tuple(queries), tuple(found), tuple(notes))


def _records(file: Path) -> list[Mapping[str, Json]]:
    """Of a JSON list, or of one JSON object a line."""
    try:
        rows = [mapping(row, file) for row in items(json_file(file), file)]
    except InputError:
        rows = [mapping(row, file) for _, row in json_lines(file)]
    for row in rows:
        if "conversation_id" not in row or "conversation" not in row:
            fields = ", ".join(sorted(row)[:8])
            raise InputError(f"{file}: a record has {fields}, not conversation_id and conversation. Another version?")
    return rows


def _negatives(record: Mapping[str, Json], file: Path, wanted: int) -> list[str]:
    found = record.get("negative_candidate_media_keys")
    count = len(found) if isinstance(found, list) else 0
    if not isinstance(found, list) or count != wanted:
        raise InputError(
            f"{file}: record {record['conversation_id']} has {count} negative_candidate_media_keys, not {wanted}. "
            "Training has none: take valid or test."
        )
    return [str(key) for key in found]


def _picture(folder: Path, key: str) -> Path | None:
    path = folder / f"{key}.jpg"
    return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None
