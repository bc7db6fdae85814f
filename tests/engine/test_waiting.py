"""A stage whose input is empty because the stage before waits for its calls."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.errors import InputError, RunStopped
from stark_udfs.engine.context import Context, Wanted
from stark_udfs.engine.progress import STOPPED_BY_USER, Quiet
from stark_udfs.engine.run import run
from stark_udfs.engine.stage import Frames, Stage
from stark_udfs.engine.system_tables import RUNS, UNITS, UnitState
from stark_udfs.engine.unit_stage import no_input
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.table import Table
from stark_udfs.tables.tables import Tables
from tests.cli import small
from tests.engine.servers import Guide, serving
from tests.engine.toy import SIGHTS, TOWNS, Sight, Toy, stages

TOY = Toy(towns=3)
ROWS = {table.name: rows for table, rows in small.contents()}
UNIT = ROWS["units"][0].model_copy(update={"stage": "sights"})
RUN = ROWS["runs"][0].model_copy(update={"stage": "sights"})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings("demo", overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files"])


@pytest.fixture
def served() -> Iterator[tuple[Guide, str]]:
    guide = Guide()
    with serving(guide) as url:
        yield guide, url


def after(reads: Frames) -> DataFrame:
    return reads["sights"].selectExpr("sight_id AS town_id", "text AS name", "1L AS ordinal")


def pipeline(url: str, **more: object) -> tuple[Stage, ...]:
    """Towns, sights, and a stage that asks about each sight."""
    towns, asked = stages(TOY, url, **more)
    again = replace(
        asked, name="more", reads=(SIGHTS,), select=partial(after), writes=Table("more", Sight, ("sight_id",))
    )
    return towns, asked, replace(again, checks=(), unique=None)


def describe_a_stage_whose_input_waits_for_calls():
    def it_says_for_how_many_and_why_in_the_run_itself(spark: SparkSession, settings: Settings, served):
        guide, url = served
        guide.answer = lambda prompt, number: 500
        with pytest.raises(RunStopped) as caught:
            run(pipeline(url, call_budget_s=1, attempts=1), settings, spark)
        said = str(caught.value)
        assert said.startswith(
            "stage more has no rows to work on yet: stage sights waits for 3 open calls (transient: "
        ), said
        assert "`stark doctor`" in said
        assert "rejects" not in said
        (note,) = [
            row["note"] for row in Tables(spark, settings.storage).read(RUNS).where("stage = 'sights'").collect()
        ]
        assert note in said

    @pytest.mark.parametrize(
        ("note", "says"),
        [
            (
                "budget: 1.0000 spent of 1.0000",
                "(budget: 1.0000 spent of 1.0000). Nothing was removed. Run again with a",
            ),
            (STOPPED_BY_USER, "(stopped by the user). Nothing was removed. Run again: it goes on from there."),
            ("", "stage sights waits for 2 open calls. Nothing was removed."),
        ],
    )
    def it_says_why_an_earlier_run_left_them_open(spark: SparkSession, settings: Settings, note: str, says: str):
        context = left_open(spark, settings, note)
        error = no_input(context, "more", (SIGHTS,))
        assert isinstance(error, RunStopped)
        assert "stage sights waits for 2 open calls" in str(error)
        assert says in str(error)

    def it_speaks_of_rejects_where_nothing_is_open(spark: SparkSession, settings: Settings):
        error = no_input(left_open(spark, settings, ""), "more", (TOWNS,))
        assert isinstance(error, InputError)
        assert "its input has no rows (towns). Nothing was removed. Run the stages before it, or look into" in str(
            error
        )


def left_open(spark: SparkSession, settings: Settings, note: str) -> Context:
    """A new run over a warehouse in which an earlier one left two of three units of `sights` open."""
    root = Path(settings.storage.tables)
    states = (UnitState.OPEN, UnitState.OPEN, UnitState.DONE)
    units = [unit.model_copy(update={"unit_key": f"u{n}", "state": states[n]}) for n, unit in enumerate([UNIT] * 3)]
    small.write_table(root, UNITS, units)
    run_before = RUN.model_copy(update={"run_id": "20250101-000000-aaaa", "note": "an older reason"})
    small.write_table(root, RUNS, [run_before, RUN.model_copy(update={"note": note})])
    return Context(
        spark=spark,
        settings=settings,
        tables=Tables(spark, settings.storage),
        run_id="20270101-000000-bbbb",
        wanted=Wanted(),
        progress=Quiet(),
        closing=ExitStack(),
    )
