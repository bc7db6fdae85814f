"""Commonsense: what a persona sentence lets one infer about a life, by PeaCoK's five relations."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import rng_of
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings, settings_named
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import started_column, stratum_column
from stark_udfs.stages.text.commonsense.relations import FORMS, Relation, self_portrait, tidy
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.categories import ADULT, drawn
from stark_udfs.stages.text.words import bullets, clean
from stark_udfs.tables import columns
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

INFERENCE_LIMIT = 300  # characters


class CommonsenseSettings(ChatStageSettings):
    """PeaCoK inferences."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(512, ge=1)


class RelationSeed(Record):
    """One call: a persona sentence and the relation asked for."""

    commonsense_id: str = Field(description="stable_id(persona_id, relation)")
    persona_id: str
    age: int
    gender: str
    birthplace: str
    residence: str
    category: str
    entity_key: str
    entity_value: str
    sentence: str
    sensitive: bool
    relation: Relation


class InferenceReply(ReplySchema):
    """What the model sends back."""

    inference: str = Field(
        description="the words that complete the given sentence beginning: 6 to 25 words, without that beginning, "
        "without a leading 'I' and without a final period"
    )


class Commonsense(Record):
    """One row of `commonsense`."""

    commonsense_id: str = Field(description="stable_id(persona_id, relation)")
    persona_id: str = Field(description="references personas.persona_id")
    relation: Relation
    inference: str = Field(description="completes its relation's sentence, as 'I regularly …'")
    sensitive: bool


TABLE = Table("commonsense", Commonsense, key=("commonsense_id",), parents=(("persona_id", "personas"),))

SYSTEM = """\
You know how people live. From one thing a person says about themselves you infer another that is likely, specific and
not a paraphrase."""


def ask(row: RelationSeed, replies: Sequence[InferenceReply]) -> Prompt | None:
    """One call per persona sentence and relation."""
    if replies:
        return None
    form = FORMS[row.relation]
    return Prompt(
        system=SYSTEM,
        user=f"""\
A person says of themselves:
{self_portrait(row.age, row.gender, row.birthplace, row.residence)} {row.sentence}

Complete this beginning: "{form.lead} …"

{bullets(_rules(row))}

The form, on another life ("I eat grilled sardines every market day."): "{form.lead} …" → {form.example}""",
        shape=InferenceReply,
    )


def _rules(row: RelationSeed) -> list[str]:
    form = FORMS[row.relation]
    rules = [
        f"It is {form.asks}.",
        "It follows from what the person says, and adds something that was not said: an action, a reason, a person, "
        "a habit, a place.",
        "It fits the person's age, gender, birthplace and residence, and could be shown in a scene or a photograph.",
        f"It completes the beginning grammatically: {form.starts}.",
        "It is one clause or two, concrete, without names of private people.",
        "It does not repeat the sentence in other words and does not fall back on a cliché.",
    ]
    if row.age < ADULT:
        rules.append(
            "The person is a minor: stay with home, school, friends and free time; no romance, alcohol or job."
        )
    if row.sensitive:
        rules.append("The subject is sensitive: no diagnosis, no dose, no call to vote, nobody is attacked.")
    return rules


def parse(row: RelationSeed, replies: Sequence[InferenceReply]) -> list[Commonsense | Reject]:
    """One row or reject."""
    return [_commonsense(row, reply) for reply in replies]


def _commonsense(row: RelationSeed, reply: InferenceReply) -> Commonsense | Reject:
    inference = tidy(row.relation, clean(reply.inference))
    if not inference:
        return Reject(reason=RejectReason.EMPTY, detail="no inference", key=row.commonsense_id)
    if len(inference) > INFERENCE_LIMIT:
        return Reject(reason=RejectReason.TOO_LONG, detail=f"{len(inference)} characters", key=row.commonsense_id)
    return Commonsense(
        commonsense_id=row.commonsense_id,
        persona_id=row.persona_id,
        relation=row.relation,
        inference=inference,
        sensitive=row.sensitive,
    )


def select(settings: "Settings", frames: Frames) -> DataFrame:
    """The first `pipeline.episodes` of persona × relation: calls in their order, within one by a seeded hash.

    With `pipeline.episodes_per_person`, so many of each person.
    """
    profiles = frames[demographics.TABLE.name].select("demographic_id", "age", "gender", "birthplace", "residence")
    relations = list(Relation)
    rng_of(settings.pipeline.seed, "relations").shuffle(relations)
    names = F.array(*(F.lit(relation.value) for relation in relations))
    shuffled = columns.seed_of(F.lit(settings.pipeline.seed), F.col("persona_id"))
    sentences, each = frames[personas.TABLE.name], settings.pipeline.episodes_per_person
    among = Window.partitionBy("ordinal" if each is None else "demographic_id")
    place = F.row_number().over(among.orderBy("ordinal", shuffled, "persona_id", "turn"))
    if not settings.quotas.started and each is None:
        sentences = sentences.join(F.broadcast(_before(settings, sentences)), "ordinal")
    candidates = (
        sentences.select("*", F.posexplode(names).alias("index", "relation"))
        .withColumn("turn", F.pmod(F.col("index") - _offset(settings), F.lit(len(relations))))
        .where(F.col("turn") < settings.personas.relations_each)
        .withColumn("place", place)
        .join(profiles, "demographic_id")
    )
    if settings.quotas.started:
        chosen = _by_stratum(settings, candidates)
    elif each is not None:
        chosen = candidates.where(F.col("place") <= each)
    else:
        chosen = candidates.where(F.col("before") + F.col("place") <= settings.pipeline.episodes)
    return chosen.select(
        columns.stable_id(F.col("persona_id"), F.col("relation")).alias("commonsense_id"),
        "persona_id",
        "age",
        "gender",
        "birthplace",
        "residence",
        "category",
        "entity_key",
        "entity_value",
        "sentence",
        "sensitive",
        "relation",
    )


def _by_stratum(settings: "Settings", candidates: DataFrame) -> DataFrame:
    """Of each stratum the first candidates, in the order in which they would be started without quotas."""
    first = Window.partitionBy("stratum").orderBy("ordinal", "place")
    return (
        candidates.withColumn("stratum", stratum_column(settings.quotas.by))
        .withColumn("nth", F.row_number().over(first))
        .where(F.col("nth") <= started_column(settings.quotas, F.col("stratum")))
    )


def _before(settings: "Settings", sentences: DataFrame) -> DataFrame:
    """By call: how many candidates come before its own. One row per call, so that no row is sorted with all others."""
    sizes = sentences.groupBy("ordinal").agg((F.count(F.lit(1)) * settings.personas.relations_each).alias("size"))
    so_far = F.sum("size").over(Window.orderBy("ordinal"))
    return sizes.select("ordinal", (so_far - F.col("size")).alias("before")).where(
        F.col("before") < settings.pipeline.episodes
    )


def _offset(settings: "Settings") -> Column:
    """Where a persona starts in the circle of relations.

    Over categories, over rounds through them and over the sentences of a call the relations take turns; what a persona
    starts with depends on nothing but itself, so that more rows never move it.
    """
    count = len(drawn(settings.personas.exclude_categories, sensitive=settings.personas.sensitive))
    ordinal = F.col("ordinal")
    return ordinal % count + F.floor(ordinal / count) + F.col("position")


CHECKS = (
    Check("words in an inference", Mean("size(split(inference, ' '))"), low=5, high=25),
    *(
        Check(f"share of {relation}", Share(f"relation = '{relation}'"), low=0.1, high=0.3, least=200)
        for relation in Relation
    ),
)


def stage(settings: "Settings") -> ChatStage[RelationSeed, InferenceReply, Commonsense]:
    """The stage with these settings."""
    return ChatStage(
        name="commonsense",
        reads=(personas.TABLE, demographics.TABLE),
        select=partial(select, settings),
        each=RelationSeed,
        unit="commonsense_id",
        ask=ask,
        parse=parse,
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.commonsense),
        settings=fingerprint_settings(settings.commonsense),
        scope={
            "seed": settings.pipeline.seed,
            **settings_named(settings.pipeline, "episodes", "episodes_per_person"),
            "quotas": settings_named(settings.quotas, "by", "started"),
            **settings_named(settings.personas, "relations_each", "exclude_categories", "sensitive"),
        },
        checks=CHECKS,
    )
