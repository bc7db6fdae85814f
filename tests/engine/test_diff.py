"""What a write has to do, and which rows changed."""

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.records import Record
from stark_udfs.engine.diff import RowChanges, count, row_changes
from stark_udfs.tables.table import Table


class Town(Record):
    """A town."""

    town_id: str
    name: str | None
    run_id: str


TOWNS = Table("towns", Town, key=("town_id",))
KIND = "town_id string, name string, run_id string"


def describe_row_changes():
    @pytest.mark.parametrize(
        ("changes", "anything", "only_added"),
        [
            (RowChanges(), False, False),
            (RowChanges(insert=2), True, True),
            (RowChanges(insert=2, update=1), True, False),
            (RowChanges(insert=2, delete=1), True, False),
            (RowChanges(delete=1), True, False),
        ],
    )
    def they_say_how_they_are_written(changes: RowChanges, anything: bool, only_added: bool):
        assert (changes.any, changes.only_added) == (anything, only_added)

    def they_are_the_rows_that_came_changed_or_went(spark: SparkSession):
        old = [("same", "Bonn", "r-1"), ("null", None, "r-1"), ("moved", "Ulm", "r-1"), ("gone", "Jena", "r-1")]
        new = [("same", "Bonn", "r-2"), ("null", None, "r-2"), ("moved", "Neu-Ulm", "r-2"), ("new", "Gera", "r-2")]
        changed = row_changes(TOWNS, spark.createDataFrame(new, KIND), spark.createDataFrame(old, KIND)).cache()
        assert {(row["town_id"], row["name"], row["run_id"], row["op"]) for row in changed.collect()} == {
            ("moved", "Neu-Ulm", "r-2", "update"),
            ("gone", "Jena", "r-1", "delete"),
            ("new", "Gera", "r-2", "insert"),
        }
        assert count(changed) == RowChanges(insert=1, update=1, delete=1)
