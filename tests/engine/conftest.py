"""What most tests of the engine begin with, made once a process and copied: towns, and the toy pipeline's first run."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.engine.run import RunReport, run
from tests.engine.servers import Guide, serving
from tests.engine.toy import Toy, settings_in, stages

Settle = Callable[..., None]
NOWHERE = "http://127.0.0.1:9/v1"  # the first stage asks nobody


@dataclass(frozen=True)
class FirstRun:
    """A warehouse (`tables` and `files`) in which the toy pipeline has run once; only to copy.

    calls: that the server was asked.
    """

    folder: Path
    report: RunReport
    calls: int


@pytest.fixture(scope="session")
def first_run(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder, guide = tmp_path_factory.mktemp("first-run"), Guide()
    with serving(guide) as url:
        report = run(stages(Toy(), url), settings_in(folder), spark)
    return FirstRun(folder, report, guide.calls)


@pytest.fixture(scope="session")
def settle(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Settle:
    """Make a folder a warehouse in which the toy's first stage has run, of so many towns: `settle(folder, 6)`."""
    made: dict[int, Path] = {}

    def settle(folder: Path, towns: int) -> None:
        if towns not in made:
            made[towns] = tmp_path_factory.mktemp(f"towns-{towns}")
            run(stages(Toy(towns=towns), NOWHERE)[:1], settings_in(made[towns]), spark)
        shutil.copytree(made[towns], folder, dirs_exist_ok=True)

    return settle
