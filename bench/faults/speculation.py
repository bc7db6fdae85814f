"""Speculation forced on: a copy of a slow task must wait for its buckets, and never pay beside the first.

Spark puts no copy on the host that runs the task, so a cluster of two hosts is made on this machine: 127.0.0.2 and .3.
"""

import json
import re
from pathlib import Path

from bench.faults.outcome import Outcome
from bench.faults.trial import LATENCY_MS, Bench
from bench.standalone import DRIVER, cluster
from stark_udfs.testing.faults import Faults

HOSTS = ("127.0.0.2", "127.0.0.3")
QUERY = "spark.sql.execution.id"
ASKER = re.compile(r"over\([^)]*bucket#\d+L\)")  # only what asks reads whole buckets


def forced(bench: Bench) -> Outcome:
    """A tenth of the answers take six seconds more, so that one task of a stage is late and gets a copy."""
    faults = Faults(latency_ms=LATENCY_MS, slow=0.1, slow_ms=6_000)
    with bench.trial("speculation", faults) as trial, cluster(trial.folder / "cluster", HOSTS) as spark:
        events = trial.folder / "events"
        events.mkdir()
        ended = trial.shell_to_the_end(f"spark.master={spark.url}", f"spark.options={json.dumps(options(events))}")
        found = copies(events)
        return trial.outcome(
            f"{ended}; {found} copies of tasks that ask", vacuous="" if found else "no task that asks got a copy"
        )


def options(events: Path) -> dict[str, str]:
    """Of Spark: as much speculation as can be had, written down in `events`."""
    return {
        "spark.speculation": "true",
        "spark.speculation.interval": "100ms",
        "spark.speculation.multiplier": "1.1",
        "spark.speculation.quantile": "0.5",
        "spark.speculation.minTaskRuntime": "100ms",
        "spark.speculation.efficiency.enabled": "false",
        **DRIVER,
        "spark.executor.memory": "900m",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.rolling.enabled": "false",
        "spark.eventLog.compress": "false",
    }


def copies(events: Path) -> int:
    """Copies that Spark started of tasks that ask."""
    asking: set[object] = set()  # queries, then their stages
    count = 0
    for path in sorted(events.iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            match event["Event"].rpartition(".")[2]:
                case "SparkListenerSQLExecutionStart" if ASKER.search(event["physicalPlanDescription"]):
                    asking.add(("query", str(event["executionId"])))
                case "SparkListenerJobStart" if ("query", event["Properties"].get(QUERY)) in asking:
                    stages = [one for one in event["Stage Infos"] if "MapIn" in str(one["RDD Info"])]
                    asking.update(one["Stage ID"] for one in stages)
                case "SparkListenerTaskStart" if event["Stage ID"] in asking:
                    count += bool(event["Task Info"]["Speculative"])
    return count
