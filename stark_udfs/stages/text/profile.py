"""Lives: an episode's person with everything that was written about them before the first event."""

from collections.abc import Mapping

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.core.records import Record
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation, said
from stark_udfs.stages.text.personas import stage as personas


class EpisodeProfile(Record):
    """One row of `select` of `events` and `albums`."""

    episode_id: str
    name: str
    age: int
    gender: str
    birthplace: str
    residence: str
    narrative: str
    category: str
    entity_key: str
    entity_value: str
    sentence: str
    relation: Relation
    inference: str
    sensitive: bool = Field(description="of the persona sentence that the episode came from")


READS = (narratives.TABLE, commonsense.TABLE, personas.TABLE)


def episode_profiles(frames: Mapping[str, DataFrame]) -> DataFrame:
    """Narratives with the inference and the persona sentence that they came from; the columns of `EpisodeProfile`."""
    inferred = frames[commonsense.TABLE.name].select("commonsense_id", "persona_id", "relation", "inference")
    said_before = frames[personas.TABLE.name].select("persona_id", "category", "entity_key", "entity_value", "sentence")
    return (
        frames[narratives.TABLE.name]
        .join(inferred, "commonsense_id")
        .join(said_before, "persona_id")
        .select(*EpisodeProfile.model_fields)
    )


def profile_lines(row: EpisodeProfile) -> str:
    """The person in a few lines of a prompt."""
    return f"""\
- name: {row.name}
- age: {row.age}
- gender: {row.gender}
- born in: {row.birthplace}
- lives in: {row.residence}
- in their own words: {row.narrative}
- says of themselves: {row.sentence} {said(row.relation, row.inference)}"""
