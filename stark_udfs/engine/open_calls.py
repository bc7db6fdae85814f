"""The open calls of a stage as a DataFrame: what its units wait for. Asking, planning, trying and files all read it."""

from pyspark.sql import DataFrame

from stark_udfs.engine.guard import repaid
from stark_udfs.engine.replay import unit_type


def open_calls(played: DataFrame) -> DataFrame:
    """One row per unit that waits for a call.

    Args:
        played: `played_type`.

    Returns:
        `unit_type`; of the call `key`, `request`, `round` and `attempt`, and the most that it can take: `tokens` and
        `money`; `again`: the unit has a verdict already, so that this call would pay for it a second time.
    """
    return played.where("open IS NOT NULL").select(*unit_type().names, "open.*", repaid().alias("again"))
