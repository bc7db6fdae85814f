"""Quotas: how many accepted episodes each stratum of people is to have, and how candidates are started by stratum.

A stratum is a person's age band, gender and country of birth, and the category of the persona sentence, or any part of
these. Within a stratum candidates stand in the order in which a run without quotas would start them: raising how many
are started only adds.
"""

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import Field
from pyspark.sql import Column
from pyspark.sql import functions as F

from stark_udfs.settings.section import Section
from stark_udfs.stages.people.strata import OLDEST_FROM, WIDTH

Part = Literal["age_band", "gender", "country", "category"]
BETWEEN = " | "


class QuotasSettings(Section):
    """Accepted episodes by stratum, for `stark run --until-quota`."""

    accepted: int | None = Field(None, ge=1, description="episodes that every stratum is to have; null: no quotas")
    by: tuple[Part, ...] = Field(
        ("age_band", "gender"), min_length=1, description="age_band, gender, country (of birth), category: any of them"
    )
    max_candidates: int = Field(1000, ge=1, description="episodes to start at most, over all strata")
    max_rounds: int = Field(10, ge=1)
    min_judgement: float | None = Field(
        None, ge=1, le=4, description="mean score of an episode's judgements from which it is accepted; null: any"
    )
    started: dict[str, int] = Field(
        default_factory=dict, description="candidates by stratum; set by the rounds, empty: pipeline.episodes holds"
    )


def band_column(age: Column) -> Column:
    """`strata.band_of` as a column."""
    low = (F.floor(age / WIDTH) * WIDTH).cast("int")
    between = F.concat(low.cast("string"), F.lit("-"), (low + (WIDTH - 1)).cast("string"))
    return F.when(low >= OLDEST_FROM, f"{OLDEST_FROM}+").otherwise(between)


def stratum_column(by: tuple[Part, ...]) -> Column:
    """The stratum of a row that has age, gender, birthplace and, where it counts, category."""
    parts: Mapping[Part, Column] = {
        "age_band": band_column(F.col("age")),
        "gender": F.col("gender"),
        "country": F.col("birthplace"),
        "category": F.col("category") if "category" in by else F.lit(""),
    }
    return F.concat_ws(BETWEEN, *(parts[part] for part in by))


def started_column(quotas: QuotasSettings, stratum: Column, *, each: float = 1.0) -> Column:
    """How many candidates of a stratum are started, in parts of which each gives `each`; 0 for other strata."""
    counts = {name: math.ceil(count / each) for name, count in sorted(quotas.started.items())}
    pairs = [F.lit(part) for name, count in counts.items() for part in (name, count)]
    return F.coalesce(F.element_at(F.create_map(*pairs), stratum), F.lit(0))
