"""Narratives: a name and two or three sentences in which a person introduces themselves. Here an episode is born."""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Counted, Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.people import Gender
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.names import pools
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation, self_portrait, sentence_form
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.categories import ADULT
from stark_udfs.stages.text.words import bullets, clean, excerpt
from stark_udfs.tables import columns
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

NARRATIVE_LIMIT = 1200  # characters
NAME_COLUMNS = ", ".join(
    (
        "birthplace string",
        "counts_as string",
        "firsts array<struct<name:string,group:string>>",
        "lasts map<string,array<string>>",
    )
)


class NarrativesSettings(ChatStageSettings):
    """Personal narratives."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 0.95})
    reply_tokens: int = Field(1024, ge=1)


class NarrativeSeed(Record):
    """One call: everything known of a person before they speak."""

    episode_id: str = Field(description='stable_id(commonsense_id, "episode")')
    commonsense_id: str
    name: str = Field(description="given name and family name, Latin script")
    age: int
    gender: str
    birthplace: str
    residence: str
    category: str
    entity_key: str
    entity_value: str
    sentence: str
    relation: Relation
    inference: str
    sensitive: bool


class NarrativeReply(ReplySchema):
    """What the model sends back."""

    narrative: str = Field(description="2 to 3 first-person sentences; the first says the name")


class Narrative(Record):
    """One row of `narratives`: an episode's person."""

    episode_id: str = Field(description='stable_id(commonsense_id, "episode")')
    commonsense_id: str = Field(description="references commonsense.commonsense_id")
    name: str = Field(description="given name and family name, Latin script")
    age: int
    gender: str
    birthplace: str
    residence: str
    sentence_form: str = Field(description="what the narrative was made from: profile, persona and inference in a row")
    narrative: str = Field(description="first person, 2 to 3 sentences")
    sensitive: bool


TABLE = Table("narratives", Narrative, key=("episode_id",), parents=(("commonsense_id", "commonsense"),))

SYSTEM = """\
You turn a few bare statements about a person into how that person would introduce themselves: natural, specific, warm
without sweetness."""


def ask(row: NarrativeSeed, replies: Sequence[NarrativeReply]) -> Prompt | None:
    """One call per episode."""
    if replies:
        return None
    rules = [
        f"Two or three sentences in the first person; the first one says the name, {row.name}.",
        "Keep every statement: age, gender, where the person was born and lives, what they say of themselves and what "
        "follows from it. Change none of them.",
        "Join the statements by what connects them: a reason, a time, a feeling. Add one small detail at most.",
        "Plain spoken language: no dialogue, no title, no other named person, no moral at the end.",
    ]
    if row.age < ADULT:
        rules.append(
            "The person is a minor: let them sound their age and stay with home, school, friends and free time."
        )
    if row.sensitive:
        rules.append("The subject is sensitive: tell it with dignity; no diagnosis, no advice, no campaign.")
    return Prompt(
        system=SYSTEM,
        user=f"""\
Statements:
{form_of(row)}

Write the introduction.
{bullets(rules)}""",
        shape=NarrativeReply,
    )


def form_of(row: NarrativeSeed) -> str:
    """The statements in a row, ordered by the relation."""
    return sentence_form(
        row.relation,
        row.inference,
        name=row.name,
        portrait=self_portrait(row.age, row.gender, row.birthplace, row.residence),
        persona=row.sentence,
    )


def parse(row: NarrativeSeed, replies: Sequence[NarrativeReply]) -> list[Narrative | Reject]:
    """One row or reject."""
    return [_narrative(row, reply) for reply in replies]


def _narrative(row: NarrativeSeed, reply: NarrativeReply) -> Narrative | Reject:
    narrative = clean(reply.narrative)
    if not narrative:
        return Reject(reason=RejectReason.EMPTY, detail="no narrative", key=row.episode_id)
    if len(narrative) > NARRATIVE_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(narrative)} characters", key=row.episode_id)
    if not re.search(rf"\b{re.escape(row.name.split()[0])}\b", narrative, re.IGNORECASE):
        detail = f"{row.name} is not in {excerpt(narrative)!r}"
        return Reject(reason=RejectReason.NAME_MISSING, detail=detail, key=row.episode_id)
    return Narrative(
        episode_id=row.episode_id,
        commonsense_id=row.commonsense_id,
        name=row.name,
        age=row.age,
        gender=row.gender,
        birthplace=row.birthplace,
        residence=row.residence,
        sentence_form=form_of(row),
        narrative=narrative,
        sensitive=row.sensitive,
    )


def select(settings: "Settings", frames: Frames) -> DataFrame:
    """One row per inference, with the person's profile and a name of the birthplace."""
    said = frames[personas.TABLE.name].select(
        "persona_id", "demographic_id", "category", "entity_key", "entity_value", "sentence"
    )
    profiles = frames[demographics.TABLE.name].select("demographic_id", "age", "gender", "birthplace", "residence")
    seeds = (
        frames[commonsense.TABLE.name]
        .select("commonsense_id", "persona_id", "relation", "inference", "sensitive")
        .join(said, "persona_id")
        .join(profiles, "demographic_id")
        .withColumn("episode_id", columns.stable_id(F.col("commonsense_id"), F.lit("episode")))
        .withColumn("counts_as", _counts_as(settings.people.genders))
    )
    return seeds.join(F.broadcast(_names(settings, seeds.sparkSession)), ["birthplace", "counts_as"], "left").select(
        "episode_id",
        "commonsense_id",
        _full_name(settings).alias("name"),
        "age",
        "gender",
        "birthplace",
        "residence",
        "category",
        "entity_key",
        "entity_value",
        "sentence",
        "relation",
        "inference",
        "sensitive",
    )


def _counts_as(genders: Sequence[Gender]) -> Column:
    """Whose names a gender's word goes with."""
    words = [F.lit(part) for gender in genders for part in (gender.word, gender.counts_as)]
    return F.element_at(F.create_map(*words), F.col("gender"))


def _names(settings: "Settings", spark: SparkSession) -> DataFrame:
    """One row per country and male, female or both: firsts with their group, lasts by group."""
    rows = [
        (pool.country, pool.counts_as, list(pool.firsts), dict(pool.lasts)) for pool in pools(settings.people.names)
    ]
    return spark.createDataFrame(rows, NAME_COLUMNS, verifySchema=False)


def _full_name(settings: "Settings") -> Column:
    """A given name drawn by the episode's seed, then a family name of the same group."""

    def drawn(names: Column, kind: str) -> Column:
        seed = columns.seed_of(F.lit(settings.pipeline.seed), F.col("episode_id"), F.lit(kind))
        return F.element_at(names, (F.pmod(seed, F.size(names)) + 1).cast("int"))

    first = drawn(F.col("firsts"), "first name")
    last = drawn(F.element_at("lasts", first["group"]), "last name")
    complaint = F.concat(F.lit("no names for "), "birthplace", F.lit(", "), "gender", F.lit(": give people.names"))
    return F.when(F.col("firsts").isNotNull(), F.concat_ws(" ", first["name"], last)).otherwise(
        F.raise_error(complaint).cast("string")
    )


CHECKS = (
    Check("sentences in a narrative", Mean("size(split(narrative, '[.!?]+ '))"), low=2, high=3.5),
    Check("words in a narrative", Mean("size(split(narrative, ' '))"), low=20, high=90),
    Check("different names", Counted("count(distinct name)"), low=0.5),
    Check("first person", Share("narrative rlike '(?i)\\\\b(I|my|me)\\\\b'"), low=0.98),
)


def stage(settings: "Settings") -> ChatStage[NarrativeSeed, NarrativeReply, Narrative]:
    """The stage with these settings."""
    return ChatStage(
        name="narratives",
        reads=(commonsense.TABLE, personas.TABLE, demographics.TABLE),
        select=partial(select, settings),
        each=NarrativeSeed,
        unit="episode_id",
        ask=ask,
        parse=parse,
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.narratives),
        settings=fingerprint_settings(settings.narratives),
        scope={
            "seed": settings.pipeline.seed,
            "names": settings.people.names,
            "counts_as": {gender.word: gender.counts_as for gender in settings.people.genders},
        },
        checks=CHECKS,
    )
