"""Ratings: what people think of sessions, by the same criteria as judges. Imported, not made by a stage."""

from datetime import datetime

from pydantic import Field

from stark_udfs.core.records import Record
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.tables.table import Table


class Rating(Record):
    """One row of `ratings`: a person's score of a session by one criterion."""

    rating_id: str = Field(description="stable_id(who, episode_id, session_number, criterion)")
    who: str = Field(description="a person, by a hash: names and addresses of raters are not kept")
    episode_id: str = Field(description="references sessions.episode_id")
    session_number: int
    criterion: Criterion
    value: int = Field(description="1 (not at all) to 4 (a lot)")
    rated_at: datetime | None = Field(description="UTC; the newest of a person's ratings counts")


TABLE = Table("ratings", Rating, key=("rating_id",), parents=(("episode_id", "sessions"),))
