import io
import json

from rich.console import Console

from stark_udfs.cli.summary import as_table, written
from stark_udfs.engine.run import RunReport
from stark_udfs.engine.system_tables import RUNS, CheckResult, StageRun
from tests.cli import small

STAGES = tuple(run for table, rows in small.contents() if table is RUNS for run in rows if isinstance(run, StageRun))


def shown(report: RunReport) -> str:
    screen = io.StringIO()
    Console(file=screen, width=160).print(as_table(report))
    return screen.getvalue()


def check(state: str, value: float, low: float | None = None, high: float | None = None) -> CheckResult:
    return CheckResult(
        run_id=small.RUN,
        stage="albums",
        name="different categories",
        value=value,
        low=0.7,
        high=None,
        kind="expected",
        ok=state != "failed",
        state=state,
        n=100,
        interval_low=low,
        interval_high=high,
    )


def describe_checks():
    def it_tells_chance_from_failure_and_nothing_of_what_passed():
        found = (
            check("failed", 0.5, 0.45, 0.55),
            check("within chance", 0.69, 0.6, 0.77),
            check("passed", 0.8, 0.7, 0.9),
        )
        lines = [
            line.strip() for line in shown(RunReport(small.RUN, STAGES, found)).splitlines() if "categories" in line
        ]
        assert lines == [
            "check failed: albums: different categories is 0.5 (95 %: 0.45 to 0.55, n 100), expected at least 0.7",
            "within chance: albums: different categories is 0.69 (95 %: 0.6 to 0.77, n 100), expected at least 0.7",
        ]


def describe_as_table():
    def it_shows_the_money_that_was_forecast_beside_what_was_paid():
        lines = shown(RunReport(small.RUN, STAGES, ())).splitlines()
        (header,) = (line for line in lines if "forecast" in line)
        assert header.index("seconds") < header.index("money") < header.index("forecast")
        assert sum("~0.7000" in line for line in lines) == 2

    def it_tells_in_one_line_why_the_run_ended_early():
        report = RunReport(small.RUN, STAGES[:1], (), "stage sessions would pay again for what it has:\n  2 units")
        assert "ended early: stage sessions would pay again for what it has:" in shown(report)
        assert "2 units" not in shown(report)
        assert json.loads(written(report))["stopped"].endswith("2 units")
