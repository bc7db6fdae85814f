"""Personas: first-person sentences about one profile, each with a category, a key and a value."""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.core.errors import SettingsError
from stark_udfs.core.ids import canonical, rng_of, stable_id
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Counted, Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames, Unique
from stark_udfs.stages.fingerprint import fingerprint_settings, settings_named
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import started_column, stratum_column
from stark_udfs.stages.people.user_rows import OLDEST
from stark_udfs.stages.text.personas.categories import Category, drawn
from stark_udfs.stages.text.personas.prompt import PersonaItem, PersonaReply, PersonaSeed, ask
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.words import clean, excerpt
from stark_udfs.tables import columns
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

SENTENCE_LIMIT = 300  # characters
VALUE_LIMIT = 80
SCOPE = (
    "relations_each",
    "calls_per_profile",
    "extra_share",
    "exclude_categories",
    "sensitive",
    "fit_age",
)  # settings that only `select` reads
SEED_PARTS = ("demographic_id", "category", "entity_key", "draw")
CATEGORY_COLUMNS = (
    "array<struct<category:string,entity_key:string,sensitive:boolean,min_age:int,max_age:int,position:int>>"
)


class Persona(Record):
    """One row of `personas`."""

    persona_id: str = Field(description="stable_id(seed_id, position)")
    seed_id: str
    ordinal: int = Field(description="of its seed")
    position: int = Field(description="place in its reply, from 1")
    demographic_id: str = Field(description="references demographics.demographic_id")
    category: str = Field(description="one of 50, as 'Preference > Food'")
    entity_key: str = Field(description="as 'food'")
    entity_value: str = Field(description="as 'kimchi stew'; stands in the sentence")
    sentence: str
    sensitive: bool = Field(description="health, medicine, politics or a social issue")


TABLE = Table("personas", Persona, key=("persona_id",), parents=(("demographic_id", "demographics"),))


def parse(row: PersonaSeed, replies: Sequence[PersonaReply]) -> list[Persona | Reject]:
    """One row or reject per item of the reply."""
    return [_persona(row, position, item) for reply in replies for position, item in enumerate(reply.personas, 1)]


def _persona(row: PersonaSeed, position: int, item: PersonaItem) -> Persona | Reject:
    persona_id = stable_id(row.seed_id, position)
    sentence, key, value = clean(item.sentence), clean(item.key), clean(item.value)

    def reject(reason: RejectReason, detail: str) -> Reject:
        return Reject(reason=reason, detail=detail, key=persona_id)

    missing = [name for name, text in (("sentence", sentence), ("key", key), ("value", value)) if not text]
    if missing:
        return reject(RejectReason.MISSING_FIELD, f"item {position}: no {', '.join(missing)}")
    if len(sentence) > SENTENCE_LIMIT or len(value) > VALUE_LIMIT:
        return reject(RejectReason.TOO_LONG, f"sentence of {len(sentence)}, value of {len(value)} characters")
    if key.casefold() != row.entity_key.casefold():
        return reject(RejectReason.WRONG_KEY, f"{excerpt(key)!r}, not {row.entity_key!r}")
    if value.casefold() not in sentence.casefold():
        return reject(RejectReason.VALUE_NOT_IN_SENTENCE, f"{value!r} is not in {excerpt(sentence)!r}")
    return Persona(
        persona_id=persona_id,
        seed_id=row.seed_id,
        ordinal=row.ordinal,
        position=position,
        demographic_id=row.demographic_id,
        category=row.category,
        entity_key=row.entity_key,
        entity_value=value,
        sentence=sentence,
        sensitive=row.sensitive,
    )


def calls(settings: "Settings") -> int:
    """Calls that could give `pipeline.episodes` episodes, with some to spare where they are not counted by person."""
    if settings.pipeline.episodes_per_person is not None:
        return settings.pipeline.episodes // settings.pipeline.episodes_per_person * calls_per_person(settings)
    return max(1, math.ceil(settings.pipeline.episodes / _each(settings) * (1 + settings.personas.extra_share)))


def calls_per_person(settings: "Settings") -> int:
    """Calls that could give `pipeline.episodes_per_person` episodes."""
    return math.ceil((settings.pipeline.episodes_per_person or 0) / _each(settings))


def select(settings: "Settings", frames: Frames) -> DataFrame:
    """The first `calls` seeds: categories take turns, each in a seeded hash order of profiles.

    With `pipeline.episodes_per_person`, each profile's own first seeds: who else there is moves none of them.

    Raises:
        SettingsError: the profiles are more than `pipeline.episodes` has room for.
    """
    categories = list(drawn(settings.personas.exclude_categories, sensitive=settings.personas.sensitive))
    rng_of(settings.pipeline.seed, "categories").shuffle(categories)
    first = calls(settings)
    parts = [F.col(name) for name in SEED_PARTS]
    quotas = settings.quotas
    shuffled = F.xxhash64(F.lit(settings.pipeline.seed), *parts)  # half a million times: SHA-256 would take seconds
    profiles, each = frames[demographics.TABLE.name], settings.pipeline.episodes_per_person
    if each is None:
        turn = Window.partitionBy("position").orderBy(shuffled, "demographic_id", "draw")
    else:
        _check_room(profiles.count(), each, settings.pipeline.episodes)
        turn = Window.partitionBy("demographic_id").orderBy(shuffled, "position", "draw")
    ranked = _candidates(settings.personas, categories, profiles).withColumn("rank", F.row_number().over(turn))
    if each is not None:
        ranked = ranked.where(F.col("rank") <= calls_per_person(settings))
    elif not quotas.started:  # the rest is not even shuffled
        ranked = ranked.where(F.col("rank") <= _last_rank(settings.personas, categories, first))
    numbered = ranked.withColumn("ordinal", (F.col("rank") - 1).cast("bigint") * len(categories) + F.col("position"))
    if quotas.started:
        numbered = _by_stratum(settings, numbered)
    elif each is None:
        numbered = numbered.orderBy("ordinal").limit(first)
    return numbered.select(
        columns.stable_id(*parts).alias("seed_id"),
        "ordinal",
        "demographic_id",
        "age",
        "gender",
        "birthplace",
        "residence",
        "category",
        "entity_key",
        "sensitive",
    )


def _check_room(people: int, each: int, most: int) -> None:
    if people * each > most:
        raise SettingsError(
            f"pipeline.episodes: {people:,} people with {each:,} each (pipeline.episodes_per_person) are "
            f"{people * each:,} episodes, and {most:,} may be started in all. No call was made. Raise it (--episodes)."
        )


def _by_stratum(settings: "Settings", seeds: DataFrame) -> DataFrame:
    """Of each stratum the first seeds, so many as could give its candidates, with some to spare."""
    stratum = stratum_column(settings.quotas.by)
    wanted = started_column(
        settings.quotas, F.col("stratum"), each=_each(settings) / (1 + settings.personas.extra_share)
    )
    place = F.row_number().over(Window.partitionBy("stratum").orderBy("ordinal"))
    return seeds.withColumn("stratum", stratum).withColumn("place", place).where(F.col("place") <= wanted)


def _each(settings: "Settings") -> int:
    """Candidates that one call gives at most."""
    personas = settings.personas
    return min(personas.sentences, personas.sentences_each) * personas.relations_each


def _last_rank(settings: PersonasSettings, categories: Sequence[Category], first: int) -> int:
    """A rank after which no category has one of the `first` seeds: those that fit everybody have enough up to there."""
    for_all = [one for one in categories if not settings.fit_age or (one.min_age == 0 and one.max_age >= OLDEST)]
    return math.ceil(first / len(for_all)) if for_all else first


def _candidates(settings: PersonasSettings, categories: Sequence[Category], profiles: DataFrame) -> DataFrame:
    """Profiles × categories × draws, without the categories that do not fit an age."""
    literal = F.from_json(F.lit(_as_json(categories)), CATEGORY_COLUMNS)
    seeds = profiles.select(
        "demographic_id", "age", "gender", "birthplace", "residence", F.explode(literal).alias("drawn")
    ).select("demographic_id", "age", "gender", "birthplace", "residence", "drawn.*")
    if settings.fit_age:
        seeds = seeds.where(F.col("age").between(F.col("min_age"), F.col("max_age")))
    draw = (
        F.lit(0)
        if settings.calls_per_profile == 1
        else F.explode(F.sequence(F.lit(0), F.lit(settings.calls_per_profile - 1)))
    )
    return seeds.withColumn("draw", draw)


def _as_json(categories: Sequence[Category]) -> str:
    return canonical(
        [
            {
                "category": category.path,
                "entity_key": category.key,
                "sensitive": category.sensitive,
                "min_age": category.min_age,
                "max_age": category.max_age,
                "position": position,
            }
            for position, category in enumerate(categories)
        ]
    )


def _checks(settings: "Settings") -> tuple[Check, ...]:
    categories = len(drawn(settings.personas.exclude_categories, sensitive=settings.personas.sensitive))
    wanted, made = min(calls(settings), categories), "count(distinct category, entity_key)"
    turns = Check("drawn categories that gave a sentence", Counted(f"least({made}, {wanted})", of=f"{wanted}"), low=0.9)
    return (
        *((turns,) if settings.pipeline.episodes_per_person is None else ()),  # else no turns are taken
        Check("words in a sentence", Mean("size(split(sentence, ' '))"), low=6, high=25),
        Check("first person", Share("sentence rlike '(?i)\\\\b(I|my|me|mine|we|our|us)\\\\b'"), low=0.98),
        Check("distinct values", Counted("count(distinct category, lower(entity_value))"), low=0.3),
    )


def stage(settings: "Settings") -> ChatStage[PersonaSeed, PersonaReply, Persona]:
    """The stage with these settings.

    Raises:
        SettingsError: episodes are counted by person and by quotas.
    """
    if settings.pipeline.episodes_per_person is not None and (settings.quotas.accepted or settings.quotas.started):
        raise SettingsError(
            "pipeline.episodes_per_person and quotas.accepted exclude each other: quotas choose among all people, "
            "so those who come later change who is chosen. Leave one of them null."
        )
    return ChatStage(
        name="personas",
        reads=(demographics.TABLE,),
        select=partial(select, settings),
        each=PersonaSeed,
        unit="seed_id",
        order="ordinal",
        ask=partial(ask, settings.personas, settings.pipeline.seed),
        parse=parse,
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.personas),
        settings={"seed": settings.pipeline.seed, **fingerprint_settings(settings.personas, *SCOPE)},
        scope={
            **settings_named(settings.pipeline, "episodes", "episodes_per_person"),
            "quotas": settings_named(settings.quotas, "by", "started"),
            **settings_named(settings.personas, *SCOPE),
        },
        take=settings.personas.sentences_each,
        unique=Unique(on="sentence", within="category", near=settings.personas.near_duplicate),
        checks=_checks(settings),
    )
