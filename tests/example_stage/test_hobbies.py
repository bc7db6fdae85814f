"""A stage that nothing else in the project knows of: planned, run on the offline author, traced, run again for free."""

from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from stark_udfs import load_settings, run
from stark_udfs.engine.estimate import EstimateSource
from stark_udfs.engine.forecast import forecast
from stark_udfs.stages.people import demographics
from stark_udfs.tables.tables import Tables
from tests.example_stage import hobbies


def describe_a_stage_in_one_file():
    def it_is_planned_run_and_then_free(spark: SparkSession, tmp_path: Path):
        settings = load_settings(
            "base",
            overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files", "people.count=12"],
        )
        stages = (demographics.stage(settings), hobbies.stage(settings, hobbies.HobbiesSettings()))
        run(stages[:1], settings, spark)
        (plan,) = forecast(stages, settings, spark)
        assert (plan.todo.units, plan.calls, plan.basis) == (12, 12, EstimateSource.EXAMPLE)

        first = run(stages, settings, spark).stages[-1]
        assert (first.stage, first.rows_out, first.calls) == ("hobbies", 12, 12)
        assert Tables(spark, settings.storage).read(hobbies.TABLE).where("hobby = ''").count() == 0
        assert run(stages, settings, spark).stages[-1].calls == 0

    def a_plan_says_so_where_there_is_no_example(spark: SparkSession, tmp_path: Path):
        settings = load_settings(
            "base",
            overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files", "people.count=3"],
        )
        people = demographics.stage(settings)
        run([people], settings, spark)
        bare = replace(hobbies.stage(settings, hobbies.HobbiesSettings()), example=None)
        (plan,) = forecast([people, bare], settings, spark)
        assert (plan.todo.units, plan.money, plan.basis) == (3, 0.0, EstimateSource.UNKNOWN)
