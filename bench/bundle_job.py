"""The tasks of the Databricks job, one after the other, on this machine: `python -m bench.bundle_job DIR`.

In a catalog of Spark's own, with folders for the volume, the offline author and drawings. The arguments of every task
are those of `resources/stark_pipeline.yml`; each goes through the wheel's entry point.
"""

import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stark_udfs.cli.setup.bundle import PIPELINE
from stark_udfs.cli.task import main as task
from stark_udfs.core.errors import StarkError
from stark_udfs.settings.run import SparkSettings
from stark_udfs.tables.session import spark_session

CATALOG, SCHEMA = "spark_catalog", "stark_bundle"
REFERENCE = re.compile(r"\$\{([^}]+)\}|\{\{job\.parameters\.(\w+)\}\}")
VALUES = {
    "resources.schemas.stark.catalog_name": CATALOG,
    "resources.schemas.stark.name": SCHEMA,
    "episodes": "2",
    "budget": "10",
}
VOLUME = re.compile(r"/Volumes/[^=]*?\$\{resources\.volumes\.stark\.name\}")
HERE = ["--set", "tracking.enabled=false", "--set", "spark.partitions=2"]  # there is no workspace to track in


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all tasks that call the wheel but the training; how many failed."""
    folder = Path((sys.argv[1:] if arguments is None else arguments)[0]).absolute()
    spark = spark_session(SparkSettings(log=str(folder / "spark.log")))
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} LOCATION '{folder}/schema'")
    for log in sorted(folder.glob("schema/*/_delta_log")):  # of an earlier call: this catalog forgets its names
        spark.sql(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{log.parent.name} USING delta LOCATION '{log.parent}'")
    failed = 0
    for name, words in tasks(str(folder / "volume")).items():
        started = time.monotonic()
        try:
            task(words)
            ended = "ended well"
        except StarkError as error:
            failed += 1
            ended = f"FAILED: {error}"
        print(f"task {name}: {ended} after {time.monotonic() - started:.1f} s", flush=True)
    return failed


def tasks(volume: str) -> Mapping[str, list[str]]:
    """By task, the arguments of its entry point."""
    bundle: Any = yaml.safe_load(Path("databricks.yml").read_text(encoding="utf-8"))
    values = VALUES | {f"var.{name}": str(one["default"]) for name, one in bundle["variables"].items()}
    job: Any = yaml.safe_load(Path(PIPELINE).read_text(encoding="utf-8"))["resources"]["jobs"]["stark_pipeline"]
    chosen = [one for one in job["tasks"] if "python_wheel_task" in one and one["task_key"] != "train"]
    return {
        one["task_key"]: [
            *(_followed(VOLUME.sub(volume, word), values) for word in one["python_wheel_task"]["parameters"]),
            *HERE,
        ]
        for one in chosen
    }


def _followed(word: str, values: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda match: values[match[1] or match[2]], word)


if __name__ == "__main__":
    sys.exit(main())
