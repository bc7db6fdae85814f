"""One Spark session for all tests that need one: starting it costs more than most tests."""

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.session import spark_session


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    session = spark_session(SparkSettings(master="local[2,4]", partitions=2), app="stark-tests")
    yield session
    session.stop()
