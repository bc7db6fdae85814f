from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.calls.limits.broker import Broker
from stark_udfs.calls.limits.server import BrokerAddress, BrokerServer
from stark_udfs.core.errors import SettingsError, StorageError
from stark_udfs.engine.cluster.executors import MARK, ExecutorProbe, Found, look, verdict
from stark_udfs.tables.schema import struct_type

NOBODY = BrokerAddress("127.0.0.1", 9, "token")
GOOD = Found(host="a", reached=True)
CUT_OFF = Found(host="b", reached=False)


def looked(spark: SparkSession, probe: ExecutorProbe) -> Found:
    (row,) = spark.range(0, 1, 1, 1).mapInArrow(look(probe), struct_type(Found)).collect()
    return Found(**row.asDict())


def describe_what_a_task_finds():
    def it_is_the_broker_and_the_storage_of_the_run(spark: SparkSession, tmp_path: Path):
        (tmp_path / f"{MARK}-run").write_text("run")
        with BrokerServer(Broker()) as server:
            found = looked(spark, ExecutorProbe(server.place, {"storage.files": str(tmp_path)}, "run"))
        assert (found.reached, found.setting, found.fault) == (True, "", "")
        assert [path.name for path in tmp_path.iterdir()] == [f"{MARK}-run"]

    @pytest.mark.parametrize("content", [None, "another run"])
    def it_is_another_folder_where_the_drivers_mark_is_not(spark: SparkSession, tmp_path: Path, content: str | None):
        if content is not None:
            (tmp_path / f"{MARK}-run").write_text(content)
        found = looked(spark, ExecutorProbe(NOBODY, {"storage.tables": str(tmp_path)}, "run"))
        assert (found.reached, found.setting) == (False, "storage.tables")
        assert found.fault == f"does not see what the driver wrote into {tmp_path}"


def describe_the_verdict():
    def it_is_whether_all_reach_the_broker():
        assert verdict([GOOD, GOOD], NOBODY, speculates=True)
        assert not verdict([GOOD, CUT_OFF], NOBODY, speculates=False)

    def it_refuses_storage_that_a_host_does_not_share():
        apart = Found(host="c", reached=True, setting="storage.files", fault="does not see it")
        with pytest.raises(StorageError, match=r"storage\.files: host c does not see it"):
            verdict([GOOD, apart], NOBODY, speculates=False)

    def it_refuses_speculation_where_nothing_keeps_a_copy_from_paying():
        with pytest.raises(SettingsError, match=r"spark\.speculation is on.*spark\.speculation=false"):
            verdict([GOOD, CUT_OFF], NOBODY, speculates=True)
