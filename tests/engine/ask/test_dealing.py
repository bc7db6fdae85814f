"""Buckets dealt to tasks, against Spark's own hash."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from stark_udfs.engine.ask.dealing import dealt, numbers_of, spark_hash
from stark_udfs.engine.ask.worker import BUCKETS


def describe_buckets_dealt_to_tasks():
    def the_hash_is_sparks(spark: SparkSession):
        numbers = [*range(200), 2**31 - 1, 123_456_789]
        rows = spark.createDataFrame([(number,) for number in numbers], "number int")
        assert {row["number"]: row["hash"] for row in rows.withColumn("hash", F.hash("number")).collect()} == {
            number: spark_hash(number) for number in numbers
        }

    @pytest.mark.parametrize("tasks", [1, 2, 7, 64, 200])
    def each_task_has_a_number(tasks: int):
        numbers = numbers_of(tasks, min(tasks, BUCKETS))
        assert [spark_hash(number) % tasks for number in numbers] == list(range(len(numbers)))

    def every_task_gets_as_many_whole_buckets(spark: SparkSession):
        for tasks, each in ((8, {8}), (BUCKETS, {1})):
            rows = spark.range(0, 640, 1, 2).withColumn("bucket", F.col("id") % BUCKETS)
            parts = rows.repartition(tasks, dealt("bucket", BUCKETS, tasks)).groupBy(
                F.spark_partition_id().alias("part")
            )
            found = [set(row["buckets"]) for row in parts.agg(F.collect_set("bucket").alias("buckets")).collect()]
            assert len(found) == tasks
            assert {len(buckets) for buckets in found} == each
            assert set().union(*found) == set(range(BUCKETS))
