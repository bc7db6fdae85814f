"""What costs too much to make for each test: a Spark session, and the warehouse of one whole run."""

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from pyspark.sql import SparkSession

from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.session import spark_session

CONF = Path(__file__).parents[1] / "conf"
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before the hub's client is imported: it would ask for minutes in vain
LONGEST = (  # minutes each: one that began last would keep one process at work while the other has nothing left
    "tests/faults/test_stark_run.py",
    "tests/faults/test_toy_stage.py",
    "tests/cli/reading/test_tracer.py",
    "tests/engine/test_run.py",
    "tests/engine/batch/test_batches.py",
    "tests/stages/people/test_growing_people.py",
    "tests/udfs/test_ask.py",
    "tests/release/export/test_export.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, in this order; all others as they were found."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(test: str) -> int:
    return next((place for place, file in enumerate(LONGEST) if test.startswith(file)), len(LONGEST))


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
