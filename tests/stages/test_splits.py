from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.ids import stable_id
from stark_udfs.settings.splits import SPLITS, SplitSettings, split_of
from stark_udfs.stages.splits import split_column

PEOPLE = [stable_id("person", number) for number in range(3000)]


def describe_the_split_of_a_person():
    def it_takes_the_shares_of_the_people():
        found = [split_of(who, SplitSettings(validation=0.1, test=0.2), seed=42) for who in PEOPLE]
        shares = {name: found.count(name) / len(found) for name in SPLITS}
        assert abs(shares["validation"] - 0.1) < 0.02
        assert abs(shares["test"] - 0.2) < 0.03

    def it_moves_nobody_out_of_test_when_test_grows():
        small, large = SplitSettings(validation=0.1, test=0.1), SplitSettings(validation=0.1, test=0.2)
        before = {who for who in PEOPLE if split_of(who, small, seed=42) == "test"}
        assert before < {who for who in PEOPLE if split_of(who, large, seed=42) == "test"}

    def it_is_the_same_in_spark(spark: SparkSession):
        shares = SplitSettings(validation=0.2, test=0.2)
        frame = spark.createDataFrame([(who,) for who in PEOPLE[:300]], "who string")
        rows = frame.select("who", split_column(F.col("who"), shares, seed=7).alias("split")).collect()
        assert {row["who"]: row["split"] for row in rows} == {
            who: split_of(who, shares, seed=7) for who in PEOPLE[:300]
        }
