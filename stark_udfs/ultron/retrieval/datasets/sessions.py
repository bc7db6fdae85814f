"""The project's own sessions: every shared image of an episode, with the session that leads to it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import cast

from stark_udfs.core.errors import InputError
from stark_udfs.settings.splits import SPLITS, SplitSettings, split_of
from stark_udfs.sql.duckdb import SqlEngine
from stark_udfs.ultron.retrieval.benchmark import Benchmark, Candidate, Query, Turn

ROWS = """\
SELECT s.episode_id, s.session_number, s.session_date, s.turns, p.demographic_id
FROM sessions s
JOIN narratives n ON n.episode_id = s.episode_id
JOIN commonsense c ON c.commonsense_id = n.commonsense_id
JOIN personas p ON p.persona_id = c.persona_id
ORDER BY s.episode_id, s.session_number"""
MEMORIES = "SELECT episode_id, session_number, summary FROM summaries ORDER BY episode_id, session_number"
Row = Mapping[str, object]
Memories = Mapping[str, Sequence[tuple[int, str]]]  # by episode: number of a session, and the memory after it
DEFAULT = SplitSettings()


def sessions(sql: SqlEngine, *, split: str, seed: int, shares: SplitSettings = DEFAULT) -> Benchmark:
    """One query per shared image of the split's people; the pool is their images, each once.

    Args:
        sql: the warehouse.
        split: train, validation or test.
        seed: of the run, `pipeline.seed`.
        shares: of the people.

    Raises:
        InputError: a table is not there yet, or nobody of this split has shared an image.
    """
    if split not in SPLITS:
        raise InputError(f"split {split!r}: {', '.join(SPLITS)}.")
    missing = sorted({"sessions", "narratives", "commonsense", "personas"} - set(sql.tables))
    if missing:
        raise InputError(f"the warehouse has no table {missing[0]} yet: run `stark run --until sessions` first.")
    rows = sql.ask(ROWS).dicts()
    wanted = [row for row in rows if split_of(str(row["demographic_id"]), shares, seed=seed) == split]
    return benchmark_of(wanted, split, _memories(sql) if "summaries" in sql.tables else {})


def _memories(sql: SqlEngine) -> Memories:
    found: dict[str, list[tuple[int, str]]] = {}
    for row in sql.ask(MEMORIES).dicts():
        found.setdefault(str(row["episode_id"]), []).append((int(str(row["session_number"])), str(row["summary"])))
    return found


def benchmark_of(rows: Sequence[Row], split: str, memories: Memories | None = None) -> Benchmark:
    """The benchmark of session rows with `demographic_id`; of sessions that have a memory before them, with it.

    Raises:
        InputError: there is no image in them.
    """
    queries: list[Query] = []
    candidates: dict[str, Candidate] = {}
    for row in rows:
        earlier = [] if memories is None else memories.get(str(row["episode_id"]), ())
        before = [text for number, text in earlier if number < int(str(row["session_number"]))]
        for query, candidate in _shared(row, before[-1] if before else ""):
            queries.append(query)
            candidates.setdefault(candidate.image_id, candidate)
    notes = (
        "the project's own sessions, split by person; context: the session so far",
        "an image that is shared again is one candidate and several queries",
    )
    return Benchmark("Stark sessions", split, tuple(queries), tuple(candidates.values()), notes)


def _shared(row: Row, memory: str) -> Iterator[tuple[Query, Candidate]]:
    before: list[Turn] = []
    place = f"{row['episode_id']}/{row['session_number']}"
    on = cast("date | None", row.get("session_date"))
    for turn in cast("Sequence[Row]", row["turns"]):
        speaker, said = str(turn["speaker"]), str(turn["text"])
        if said:
            before.append(Turn(speaker, said))
        for image in cast("Sequence[Row]", turn["images"]):
            image_id = str(image["image_id"])
            if before:
                query_id = f"{place}/{turn['turn']}/{image_id}"
                group = str(row["demographic_id"])
                query = Query(query_id, tuple(before), image_id, group, speaker, on=on, memory=memory)
                yield query, Candidate(image_id, str(image["description"]))
