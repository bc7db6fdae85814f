"""How a user submits the pipeline: spark-submit, the package as .zip, and a packed environment for the hosts."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from bench.standalone import HOME

DELTA = f"io.delta:delta-spark_4.1_2.13:{version('delta-spark')}"
JOB = Path("jobs/run_pipeline.py")
LONGEST_S = 900.0


@dataclass(frozen=True)
class Submission:
    """What goes along with the job.

    package: the wheel of this project, named .zip. environment: for `spark.archives`; None: the driver's own Python.
    conf: further Spark settings of the user's.
    """

    package: Path
    environment: Path | None = None
    conf: Mapping[str, str] = field(default_factory=dict)

    def command(self, master: str, arguments: Sequence[str], job: Path = JOB) -> list[str]:
        """The words of `spark-submit`; `arguments` are those of `stark run`, or of another job's command."""
        conf = {
            "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            **({} if self.environment is None else {"spark.archives": f"{self.environment.absolute()}#environment"}),
            **self.conf,
        }
        return [
            str(HOME / "bin" / "spark-submit"),
            *("--master", master, "--py-files", str(self.package.absolute()), "--packages", DELTA),
            *(word for name, value in conf.items() for word in ("--conf", f"{name}={value}")),
            str(job.absolute()),
            *arguments,
        ]

    def environ(self) -> dict[str, str]:
        """The driver runs this Python; the hosts that of the packed environment, or one of the same path."""
        python = sys.executable if self.environment is None else "./environment/bin/python"
        found = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return {**found, "SPARK_HOME": str(HOME), "PYSPARK_PYTHON": python, "PYSPARK_DRIVER_PYTHON": sys.executable}


def timed(command: Sequence[str], environ: Mapping[str, str], folder: Path, name: str) -> float:
    """Run a command to its end in `folder`; its wall time in seconds.

    Raises:
        SystemExit: it failed; the end of its log is shown.
    """
    log, begun = folder / f"{name}.log", time.monotonic()
    with log.open("wb") as file:
        done = subprocess.run(
            command,
            cwd=folder,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=LONGEST_S,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}:\n{log.read_text(errors='replace')[-4000:]}")
    return time.monotonic() - begun
