"""Two runs on one warehouse at once, in two processes: one works, the other is told who does."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import Locked
from stark_udfs.engine.lock import StageLock
from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import LOCKS, REPLIES, RUNS, Lock
from stark_udfs.settings.run import SparkSettings, StorageSettings
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tables import Tables
from tests.engine.servers import Guide, serving, sights
from tests.engine.toy import SIGHTS, Toy, stages

PATIENCE_S = 120


def settings_in(folder: str) -> Settings:
    return load_settings("demo", overrides=[f"storage.tables={folder}/tables", f"storage.files={folder}/files"])


def outcome(folder: str, url: str, spark: SparkSession) -> str:
    """How a run of the toy ended: `finished` and its id, or `locked` and what it was told."""
    try:
        report = run(stages(Toy(), url, timeout_s=PATIENCE_S, call_budget_s=PATIENCE_S), settings_in(folder), spark)
    except Locked as error:
        return f"locked {error}"
    return f"finished {report.run_id}"


@contextmanager
def other_process(folder: Path, url: str) -> Iterator["subprocess.Popen[str]"]:
    """A process whose Spark is up and that waits for a line to begin its run."""
    command = [sys.executable, "-m", "tests.engine.test_two_runs", str(folder), url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            yield other
        finally:
            other.kill()


class LateLock(StageLock):
    """A run that looked before another's lock was there, and takes its own after."""

    def __init__(self, tables: Tables, run_id: str) -> None:
        super().__init__(tables, ["towns"], run_id)
        self.looks = 0

    def _read(self) -> list[Lock]:
        self.looks += 1
        return [] if self.looks == 1 else super()._read()


def begin(other: "subprocess.Popen[str]") -> str:
    """How the other process's run ended."""
    return other.communicate("go\n")[0].strip()


def describe_two_runs_at_once():
    def it_tells_who_came_between_the_look_and_the_taking_where_no_file_lock_holds(spark: SparkSession, tmp_path: Path):
        spark.sql(f"CREATE SCHEMA stark_race LOCATION '{tmp_path}/schema'")
        try:
            tables = Tables(spark, StorageSettings(tables="spark_catalog.stark_race", files=str(tmp_path / "files")))
            with StageLock(tables, ["towns"], "run-1"):
                with pytest.raises(Locked, match="run run-1"), LateLock(tables, "run-2"):
                    pass
                assert [row["run_id"] for row in tables.read(LOCKS).collect()] == ["run-1"]
        finally:
            spark.sql("DROP SCHEMA stark_race CASCADE")

    def it_lets_one_work_and_tells_the_other_who_does(spark: SparkSession, tmp_path: Path):
        decided = threading.Event()

        def answer(prompt: str, number: int) -> dict[str, Any]:
            assert decided.wait(PATIENCE_S)
            return sights(prompt, number)

        guide = Guide(answer)
        with serving(guide) as url, other_process(tmp_path, url) as other, ThreadPoolExecutor(2) as pool:
            theirs = pool.submit(begin, other)
            ours = pool.submit(outcome, str(tmp_path), url, spark)
            (refused,), _ = wait((ours, theirs), return_when=FIRST_COMPLETED)
            decided.set()
            worked = theirs if refused is ours else ours
            said, run_id = refused.result(), worked.result().removeprefix("finished ")
            again = outcome(str(tmp_path), url, spark)
        assert said.startswith("locked stage ")
        assert f"is being worked on by run {run_id} (" in said
        assert again.startswith("finished ")
        assert (guide.calls, set(guide.prompts.values())) == (12, {1})
        tables = Tables(spark, settings_in(str(tmp_path)).storage)
        assert tables.read(REPLIES).count() == 12
        assert tables.read(SIGHTS).count() == 24
        assert {row["run_id"] for row in tables.read(RUNS).collect()} == {run_id}
        assert tables.read(LOCKS).count() == 0


def main(folder: str, url: str) -> None:
    """The other process."""
    spark = spark_session(SparkSettings(master="local[2,4]", partitions=2), app="stark-other")
    spark.range(1).count()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(outcome(folder, url, spark) + "\n")
    sys.stdout.flush()
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
