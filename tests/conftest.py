"""What costs too much to make for each test: a Spark session, and the warehouse of one whole run."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from pyspark.sql import SparkSession

from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.session import spark_session

CONF = Path(__file__).parents[1] / "conf"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = spark_session(SparkSettings(master="local[2,4]", partitions=2), app="stark-tests")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str, request: pytest.FixtureRequest) -> Path:
    """The warehouse that `stark run --episodes 2` makes with the demo's settings: `tables` and `files`. Only to read.

    Made once for all processes of a test run.
    """
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "whole_run"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").is_file():
            request.getfixturevalue("spark")
            _run(folder)
            (folder / "done").touch()
    return folder


def _run(folder: Path) -> None:
    from stark_udfs.cli.main import main

    places = [
        "--set",
        "tracking.enabled=false",
        "--set",
        f"storage.tables={folder}/tables",
        "--set",
        f"storage.files={folder}/files",
    ]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = main(["run", "--episodes", "2", "--target", "demo", "--conf", str(CONF), *places])
    if code != 0:
        raise RuntimeError(f"the run ended with {code}:\n{printed.getvalue()}")
