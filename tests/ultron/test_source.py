"""Tables as rows on the driver: the same out of a folder, without Spark, and out of a catalog, with it."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.ultron.source import Source

SCHEMA = "sample_id string, split string, role string, face string, context array<struct<text string>>"
ROWS = [
    ("a", "train", "assistant", None, [("Hello.",)]),
    ("b", "train", "user", "face.png", []),
    ("c", "test", "assistant", None, [("Bye.",)]),
]
NAME = "training_samples"


def of(root: str, **where: str) -> list[dict[str, object]]:
    return sorted((dict(row) for row in Source(root, NAME).rows(where=where)), key=lambda row: str(row["sample_id"]))


def describe_source():
    def it_reads_a_catalog_as_it_reads_a_folder(spark: SparkSession, tmp_path: Path):
        rows = spark.createDataFrame(ROWS, SCHEMA)
        rows.write.format("delta").save(f"{tmp_path}/tables/{NAME}")
        spark.sql(f"CREATE SCHEMA stark_source LOCATION '{tmp_path}/schema'")
        try:
            root = "spark_catalog.stark_source"
            rows.write.format("delta").saveAsTable(f"{root}.{NAME}")
            assert of(root) == of(f"{tmp_path}/tables")
            assert [row["sample_id"] for row in of(root, split="train", role="assistant")] == ["a"]
            assert Source(root, NAME).version == 0
            assert list(Source(root, NAME).rows(["sample_id"], {"split": "test"})) == [{"sample_id": "c"}]
            with pytest.raises(StorageError, match="there is no table sessions"):
                Source(root, "sessions")
        finally:
            spark.sql("DROP SCHEMA stark_source CASCADE")
