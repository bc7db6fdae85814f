"""What executors lack, in a line each."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.cli.setup.doctor import Finding
from stark_udfs.cli.setup.doctor_cluster import findings, needed
from stark_udfs.core.machine import Questions, answers, code_digest
from stark_udfs.engine.cluster.probe import ClusterFacts, MachineFacts, probe
from stark_udfs.stages.pipeline import load_settings
from tests.cli.conftest import CONF, Stark

DRIVER = MachineFacts(
    host="driver",
    executor="driver-1",
    python="3.11.9",
    code="c0de",
    packages={"openai": "3.50.0"},
    variables={"OPENAI_API_KEY": True},
    broker=True,
    wrote="",
    seen=True,
    gpus=0,
)
WORKER = DRIVER.model_copy(update={"host": "worker", "executor": "worker-7"})


def of(**changes: object) -> list[Finding]:
    """What is found where one of two executors differs from the driver."""
    other = WORKER.model_copy(update={"host": "odd", "executor": "odd-9", **changes})
    facts = ClusterFacts(DRIVER, (WORKER, other), expected=2, cores=4, visible=frozenset({"worker-7", "odd-9"}))
    return list(findings(facts, gpus=0))


def problems(**changes: object) -> list[str]:
    return [f"{one.what}: {one.says}" for one in of(**changes) if not one.ok]


def describe_findings():
    def it_finds_nothing_where_all_are_alike():
        assert problems() == []
        assert of()[0].says == "2 of 2 answered, 4 tasks at once"

    @pytest.mark.parametrize(
        ("changes", "what", "way_out"),
        [
            ({"python": "3.12.3"}, "Python on executors: 3.12.3; the driver has 3.11.9", "PYSPARK_PYTHON"),
            ({"code": None}, "code on executors: stark_udfs is not found on odd", "--py-files dist/stark.zip"),
            ({"code": "01d"}, "code on executors: another build of stark_udfs on odd", "the wheel"),
            ({"packages": {"openai": None}}, "openai on executors: none on odd; the driver has 3.50.0", "--archives"),
            ({"variables": {"OPENAI_API_KEY": False}}, "OPENAI_API_KEY on executors: not set on odd", "executorEnv"),
            ({"broker": False}, "broker from executors: not reached from odd", "spark.driver.host"),
            ({"wrote": "PermissionError: no"}, "storage.files on executors: cannot be written from odd", "no"),
            ({"seen": False}, "storage.files on executors: what one side writes, the other does not see (odd)", "s3:"),
        ],
    )
    def it_names_what_the_host_lacks_and_the_way_out(changes: dict[str, object], what: str, way_out: str):
        (line,) = problems(**changes)
        assert line.startswith(what)
        assert way_out in line

    def it_counts_executors_that_said_nothing():
        facts = ClusterFacts(DRIVER, (WORKER,), expected=2, cores=4, visible=frozenset({"worker-7"}))
        first = next(findings(facts, gpus=0))
        assert (first.ok, first.says[:17]) == (False, "1 of 2 answered, ")

    def it_looks_for_a_gpu_only_where_a_stage_asks_for_one():
        facts = ClusterFacts(DRIVER, (WORKER,), expected=1, cores=4, visible=frozenset({"worker-7"}))
        assert [one.says for one in findings(facts, gpus=1) if not one.ok] == [
            "none on worker, but pictures.gpus asks for one"
        ]
        there = replace(facts, executors=(WORKER.model_copy(update={"gpus": 2}),))
        assert "Spark does not know it" in next(one for one in findings(there, gpus=1) if not one.ok).says
        assert all(one.ok for one in findings(replace(there, gpu_conf="1"), gpus=1))

    def it_explains_tasks_that_failed():
        mismatch = "PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different version"
        facts = ClusterFacts(DRIVER, (), expected=2, cores=4, visible=frozenset(), failed=mismatch)
        (one,) = findings(facts, gpus=0)
        assert "another Python than the driver" in one.says


def describe_needed():
    def it_names_keys_and_never_their_values(monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-somebody")
        packages, variables = needed(load_settings("openai", conf=CONF))
        assert variables == ("OPENAI_API_KEY",)
        told = answers(Questions(packages, variables, None, "memory://nowhere"))
        assert told["variables"] == {"OPENAI_API_KEY": True}
        assert "sk-secret" not in str(told)

    def it_asks_for_the_identity_and_its_package_where_tokens_are_used():
        packages, variables = needed(load_settings("databricks", conf=CONF))
        assert "databricks-sdk" in packages
        assert variables == ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET")


def describe_code_digest():
    def it_is_the_same_for_the_same_code():
        assert code_digest() == code_digest()
        assert len(code_digest() or "") == 16


def describe_probe():
    def it_asks_executors_and_leaves_nothing_behind(spark: SparkSession, tmp_path: Path):
        found = probe(spark, str(tmp_path), ["pyspark", "no-such-package"], ["PATH", "NO_SUCH_VARIABLE"])
        assert found.failed == ""
        (one,) = found.executors
        assert one.packages == {"pyspark": spark.version, "no-such-package": None}
        assert one.variables == {"PATH": True, "NO_SUCH_VARIABLE": False}
        assert (one.code, one.broker, one.wrote, one.seen) == (found.driver.code, True, "", True)
        assert one.executor in found.visible
        assert list(tmp_path.iterdir()) == []


def describe_stark_doctor():
    @pytest.mark.usefixtures("spark")
    def it_adds_a_line_for_each_thing_that_executors_need(stark: Stark, tmp_path: Path):
        said = stark("doctor", "--cluster", where=tmp_path)
        lines = [line for line in said.out.splitlines() if "executors" in line]
        assert said.code == 0, said.out
        assert [line.split(":")[0] for line in lines] == [
            "ok      executors",
            "ok      Python on executors",
            "ok      code on executors",
            "ok      packages on executors",
            "ok      broker from executors",
            "ok      storage.files on executors",
        ]
