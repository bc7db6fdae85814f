"""The jobs as spark-submit runs them: as files, in the session that is there."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from stark_udfs.sql.duckdb import DuckSql

ROOT = Path(__file__).parents[2]
JOBS = sorted((ROOT / "jobs").glob("*.py"))


def main_of(name: str) -> Callable[[list[str]], int]:
    spec = importlib.util.spec_from_file_location(name, ROOT / "jobs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def describe_every_job():
    @pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
    def it_is_at_most_forty_lines_long(job: Path):
        assert len(job.read_text(encoding="utf-8").splitlines()) <= 40


def describe_run_stage_and_run_pipeline():
    @pytest.mark.usefixtures("spark")
    def it_runs_stages_by_the_same_path_as_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
        here = ["--target", "demo", "--conf", str(ROOT / "conf")]
        here += ["--set", f"storage.tables={tmp_path}/tables", "--set", f"storage.files={tmp_path}/files"]
        assert main_of("run_stage")(["demographics", *here]) == 0
        assert main_of("run_pipeline")(["--until", "personas", "--episodes", "3", *here]) == 0
        assert "personas" in capfd.readouterr().out
        sql = DuckSql(f"{tmp_path}/tables")
        assert sql.ask("select count(*) >= 3 from personas").rows == ((True,),)
        assert sql.ask("select count(*) from runs where stage = 'demographics'").rows == ((1,),)


def describe_evaluate_retrieval():
    def it_takes_the_options_of_the_command(capsys: pytest.CaptureFixture[str]):
        assert main_of("evaluate_retrieval")(["--on", "locomo"]) == 2
        assert "--data PATH" in capsys.readouterr().err
