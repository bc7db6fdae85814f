"""Which split an episode belongs to: by a hash of its person, so that all episodes of one person share it.

The split hangs on the seed and the `demographic_id` alone. Test lies at the bottom of [0, 1), validation above it: more
people never move anybody, and a larger share of test takes people from validation, never from test.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.core import ids
from stark_udfs.engine.stage import Frames
from stark_udfs.settings.splits import SplitSettings
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables import columns

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
READS = (narratives.TABLE, commonsense.TABLE, personas.TABLE)  # what `episode_splits` needs


def split_of(demographic_id: str, shares: SplitSettings, *, seed: int) -> str:
    """The split of a person: train, validation or test.

    Args:
        demographic_id: who the person is; `demographics.demographic_id`.
        shares: of the people.
        seed: of the run.

    Example:
        ```python
        split_of("daba8bf653d0a4d1", SplitSettings(), seed=42)  # "train"
        ```
    """
    place = ids.seed_of(seed, demographic_id, "split") / 2.0**52
    if place < shares.test:
        return TEST
    return VALIDATION if place < shares.test + shares.validation else TRAIN


def split_column(demographic_id: Column, shares: SplitSettings, *, seed: int) -> Column:
    """`split_of` as a Spark expression."""
    place = columns.uniform(F.lit(seed), demographic_id, F.lit("split"))
    return F.when(place < shares.test, TEST).when(place < shares.test + shares.validation, VALIDATION).otherwise(TRAIN)


def episode_splits(frames: Frames, shares: SplitSettings, *, seed: int) -> DataFrame:
    """`episode_id`, `demographic_id` and `split` of every episode.

    Args:
        frames: those of `READS` by name.
        shares: of the people.
        seed: of the run.
    """
    said = frames[commonsense.TABLE.name].select("commonsense_id", "persona_id")
    who = frames[personas.TABLE.name].select("persona_id", "demographic_id")
    return (
        frames[narratives.TABLE.name]
        .select("episode_id", "commonsense_id")
        .join(said, "commonsense_id")
        .join(who, "persona_id")
        .select(
            "episode_id",
            "demographic_id",
            split_column(F.col("demographic_id"), shares, seed=seed).alias("split"),
        )
    )
