"""Buckets of units dealt to tasks, each the same number.

Spark sends a row to a partition by a hash of a column: 64 buckets in 64 partitions leave a third of those empty and
put four buckets into one, so that most of 64 devices would wait. Here a bucket has a number whose hash is that of the
partition wanted.
"""

from functools import cache

from pyspark.sql import Column
from pyspark.sql import functions as F

SEED = 42  # of Spark's hash partitioning
WORD = 0xFFFFFFFF


def dealt(bucket: str, buckets: int, tasks: int) -> Column:
    """What to `repartition(tasks, …)` by, so that partition i has the buckets i, i + tasks, … of a column."""
    numbers = numbers_of(tasks, min(tasks, buckets))
    place = F.pmod(F.col(bucket), F.lit(len(numbers))).cast("int")
    return F.element_at(F.array(*(F.lit(number) for number in numbers)), place + 1)


@cache
def numbers_of(tasks: int, wanted: int) -> tuple[int, ...]:
    """For each of the first `wanted` of so many partitions, an int that Spark sends there."""
    found: dict[int, int] = {}
    number = 0
    while len(found) < wanted:
        place = spark_hash(number) % tasks
        if place < wanted:
            found.setdefault(place, number)
        number += 1
    return tuple(found[place] for place in range(wanted))


def spark_hash(number: int) -> int:
    """Spark's `hash` of one int in [0, 2**31): MurmurHash3 for x86, 32 bits, signed."""
    mixed = _rotated(number * 0xCC9E2D51 & WORD, 15) * 0x1B873593 & WORD
    hashed = _rotated(SEED ^ mixed, 13) * 5 + 0xE6546B64 & WORD
    hashed ^= 4  # bytes
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & WORD
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & WORD
    hashed ^= hashed >> 16
    return hashed - (1 << 32) if hashed >> 31 else hashed


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & WORD
