"""What a user's Delta table tells: its version, and which rows came since one."""

from pathlib import Path
from shutil import rmtree

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from stark_udfs.core.errors import InputError
from stark_udfs.stages.people.user_delta import Version, came_since, version_of
from stark_udfs.stages.people.user_rows import Rules
from stark_udfs.stages.people.user_table import checksum, people_of, people_since

RULES = Rules(min_age=10, genders=(("f", "female"),), words=("female",), birthplaces=frozenset(["Japan"]))


def write(spark: SparkSession, path: str, *ages: int, mode: str = "append", where: str = "Japan") -> str:
    """Add people of these ages in one file; the version that the table has then."""
    rows = [(age, "f", "Japan", where) for age in ages]
    frame = spark.createDataFrame(rows, "age int, gender string, birthplace string, residence string")
    frame.coalesce(1).write.format("delta").mode(mode).save(path)
    version = version_of(spark, path)
    assert version is not None
    return version


def ages(spark: SparkSession, path: str, before: str) -> list[int] | None:
    found = came_since(spark, path, before)
    return None if found is None else sorted(row["age"] for row in found.collect())


def describe_version():
    def it_is_kept_as_text():
        assert Version.of(str(Version(12, 1_764_380_000_123))) == Version(12, 1_764_380_000_123)

    def what_is_no_delta_table_has_none(spark: SparkSession, tmp_path: Path):
        (tmp_path / "people.csv").write_text("age,gender,birthplace,residence\n", encoding="utf-8")
        assert version_of(spark, str(tmp_path / "people.csv")) is None
        assert version_of(spark, str(tmp_path / "none")) is None
        assert version_of(spark, "no_such_table") is None
        assert checksum(str(tmp_path / "people.csv")) is not None


def describe_what_came():
    def it_is_what_later_files_hold(spark: SparkSession, tmp_path: Path):
        path = str(tmp_path / "my people, 41% ä")
        first = write(spark, path, 20, 21)
        second = write(spark, path, 22)
        assert ages(spark, path, first) == [22]
        assert ages(spark, path, second) == []
        assert checksum(path) is None
        DeltaTable.forPath(spark, path).delete("age = 20")
        assert ages(spark, path, second) == [21]  # its file was written anew
        DeltaTable.forPath(spark, path).optimize().executeCompaction()
        assert ages(spark, path, second) == [21, 22]

    def it_cannot_be_told_of_a_table_that_went_back_or_was_made_anew(
        spark: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ):
        path = str(tmp_path / "people")
        first = write(spark, path, 20)
        second = write(spark, path, 21)
        DeltaTable.forPath(spark, path).restoreToVersion(0)
        assert ages(spark, path, second) is None
        assert "went back to an older version" in caplog.text
        rmtree(path)
        assert write(spark, path, 30) != first
        assert ages(spark, path, first) is None
        assert ages(spark, path, second) is None

    def it_is_checked_like_the_whole(spark: SparkSession, tmp_path: Path):
        path = str(tmp_path / "people")
        first = write(spark, path, 20)
        assert [row["age"] for row in people_of(spark, path, RULES).collect()] == [20]
        write(spark, path, 21, 22, where="Jappan")
        with pytest.raises(InputError, match=r"\(what came since version 0\): 2 of 2 rows cannot be used"):
            people_since(spark, path, RULES, first)
        DeltaTable.forPath(spark, path).delete("residence = 'Jappan'")
        assert people_since(spark, path, RULES, first).count() == 0
        DeltaTable.forPath(spark, path).delete()
        assert people_since(spark, path, RULES, first).count() == 0
        with pytest.raises(InputError, match="has no rows"):
            people_of(spark, path, RULES)
