"""People who come over time: a Delta table that grows, five times, and a run after each growth."""

from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.run import RunReport, run
from stark_udfs.settings.chat_models import Defects
from stark_udfs.stages.people import demographics
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.tables.tables import Tables

COLUMNS = "demographic_id string, age int, gender string, birthplace string, residence string"
TABLES = (demographics.TABLE, personas.TABLE, commonsense.TABLE)
COUNTRIES = ("Japan", "Egypt", "France", "Brazil")
EACH = 2  # episodes
CALLS = 1 + EACH  # one for the sentences, one for each inference

Rows = dict[str, set[str]]


class Product:
    """A growing table of people, and the warehouse that is made from it."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.source, self.folder = spark, str(folder / "my people"), folder

    def write(self, names: str, mode: str = "append") -> None:
        rows = [(name, 20 + ord(name) % 50, "female", COUNTRIES[ord(name) % len(COUNTRIES)], "Japan") for name in names]
        self.spark.createDataFrame(rows, COLUMNS).coalesce(1).write.format("delta").mode(mode).save(self.source)

    def leave(self, name: str) -> None:
        DeltaTable.forPath(self.spark, self.source).delete(f"demographic_id = '{name}'")

    def settings(self, *more: str) -> Settings:
        places = [f"storage.{name}={self.folder}/{name}" for name in ("tables", "files")]
        given = [f"people.source={self.source}", f"pipeline.episodes_per_person={EACH}", "personas.sentences=4"]
        given += ["personas.sentences_each=3", "personas.near_duplicate=null"]
        sound = [f"models.default.defects.{defect}=0" for defect in Defects.model_fields]
        return load_settings("demo", overrides=[*places, *given, *sound, *more])

    def run(self, *more: str, wanted: Wanted | None = None, only: int | None = None) -> RunReport:
        settings = self.settings(*more)
        chosen = [module.stage(settings) for module in (demographics, personas, commonsense)]
        return run(chosen if only is None else chosen[only : only + 1], settings, self.spark, wanted=wanted)

    def rows(self) -> Rows:
        """Every column of every row, as text."""
        read = Tables(self.spark, self.settings().storage).read
        return {table.name: set(read(table).toJSON().collect()) for table in TABLES}

    def people(self) -> set[str]:
        read = Tables(self.spark, self.settings().storage).read
        asked = read(commonsense.TABLE).join(read(personas.TABLE), "persona_id").groupBy("demographic_id").count()
        return {row["demographic_id"] for row in asked.collect() if row["count"] == EACH}


def calls(report: RunReport) -> int:
    return sum(stage.calls for stage in report.stages)


def looked_at(report: RunReport) -> int:
    return report.stages[0].rows_in - report.stages[0].reused


@pytest.mark.usefixtures("spark")
def describe_people_who_come_over_time():
    def each_run_asks_for_new_people_alone_and_nobody_goes_untold(spark: SparkSession, tmp_path: Path):
        product = Product(spark, tmp_path)
        everybody, before = "", {}

        def grown(new: str, *, read: int) -> None:
            nonlocal everybody, before
            everybody += new
            report = product.run()
            assert (calls(report), looked_at(report)) == (CALLS * len(new), read)
            now = product.rows()
            assert all(now[name] >= rows for name, rows in before.items())  # what was there is as it was, run ids too
            assert product.people() == set(everybody)
            before = now

        product.write("abc")
        grown("abc", read=3)
        product.write("de")
        grown("de", read=2)
        product.leave("b")
        product.write("f")
        grown("f", read=3)  # Delta wrote the file of a and c anew
        product.write("hgfedca", mode="overwrite")
        grown("gh", read=7)
        product.write("i")
        product.leave("a")
        grown("i", read=7)
        assert [stage.state for stage in product.run().stages] == ["unchanged"] * 3

        with pytest.raises(GuardStopped, match="would remove 2 rows that its source does not have any more"):
            product.run(wanted=Wanted(remove_missing=1))
        assert product.rows() == before
        alone = [product.run(wanted=Wanted(remove_missing=2), only=stage) for stage in range(3)]  # as tasks of a job
        assert [report.stages[0].removed for report in (alone[0], alone[2])] == [2, 2 * EACH]
        assert sum(map(calls, alone)) == 0
        assert product.people() == set(everybody) - set("ab")

        product.write("a")  # who comes back is there again, and was paid for
        assert calls(product.run()) == 0
        product.write("j")
        with pytest.raises(GuardStopped, match="personas chose among all of them") as stopped:
            product.run("pipeline.episodes_per_person=null")
        assert "pipeline.episodes_per_person" in str(stopped.value)
