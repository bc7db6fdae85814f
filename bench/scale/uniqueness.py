"""What settling duplicates costs a candidate row, by the size of its category."""

import time
import tracemalloc
from collections.abc import Iterator

from bench.offline_episodes import block, profile
from bench.scale.figures import Figures
from bench.scale.given import SENTENCES
from stark_udfs.core.ids import rng_of, stable_id
from stark_udfs.demo.author.block import items, mapping
from stark_udfs.demo.author.stages import personas as author
from stark_udfs.engine.near_duplicates import Candidate, deduplicate

CASE = "unique"
SIZES = (200, 2_000, 20_000)
NEAR = 0.8


def measure(rows: int) -> Iterator[Figures]:
    """Groups of growing size, the largest of no more than `rows` rows."""
    return (_group(size) for size in SIZES if size <= rows)


def _group(size: int) -> Figures:
    rows = [row for number in range(-(-size // SENTENCES)) for row in _candidates(number)][:size]
    begun = time.process_time()
    verdicts = list(deduplicate(rows, NEAR, SENTENCES))
    took = time.process_time() - begun
    tracemalloc.start()
    for _ in deduplicate(rows, NEAR, SENTENCES):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "rows": size,
        "near": NEAR,
        "kept": sum(verdict.kept for verdict in verdicts),
        "capped": sum(verdict.capped for verdict in verdicts),
        "us_per_row": round(took / size * 1e6, 1),
        "bytes_per_row": round(peak / size),
    }


def _candidates(number: int) -> list[Candidate]:
    """The sentences of one call; all calls are about food."""
    row = {**profile(1, number), "category": "Preference > Food", "entity_key": "food"}
    said = author.write(block("personas", row, {"sentences": SENTENCES}), rng_of(1, number))
    return [
        Candidate(stable_id(number, place), str(number), number, str(mapping(item)["sentence"]), in_table=False)
        for place, item in enumerate(items(said["personas"]))
    ]
