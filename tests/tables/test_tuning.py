import zipfile
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.tables.tuning import SMALL, SMALL_ROWS, Tuning, fitting, has_python

SHUFFLE = "spark.sql.shuffle.partitions"
ADAPTIVE = "spark.sql.adaptive.enabled"


def describe_what_fits():
    @pytest.mark.parametrize(
        ("rows", "cores", "partitions"),
        [(0, 8, 1), (10, 8, 1), (600, 8, 3), (5_000, 8, 8), (200_000, 2, 20), (200_000, 64, 64), (None, 16, 16)],
    )
    def it_is_a_partition_for_each_core_that_has_enough_to_do(rows: int | None, cores: int, partitions: int):
        found = fitting(rows, cores)
        assert found[SHUFFLE] == str(partitions)
        assert found[ADAPTIVE] == "false"

    def it_leaves_planning_to_spark_where_tables_are_large():
        found = fitting(SMALL_ROWS + 1, 8)
        assert found[SHUFFLE] == "21"
        assert not SMALL.keys() & found.keys()
        assert fitting(10_000_000, 8)[SHUFFLE] == "1000"


def describe_a_session_that_is_tuned():
    def it_is_as_it_was_after_the_run(spark: SparkSession):
        session = spark.newSession()
        session.conf.unset(ADAPTIVE)
        session.conf.unset(SHUFFLE)
        before = dict(session.conf.getAll)
        with Tuning(session) as tuning:
            tuning.fit(100)
            assert (session.conf.get(ADAPTIVE), session.conf.get(SHUFFLE)) == ("false", "1")
            tuning.fit(SMALL_ROWS + 1)
            assert (session.conf.get(ADAPTIVE), session.conf.get(SHUFFLE)) == ("true", "21")
        assert dict(session.conf.getAll) == before

    def it_keeps_what_the_user_set(spark: SparkSession):
        session = spark.newSession()
        session.conf.set(ADAPTIVE, "true")
        session.conf.set(SHUFFLE, "7")
        with Tuning(session) as tuning:
            tuning.fit(100)
            assert (session.conf.get(ADAPTIVE), session.conf.get(SHUFFLE)) == ("true", "7")
        assert (session.conf.get(ADAPTIVE), session.conf.get(SHUFFLE)) == ("true", "7")


def describe_jars_on_pythons_path():
    def it_leaves_those_with_python_in_them(tmp_path: Path):
        for name, inside in (("java", "a/B.class"), ("both", "a/b.py")):
            with zipfile.ZipFile(tmp_path / f"{name}.jar", "w") as jar:
                jar.writestr(inside, "")
        assert [has_python(str(tmp_path / f"{name}.jar")) for name in ("java", "both", "gone")] == [False, True, True]
