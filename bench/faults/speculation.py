"""Speculation forced on: a copy of a slow task must wait for its buckets, and never pay beside the first.

Spark puts no copy on the host that runs the task, so a cluster of two hosts is made on this machine: 127.0.0.2 and .3.
"""

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from bench.faults.outcome import Outcome
from bench.faults.trial import LATENCY_MS, Bench
from stark_udfs.testing.stub_server import Faults

MASTER = "127.0.0.1"
HOSTS = ("127.0.0.2", "127.0.0.3")
UP_S = 60.0
DEPLOY = "org.apache.spark.deploy"
QUERY = "spark.sql.execution.id"
ASKER = re.compile(r"over\([^)]*bucket#\d+L\)")  # only what asks reads whole buckets


def forced(bench: Bench) -> Outcome:
    """A tenth of the answers take six seconds more, so that one task of a stage is late and gets a copy."""
    faults = Faults(latency_ms=LATENCY_MS, slow=0.1, slow_ms=6_000)
    with bench.trial("speculation", faults) as trial, _cluster(trial.folder / "cluster") as url:
        events = trial.folder / "events"
        events.mkdir()
        ended = trial.shell_to_the_end(f"spark.master={url}", f"spark.options={json.dumps(_options(events))}")
        copies = _copies(events)
        return trial.outcome(
            f"{ended}; {copies} copies of tasks that ask", vacuous="" if copies else "no task that asks got a copy"
        )


def _options(events: Path) -> dict[str, str]:
    return {
        "spark.speculation": "true",
        "spark.speculation.interval": "100ms",
        "spark.speculation.multiplier": "1.1",
        "spark.speculation.quantile": "0.5",
        "spark.speculation.minTaskRuntime": "100ms",
        "spark.speculation.efficiency.enabled": "false",
        "spark.driver.host": MASTER,
        "spark.driver.bindAddress": MASTER,
        "spark.executor.memory": "900m",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }


def _copies(events: Path) -> int:
    """Copies that Spark started of tasks that ask."""
    asking: set[object] = set()  # queries, then their stages
    copies = 0
    for path in sorted(events.iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            match event["Event"].rpartition(".")[2]:
                case "SparkListenerSQLExecutionStart" if ASKER.search(event["physicalPlanDescription"]):
                    asking.add(("query", str(event["executionId"])))
                case "SparkListenerJobStart" if ("query", event["Properties"].get(QUERY)) in asking:
                    stages = [one for one in event["Stage Infos"] if "MapInArrow" in str(one["RDD Info"])]
                    asking.update(one["Stage ID"] for one in stages)
                case "SparkListenerTaskStart" if event["Stage ID"] in asking:
                    copies += bool(event["Task Info"]["Speculative"])
    return copies


@contextmanager
def _cluster(folder: Path) -> Iterator[str]:
    """A Spark cluster of two workers with one core each; its address."""
    folder.mkdir(parents=True)
    port = _free_port()
    url = f"spark://{MASTER}:{port}"
    with ExitStack() as closing:
        closing.enter_context(
            _started(folder, "master.Master", "--host", MASTER, "--port", str(port), "--webui-port", "0")
        )
        _wait_for(port)
        for host in HOSTS:
            words = ("--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(folder))
            closing.enter_context(_started(folder, "worker.Worker", *words, url))
        yield url


@contextmanager
def _started(folder: Path, name: str, *words: str) -> Iterator[None]:
    home = Path(pyspark.__file__).parent
    command = [str(home / "bin" / "spark-class"), f"{DEPLOY}.{name}", *words]
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "SPARK_HOME": str(home)}
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(UP_S)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((MASTER, 0))
        return int(one.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + UP_S
    while True:
        try:
            socket.create_connection((MASTER, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise SystemExit("Spark's master did not start") from None
            time.sleep(0.2)
