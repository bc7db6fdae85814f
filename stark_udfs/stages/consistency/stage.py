"""The stage `consistency`: every check of every session, with what was found and where."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from stark_udfs.core.records import Record
from stark_udfs.engine.checking.measures import Share
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.settings.section import Section
from stark_udfs.stages.consistency.checks import CHECKERS, examined
from stark_udfs.stages.consistency.found import LeastScores
from stark_udfs.stages.images.images.selection import SelectionRules
from stark_udfs.stages.images.settings import OFFLINE_SCORER
from stark_udfs.stages.text.history import HISTORY_MAY_READ, HISTORY_READS, EpisodeHistory, histories
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class ConsistencySettings(Section):
    """Checks of a long run."""

    painted: dict[str, float | None] = Field(
        {OFFLINE_SCORER: 0.3},
        description="what an image that was painted for its description has to score against it, by the kind of the "
        "scorer; null: unchecked. One that was found, and a kind that is not named: as in choosing.min_score",
    )
    share: float = Field(0.05, ge=0, le=1, description="of sessions: a check that finds faults in more of them fails")


class ConsistencyResult(Record):
    """One check of one session that had something to look at."""

    episode_id: str = Field(description="references narratives.episode_id")
    session_number: int
    check_name: str = Field(description="docs/consistency.md describes them")
    found: bool = Field(description="whether the session disagrees with itself or with its episode")
    turn_ids: list[str] = Field(description="EPISODE:session:turn of each fault; turn 0: of the session as a whole")
    words: list[str] = Field(description="of each fault: what is said")
    against: list[str] = Field(description="of each fault: what that disagrees with")


TABLE = Table(
    "consistency",
    ConsistencyResult,
    key=("episode_id", "session_number", "check_name"),
    parents=(("episode_id", "narratives"),),
)


def results(history: EpisodeHistory, least: LeastScores) -> list[ConsistencyResult]:
    """The rows of one episode.

    Args:
        history: the episode.
        least: what chosen images have to score.
    """
    return [
        ConsistencyResult(
            episode_id=history.episode_id,
            session_number=number,
            check_name=name,
            found=bool(result.faults),
            turn_ids=[history.turn_id(number, fault.turn) for fault in result.faults],
            words=[fault.words for fault in result.faults],
            against=[fault.against for fault in result.faults],
        )
        for number, name, result in examined(history, least)
    ]


def select(least: LeastScores, frames: Frames) -> DataFrame:
    """All checks of all episodes that have sessions."""
    struct = struct_type(ConsistencyResult)
    return histories(frames).mapInArrow(_checking(least, arrow_schema(struct)), struct)


def _checking(least: LeastScores, schema: pa.Schema) -> Callable[[Batches], Iterable[pa.RecordBatch]]:
    def check(batches: Batches) -> Iterable[pa.RecordBatch]:
        episodes = (EpisodeHistory.model_validate(row) for row in dicts(batches))
        return arrow((row.model_dump() for episode in episodes for row in results(episode, least)), schema)

    return check


def failed(frame: DataFrame) -> DataFrame:
    """Of each episode, the names of the checks that found a fault in any session: `episode_id`, `failed_checks`.

    Args:
        frame: rows of `consistency`.
    """
    names = F.expr("array_sort(collect_set(CASE WHEN found THEN check_name END))")
    return frame.groupBy("episode_id").agg(names.alias("failed_checks"))


def least_scores(settings: "Settings") -> LeastScores:
    """What images have to score, by the scorer that rates them."""
    pictures = settings.pictures
    kind: str = OFFLINE_SCORER if pictures.provider == "offline" else pictures.scorer.kind
    found = SelectionRules.of(settings).min_score
    return LeastScores(painted=settings.consistency.painted.get(kind, found), found=found)


def _check(name: str, most: float) -> Check:
    mine = f"check_name = '{name}'"
    return Check(
        name,
        Share(f"CASE WHEN {mine} THEN found END"),
        high=most,
        example=f"CASE WHEN {mine} AND found THEN concat(episode_id, ':', session_number) END",
    )


def stage(settings: "Settings") -> TableStage:
    """The stage with these settings."""
    least = least_scores(settings)
    return TableStage(
        name="consistency",
        reads=HISTORY_READS,
        may_read=HISTORY_MAY_READ,
        select=partial(select, least),
        writes=TABLE,
        settings=asdict(least),
        derived=True,
        checks=tuple(_check(name, settings.consistency.share) for name in CHECKERS),
    )
