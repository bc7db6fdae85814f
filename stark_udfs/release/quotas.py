"""Filling quotas: which strata are open, and how many candidates each is given next. Pure, but for the counting."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import SettingsError
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import QuotasSettings, stratum_column
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.categories import drawn
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.verdicts import judgements, moderations
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.verdict import FLAGGED
from stark_udfs.tables.tables import Tables

MOST_STRATA = 5_000
GUESS, LEAST_RATE = 0.5, 0.1  # accepted of a stratum's candidates: before anything is known, and as taken at least
ENOUGH = 3  # candidates of a stratum that tell something: single ones are dropped by their own fault


@dataclass(frozen=True)
class Tally:
    """By stratum: episodes accepted, and candidates that the tables have."""

    accepted: Mapping[str, int]
    candidates: Mapping[str, int]


@dataclass(frozen=True)
class Shortfall:
    """A stratum that will not be filled, and why."""

    stratum: str
    accepted: int
    why: str


def first_round(quotas: QuotasSettings, strata: Sequence[str], before: Tally) -> dict[str, int]:
    """Candidates by stratum to begin with: as many as are to be accepted, or as many as were started before.

    Raises:
        SettingsError: that is more than may be started.
    """
    wanted = _wanted(quotas)
    least = wanted * len(strata)
    if least > quotas.max_candidates:
        raise SettingsError(
            f"quotas: {len(strata):,} strata with {wanted:,} episodes each take {least:,} candidates at least, and "
            f"quotas.max_candidates is {quotas.max_candidates:,}. Raise it, ask for fewer, or name fewer parts in "
            "quotas.by."
        )
    return {name: max(wanted, before.candidates.get(name, 0)) for name in strata}


def next_round(
    quotas: QuotasSettings, started: Mapping[str, int], now: Tally, before: Tally | None
) -> tuple[dict[str, int], list[Shortfall]]:
    """Candidates by stratum for the round after this one, and the open strata that get none.

    An open stratum gets as many more as its acceptance so far says are missing. One that lacks three candidates or
    more, and got none though more were asked for, has nobody left. Counts never fall; equal tallies give equal rounds.
    """
    wanted = _wanted(quotas)
    room = quotas.max_candidates - sum(started.values())
    new, short = dict(started), []
    missing = {name: wanted - now.accepted.get(name, 0) for name in started}
    for name in sorted(missing, key=lambda one: (-missing[one], one)):
        got, there = now.accepted.get(name, 0), now.candidates.get(name, 0)
        if missing[name] <= 0:
            continue
        if before is not None and started[name] - there >= ENOUGH and there <= before.candidates.get(name, 0):
            short.append(Shortfall(name, got, "nobody left of this stratum: raise people.count"))
            continue
        rate = max(LEAST_RATE, got / there) if there >= ENOUGH else GUESS
        more = min(room, math.ceil(missing[name] / rate))
        if more <= 0:
            short.append(Shortfall(name, got, "quotas.max_candidates is reached"))
            continue
        room -= more
        new[name] += more
    return new, short


def filled(quotas: QuotasSettings, strata: Iterable[str], now: Tally) -> list[str]:
    """The strata that have what they are to have."""
    return [name for name in strata if now.accepted.get(name, 0) >= _wanted(quotas)]


def _wanted(quotas: QuotasSettings) -> int:
    if quotas.accepted is None:
        raise SettingsError("quotas.accepted is not set: say how many episodes each stratum is to have.")
    return quotas.accepted


def strata_of(spark: SparkSession, settings: Settings) -> list[str]:
    """The strata that the people of the warehouse make, in alphabetical order.

    Raises:
        SettingsError: they are too many.
        StorageError: there are no people yet.
    """
    people = Tables(spark, settings.storage).read(demographics.TABLE)
    if "category" in settings.quotas.by:
        section = settings.personas
        allowed = [(one.path,) for one in drawn(section.exclude_categories, sensitive=section.sensitive)]
        people = people.crossJoin(spark.createDataFrame(sorted(set(allowed)), "category string"))
    found = people.select(stratum_column(settings.quotas.by).alias("stratum")).distinct()
    rows = sorted(str(row["stratum"]) for row in found.limit(MOST_STRATA + 1).collect())
    if len(rows) > MOST_STRATA:
        raise SettingsError(f"quotas.by makes more than {MOST_STRATA:,} strata. Name fewer parts.")
    return rows


def tally(spark: SparkSession, settings: Settings) -> Tally:
    """What the tables have; nothing where a stage has not run yet."""
    tables = Tables(spark, settings.storage)
    if not all(tables.exists(table) for table in (commonsense.TABLE, personas.TABLE)):
        return Tally({}, {})
    category = tables.read(personas.TABLE).select("persona_id", "demographic_id", "category")
    profile = tables.read(demographics.TABLE).select("demographic_id", "age", "gender", "birthplace")
    started = (
        tables.read(commonsense.TABLE)
        .select("commonsense_id", "persona_id")
        .join(category, "persona_id")
        .join(profile, "demographic_id")
        .select("commonsense_id", stratum_column(settings.quotas.by).alias("stratum"))
    )
    if not all(tables.exists(table) for table in (narratives.TABLE, sessions.TABLE)):
        return Tally({}, _counted(started))
    people = tables.read(narratives.TABLE).select("episode_id", "commonsense_id")
    good = started.join(people, "commonsense_id").join(_accepted(tables, settings), "episode_id", "left_semi")
    return Tally(_counted(good), _counted(started))


def _accepted(tables: Tables, settings: Settings) -> DataFrame:
    """Episodes with sessions enough, none of them flagged, and judged well enough where that counts."""
    least, most = settings.sessions.min_sessions, settings.sessions.max_sessions
    counts = tables.read(sessions.TABLE).groupBy("episode_id").agg(F.count(F.lit(1)).alias("n"))
    good = counts.where(F.col("n").between(least, most)).select("episode_id")
    if tables.exists(moderations.TABLE):
        bad = tables.read(moderations.TABLE).where(F.col("label") == FLAGGED).select("episode_id")
        good = good.join(bad, "episode_id", "left_anti")
    if settings.quotas.min_judgement is not None:
        scores = F.explode(F.array(*(F.col(one.value) for one in Criterion))).alias("score")
        mean = (
            tables.read(judgements.TABLE)
            .select("episode_id", scores)
            .groupBy("episode_id")
            .agg(F.avg("score").alias("mean"))
        )
        good = good.join(mean.where(F.col("mean") >= settings.quotas.min_judgement), "episode_id", "left_semi")
    return good


def _counted(rows: DataFrame) -> dict[str, int]:
    return {str(row["stratum"]): int(row["count"]) for row in rows.groupBy("stratum").count().collect()}
