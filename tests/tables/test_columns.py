import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.core import ids
from stark_udfs.tables.columns import seed_of, stable_id, uniform

PARTS = [
    ("", "", 0),
    ("a", "b", 1),
    ("a\x1fb", "", -7),
    ("naïve – “quoted” 'single' \\ \\u0041", "line\nbreak\ttab\r", 2**53),
    ("日本語", "👩\u200d🔬 e\u0301", 42),
    (None, "None", None),
    (" spaced ", "%s {x} $y", 10**18),
    ("x" * 10_000, "\x00", -1),
]


@pytest.fixture(scope="module")
def rows(spark: SparkSession):
    frame = spark.createDataFrame(PARTS, "a string, b string, c bigint")
    parts = [F.col("a"), F.lit("|"), F.col("b"), F.col("c")]
    return frame.select(
        "a", "b", "c", stable_id(*parts).alias("id"), seed_of(*parts).alias("seed"), uniform(*parts).alias("uniform")
    ).collect()


def describe_columns():
    def they_are_all_there(rows):
        assert len(rows) == len(PARTS)

    def stable_id_is_that_of_core(rows):
        assert [row["id"] for row in rows] == [ids.stable_id(a, "|", b, c) for a, b, c in PARTS]

    def seed_of_is_that_of_core(rows):
        assert [row["seed"] for row in rows] == [ids.seed_of(a, "|", b, c) for a, b, c in PARTS]

    def uniform_is_the_seed_in_the_unit_interval(rows):
        assert [row["uniform"] for row in rows] == [ids.seed_of(a, "|", b, c) / 2**52 for a, b, c in PARTS]
