"""Dialogue–caption pairs, one JSON object a line: `{"id", "turns": [{"speaker", "text"}, …], "caption"}`."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn
from stark_udfs.ultron.retrieval.datasets.files import items, json_lines, mapping, text
from stark_udfs.ultron.retrieval.pairs import same_image
from stark_udfs.ultron.retrieval.text_metrics import tokens

TURNS = range(2, 21)
LONGEST = 2000  # characters of a turn or caption


def pairs(file: Path, *, name: str = "Written pairs", split: str = "test") -> Benchmark:
    """One query per line; the pool is the captions of all lines.

    Raises:
        InputError: a line is not of this form, or an id stands twice.
    """
    read = list(_pairs(file))
    queries = tuple(Query(pair_id, turns, pair_id, speaker=turns[-1].speaker) for pair_id, turns, _ in read)
    candidates = tuple(Candidate(pair_id, caption) for pair_id, _, caption in read)
    return Benchmark(name, split, queries, candidates, ("one query a dialogue; the pool is the captions of all",))


def without_twins(rows: list[Mapping[str, Json]], file: Path) -> list[Mapping[str, Json]]:
    """The rows whose caption is not nearly that of an earlier row, and whose dialogue does not hold its caption."""
    kept: list[Mapping[str, Json]] = []
    seen: list[frozenset[str]] = []
    for row in rows:
        caption = text(row, "caption", file)
        words = frozenset(tokens(caption))
        said = " ".join(text(mapping(turn, file), "text", file) for turn in items(row["turns"], file)).lower()
        if caption.lower().rstrip(".") not in said and not any(same_image(words, other) for other in seen):
            kept.append(row)
            seen.append(words)
    return kept


def _pairs(file: Path) -> Iterator[tuple[str, tuple[Turn, ...], str]]:
    seen: set[str] = set()
    for number, value in json_lines(file):
        row = mapping(value, file)
        pair_id, caption = text(row, "id", file), text(row, "caption", file).strip()
        listed = [mapping(turn, file) for turn in items(row.get("turns"), file)]
        turns = tuple(Turn(text(turn, "speaker", file), text(turn, "text", file)) for turn in listed)
        if len(turns) not in TURNS or not caption or pair_id in seen:
            raise InputError(
                f"{file}, line {number}: {len(turns)} turns, caption {caption[:40]!r}, id {pair_id!r}: "
                f"{TURNS.start} to {TURNS.stop - 1} turns, a caption and a new id are needed."
            )
        if max(len(caption), *(len(turn.text) for turn in turns)) > LONGEST:
            raise InputError(f"{file}, line {number}: a text has more than {LONGEST} characters.")
        seen.add(pair_id)
        yield pair_id, turns, caption
