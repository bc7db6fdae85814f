"""The split of every episode, in Spark; the rule itself is `settings.splits.split_of`."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.stage import Frames
from stark_udfs.settings.splits import TEST, TRAIN, VALIDATION, SplitSettings
from stark_udfs.stages.text import narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables import columns

READS = (narratives.TABLE, commonsense.TABLE, personas.TABLE)  # what `episode_splits` needs


def split_column(demographic_id: Column, shares: SplitSettings, *, seed: int) -> Column:
    """`settings.splits.split_of` as a Spark expression."""
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
