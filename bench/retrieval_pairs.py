"""Sessions of the offline author in any number, as a retrieval benchmark, without Spark."""

from collections import Counter
from collections.abc import Mapping
from datetime import date

from bench.offline_episodes import Episode, day_of, episode
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.settings.splits import SPLITS, SplitSettings, split_of
from stark_udfs.ultron.retrieval.benchmark import Benchmark
from stark_udfs.ultron.retrieval.datasets.sessions import benchmark_of

Row = dict[str, object]


def offline_benchmarks(episodes: int, seed: int = 20261) -> dict[str, Benchmark]:
    """The benchmark of each split that has an image."""
    rows = [row for number in range(episodes) for row in session_rows(episode(seed, number, Counter()))]
    shares = SplitSettings()
    split = {str(row["episode_id"]): split_of(str(row["demographic_id"]), shares, seed=seed) for row in rows}
    parts = {name: [row for row in rows if split[str(row["episode_id"])] == name] for name in SPLITS}
    return {split: benchmark_of(found, split) for split, found in parts.items() if found}


def session_rows(made: Episode) -> list[Row]:
    """The rows of `sessions`, with the person's `demographic_id`."""
    rows: list[Row] = []
    for number, session in enumerate(made.sessions, 1):
        turns: list[Row] = []
        for place, turn in enumerate(session.turns, 1):
            images = [_image(made, session_image) for at, session_image in session.images() if at == place - 1]
            turns.append({"turn": place, "speaker": turn["speaker"], "text": turn["text"], "images": images})
        on: date = day_of(made.events[number - 1])
        rows.append({"episode_id": made.row["episode_id"], "session_number": number, "session_date": on,
                     "turns": turns, "demographic_id": made.row["demographic_id"]})  # fmt: skip
    return rows


def _image(made: Episode, said: Mapping[str, Json]) -> Row:
    return {"image_id": stable_id(made.row["episode_id"], said["description"]), "description": said["description"]}
