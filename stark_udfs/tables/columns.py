"""`core.ids` as Spark expressions: equal parts give equal ids and seeds on both sides.

Parts are strings or integers; null stands for None. Booleans and floats are spelt differently by the two languages.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from stark_udfs.core.ids import ID_LENGTH, SEPARATOR


def stable_id(*parts: Column) -> Column:
    """As `core.ids.stable_id`: 16 hex digits."""
    return F.substring(_digest(parts), 1, ID_LENGTH)


def seed_of(*parts: Column) -> Column:
    """As `core.ids.seed_of`: a bigint in [0, 2**52)."""
    return F.conv(F.substring(_digest(parts), 1, 13), 16, 10).cast("bigint")


def uniform(*parts: Column) -> Column:
    """`seed_of` as a double in [0, 1)."""
    return seed_of(*parts) / F.lit(2.0**52)


def _digest(parts: tuple[Column, ...]) -> Column:
    words = [F.coalesce(part.cast("string"), F.lit(str(None))) for part in parts]
    return F.sha2(F.concat_ws(SEPARATOR, *words), 256)
