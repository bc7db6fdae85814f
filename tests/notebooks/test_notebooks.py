"""The notebooks' code runs, on the small warehouse."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests.cli import small

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(name: str) -> dict[str, Any]:
    """The names that a notebook has at its end."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads((NOTEBOOKS / f"{name}.ipynb").read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    return names


def describe_notebooks():
    def each_is_run_below():
        assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == {
            "explore_stages",
            "quality_report",
            "tables",
            "your_own_table",
        }

    def tables_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        small.write(tmp_path / "warehouse" / "tables")
        monkeypatch.chdir(tmp_path)
        names = executed("tables")
        assert names["warehouse"].ask("select count(*) from narratives").rows[0][0] >= 1

    def explore_stages_follows_one_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        small.write(tmp_path / "warehouse" / "tables")
        monkeypatch.chdir(tmp_path)
        names = executed("explore_stages")
        assert names["lineage"]["persona_id"] == small.PERSONA
        assert [call["round"] for call in names["calls"]] == [0, 1]

    def quality_report_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        small.write(tmp_path / "warehouse" / "tables")
        monkeypatch.chdir(tmp_path)
        names = executed("quality_report")
        assert names["report"].findings
        assert (tmp_path / "report.html").stat().st_size < 2_000_000

    def your_own_table_runs_from_top_to_bottom(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        names = executed("your_own_table")
        judged = spark.read.parquet(f"{tmp_path}/reviews/judged")
        assert sorted((row["id"], row["mood"], row["reused"]) for row in judged.collect()) == [
            (1, "good", True),
            (2, "good", True),
            (3, None, False),
            (4, "good", True),
        ]
        assert sorted((row["id"], row["stars"], row["error"]) for row in names["answers"].collect()) == [
            (1, 1, None),
            (2, 1, None),
            (3, None, "empty: the prompt is null"),
            (4, 1, None),
        ]
