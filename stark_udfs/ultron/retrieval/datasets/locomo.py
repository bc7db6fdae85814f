"""LoCoMo (Maharana et al. 2024, snap-research/locomo): very long conversations of two people with shared images.

Read in two forms: as published, one file `locomo10.json` of all conversations with `session_<n>` lists, or one file per
conversation with a list `sessions`. Captions are BLIP's (`blip_caption`). CC BY-NC 4.0: for evaluation.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn
from stark_udfs.ultron.retrieval.datasets.files import items, json_file, mapping, text

SESSION = re.compile(r"session_(\d+)")
DAY = "%d %B, %Y"


def locomo(folder: Path, *, split: str = "dev") -> Benchmark:
    """One query per shared image, its context the session up to and with the words that come with the image.

    Args:
        folder: of JSON files, or one file.
        split: what these conversations are used for.

    Raises:
        InputError: there is no such file, it is of another form, or no turn has an image.
    """
    files = sorted(folder.glob("*.json")) if folder.is_dir() else [folder]
    if not files:
        raise InputError(f"{folder}: no JSON file of LoCoMo in it.")
    queries, candidates, without = [], [], 0
    for file in files:
        for name, sessions in _conversations(json_file(file), file):
            for number, on, turns in sessions:
                before: list[Turn] = []
                for at, turn in enumerate(turns):
                    before.append(Turn(text(turn, "speaker", file), text(turn, "text", file)))
                    caption = turn.get("blip_caption")
                    if isinstance(caption, str) and caption.strip():
                        image_id = f"{name}/{number}/{at}"
                        queries.append(Query(image_id, tuple(before), image_id, name, before[-1].speaker, on=on))
                        candidates.append(Candidate(image_id, caption))
                    elif turn.get("img_url"):
                        without += 1
    if not queries:
        raise InputError(f"{folder}: no turn has an image with a caption (`blip_caption`). Is this LoCoMo?")
    notes = [
        f"{len({query.group for query in queries})} conversations; the pool is their shared images",
        "context: the session so far, and the words that come with the image; captions are by BLIP, not by people",
    ]
    if without:
        notes.append(f"{without} shared images have no caption and are left out")
    return Benchmark("LoCoMo", split, tuple(queries), tuple(candidates), tuple(notes))


Session = tuple[int, date | None, list[Mapping[str, Json]]]


def _conversations(value: Json, file: Path) -> Iterator[tuple[str, list[Session]]]:
    if isinstance(value, Mapping):
        yield file.stem, _sessions(value, file)
        return
    for at, entry in enumerate(items(value, file)):
        sample = mapping(entry, file)
        yield str(sample.get("sample_id", at)), _sessions(mapping(sample.get("conversation"), file), file)


def _sessions(conversation: Mapping[str, Json], file: Path) -> list[Session]:
    if "sessions" in conversation:
        listed = [mapping(session, file) for session in items(conversation["sessions"], file)]
        return [
            (at, _day(session.get("date_time")), _turns(session.get("turns"), file))
            for at, session in enumerate(listed, 1)
        ]
    numbers = sorted(int(found[1]) for key in conversation if (found := SESSION.fullmatch(key)))
    if not numbers:
        raise InputError(f"{file}: neither `sessions` nor `session_1` in it. This is not LoCoMo as published.")
    return [
        (n, _day(conversation.get(f"session_{n}_date_time")), _turns(conversation[f"session_{n}"], file))
        for n in numbers
    ]


def _turns(value: Json, file: Path) -> list[Mapping[str, Json]]:
    return [mapping(turn, file) for turn in items(value, file)]


def _day(value: Json) -> date | None:
    """The day of '1:56 pm on 8 May, 2023'."""
    try:
        return datetime.strptime(str(value).rpartition(" on ")[2], DAY).date()
    except ValueError:
        return None


def conversations(queries: Sequence[Query]) -> list[str]:
    """The conversations of queries, each once."""
    return sorted({query.group for query in queries})
