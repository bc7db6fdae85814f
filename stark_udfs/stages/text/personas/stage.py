"""Personas: first-person sentences about one profile, each with a category, a key and a value."""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import canonical, rng_of, stable_id
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Counted, Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames, Unique
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.fingerprint import fingerprint_settings, settings_named
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import started_column, stratum_column
from stark_udfs.stages.people.user_rows import OLDEST
from stark_udfs.stages.text.personas.categories import ADULT, Category, category_of, drawn
from stark_udfs.stages.text.personas.examples import examples_for
from stark_udfs.stages.text.words import bullets, clean, excerpt
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


class PersonasSettings(ChatStageSettings):
    """Social persona sentences."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(3072, ge=1)
    sentences: int = Field(30, ge=1, le=100, description="asked for in one call")
    sentences_each: int = Field(
        3,
        ge=1,
        description="kept per call: the fewer, the more profiles and categories an equal number of episodes has "
        "(paper: all)",
    )
    relations_each: int = Field(1, ge=1, le=5, description="episodes from one sentence (paper: 5)")
    calls_per_profile: int = Field(1, ge=1, description="calls per profile and category")
    extra_share: float = Field(
        0.1, ge=0, description="share of calls beyond the least that could give `pipeline.episodes`"
    )
    examples: int = Field(5, ge=0, le=30, description="example sentences in the prompt")
    near_duplicate: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="Jaccard similarity of word sets from which two sentences are one; null: exact only",
    )
    exclude_categories: tuple[str, ...] = Field((), description="categories that are not drawn")
    sensitive: bool = Field(True, description="whether sensitive categories are drawn at all")
    fit_age: bool = Field(
        True, description="whether a category is kept from ages it does not fit, sensitive ones from under-18s"
    )


class PersonaSeed(Record):
    """One call: a profile and the category that its sentences are about."""

    seed_id: str = Field(description="stable_id(demographic_id, category, entity_key, draw)")
    ordinal: int = Field(description="place in the stratified order over all seeds, from 0; may have gaps")
    demographic_id: str
    age: int
    gender: str
    birthplace: str
    residence: str
    category: str
    entity_key: str
    sensitive: bool


class PersonaItem(ReplySchema):
    """One sentence of the reply."""

    sentence: str = Field("", description="one first-person sentence of 6 to 25 words that contains the value")
    key: str = Field("", description="the given key, copied exactly")
    value: str = Field("", description="what the sentence says for that key: a specific name or thing of 1 to 5 words")


class PersonaReply(ReplySchema):
    """What the model sends back."""

    personas: list[PersonaItem] = Field(description="as many sentences as asked for, no two with the same value")


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

SYSTEM = """\
You write what people say about themselves: short, specific, believable sentences that become the personas of a
conversation dataset. You stay true to the profile you are given and never fall back on clichés about a country, an age
or a gender."""


def ask(settings: PersonasSettings, seed: int, row: PersonaSeed, replies: Sequence[PersonaReply]) -> Prompt | None:
    """One call per profile and category."""
    if replies:
        return None
    category = category_of(row.category, row.entity_key)
    return Prompt(
        system=SYSTEM,
        user=f"""\
The person
- age: {row.age}
- gender: {row.gender}
- born in: {row.birthplace}
- lives in: {row.residence}

Write {settings.sentences} sentences that this person could say about {category.about}.
Category: {row.category}
Key: {row.entity_key}

What makes a good set
{bullets(_rules(row))}
{_shown(settings, seed, row)}
Reply with {settings.sentences} items, each with its sentence, the key "{row.entity_key}" and the value.""",
        shape=PersonaReply,
        facts={"sentences": settings.sentences},
        whole=False,
    )


def _rules(row: PersonaSeed) -> list[str]:
    rules = [
        "Every sentence is in the first person, stands on its own, and fits this person's age, gender, birthplace and "
        "residence.",
        f'Every sentence names one value for the key "{row.entity_key}"; the value is written in the sentence letter '
        "for letter.",
        "Values are concrete: a proper name or a particular kind, never the bare key.",
        "No value comes twice; well-known and little-known ones, from home and from elsewhere, are mixed.",
        "A sentence adds one detail of a life: with whom, when, where, how often or why. Openings and lengths vary.",
        "Each sentence may come from a different life of such a person; they need not agree with each other.",
        "Leave out: full names of private people, insults, sexual content, instructions, lists inside a sentence.",
    ]
    if row.age < ADULT:
        rules.append(
            f"The person is {row.age}, a minor: write what fits a life at home and at school at that age. No paid "
            "career, no driving, no alcohol, tobacco or gambling, no romance."
        )
    if row.sensitive:
        rules.append("The subject is sensitive: speak of it plainly and with dignity; advise nobody, attack nobody.")
    return rules


def _shown(settings: PersonasSettings, seed: int, row: PersonaSeed) -> str:
    """Examples of another category, so that form is shown and content is not."""
    if settings.examples == 0:
        return ""
    shown = examples_for(rng_of(seed, row.seed_id, "examples"), settings.examples, but=row.category, age=row.age)
    lines = [f'{sentence} → key "{shown.key}", value "{value}"' for sentence, value in shown.sentences]
    return f"\nThe form, shown on another category ({shown.path}):\n{bullets(lines)}\n"


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
    """Calls that could give `pipeline.episodes` episodes, with some to spare; at least 1."""
    return max(1, math.ceil(settings.pipeline.episodes / _each(settings) * (1 + settings.personas.extra_share)))


def select(settings: "Settings", frames: Frames) -> DataFrame:
    """The first `calls` seeds: categories take turns, each in a seeded hash order of profiles."""
    categories = list(drawn(settings.personas.exclude_categories, sensitive=settings.personas.sensitive))
    rng_of(settings.pipeline.seed, "categories").shuffle(categories)
    first = calls(settings)
    parts = [F.col(name) for name in SEED_PARTS]
    quotas = settings.quotas
    shuffled = F.xxhash64(F.lit(settings.pipeline.seed), *parts)  # half a million times: SHA-256 would take seconds
    turn = Window.partitionBy("position").orderBy(shuffled, "demographic_id", "draw")
    ranked = _candidates(settings.personas, categories, frames[demographics.TABLE.name]).withColumn(
        "rank", F.row_number().over(turn)
    )
    if not quotas.started:  # the rest is not even shuffled
        ranked = ranked.where(F.col("rank") <= _last_rank(settings.personas, categories, first))
    numbered = ranked.withColumn("ordinal", (F.col("rank") - 1).cast("bigint") * len(categories) + F.col("position"))
    return (_by_stratum(settings, numbered) if quotas.started else numbered.orderBy("ordinal").limit(first)).select(
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
    return (
        Check("drawn categories that gave a sentence", Counted(f"least({made}, {wanted})", of=f"{wanted}"), low=0.9),
        Check("words in a sentence", Mean("size(split(sentence, ' '))"), low=6, high=25),
        Check("first person", Share("sentence rlike '(?i)\\\\b(I|my|me|mine|we|our|us)\\\\b'"), low=0.98),
        Check("distinct values", Counted("count(distinct category, lower(entity_value))"), low=0.3),
    )


def stage(settings: "Settings") -> ChatStage[PersonaSeed, PersonaReply, Persona]:
    """The stage with these settings."""
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
            "episodes": settings.pipeline.episodes,
            "quotas": settings_named(settings.quotas, "by", "started"),
            **settings_named(settings.personas, *SCOPE),
        },
        take=settings.personas.sentences_each,
        unique=Unique(on="sentence", within="category", near=settings.personas.near_duplicate),
        checks=_checks(settings),
    )
