"""A standalone Spark cluster on this machine: a master on 127.0.0.1, workers on hosts of their own (127.0.0.2, …)."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyspark

MASTER = "127.0.0.1"
HOSTS = (MASTER, "127.0.0.2")
UP_S = 60.0
DEPLOY = "org.apache.spark.deploy"
DRIVER = {"spark.driver.host": MASTER, "spark.driver.bindAddress": MASTER}  # for applications on the cluster
HOME = Path(pyspark.__file__).parent


class Cluster:
    """A master and its hosts; made by `cluster`."""

    def __init__(
        self, folder: Path, *, cores: int = 1, gpus: Mapping[str, Sequence[int]] | None = None, bare: bool = False
    ) -> None:
        """Starts the master."""
        self.folder = folder
        self._cores, self._gpus = cores, gpus
        self._environ = {name: value for name, value in os.environ.items() if not (bare and name.startswith("PY"))}
        self.port = free_port()
        self.hosts: dict[str, psutil.Popen] = {}
        words = ("--host", MASTER, "--port", str(self.port), "--webui-port", "0")
        self._master = self._started("master", "master.Master", *words)

    @property
    def url(self) -> str:
        """The master's address."""
        return f"spark://{MASTER}:{self.port}"

    def add(self, host: str) -> None:
        """Start a host's worker."""
        words = ["--host", host, "--cores", str(self._cores), "--memory", "1g", "--webui-port", "0"]
        words += ["--work-dir", str(self.folder / f"work-{host}")]
        if self._gpus is not None:
            words += ["--properties-file", str(_resources(self.folder, host, self._gpus[host]))]
        self.hosts[host] = self._started(host, "worker.Worker", *words, self.url)

    def processes(self, host: str) -> list[psutil.Process]:
        """A host's worker and all that it started, executors and Python workers."""
        worker = self.hosts[host]
        with suppress(psutil.NoSuchProcess):
            return [worker, *worker.children(recursive=True)]
        return []

    def kill(self, host: str) -> int:
        """kill -9 of all processes of a host, as when its power fails; how many they were."""
        found = self.processes(host)
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.hosts.pop(host).wait(UP_S)
        return len(found)

    def close(self) -> None:
        """End everything."""
        for host in list(self.hosts):
            self.kill(host)
        self._master.kill()
        self._master.wait(UP_S)

    def _started(self, log: str, name: str, *words: str) -> psutil.Popen:
        with (self.folder / f"{log}.log").open("ab") as file:
            return psutil.Popen(
                [str(HOME / "bin" / "spark-class"), f"{DEPLOY}.{name}", *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**self._environ, "SPARK_HOME": str(HOME)},
            )


@contextmanager
def cluster(
    folder: Path,
    hosts: Sequence[str] = HOSTS,
    *,
    cores: int = 1,
    gpus: Mapping[str, Sequence[int]] | None = None,
    bare: bool = False,
) -> Iterator[Cluster]:
    """A cluster of a worker for each host, as long as the block.

    Args:
        folder: for its logs; made here.
        hosts: addresses of the loopback network.
        cores: of each worker, as it says.
        gpus: the addresses that the discovery script of a host prints; nothing stands behind them.
        bare: the hosts know nothing of this process's Python: what executors import has to be submitted.
    """
    folder.mkdir(parents=True)
    made = Cluster(folder, cores=cores, gpus=gpus, bare=bare)
    try:
        wait_for(made.port)
        for host in hosts:
            made.add(host)
        yield made
    finally:
        made.close()


def _resources(folder: Path, host: str, addresses: Sequence[int]) -> Path:
    """The settings of a worker with GPUs."""
    script = folder / f"gpus-{host}.sh"
    told = json.dumps({"name": "gpu", "addresses": [str(address) for address in addresses]})
    script.write_text(f"#!/bin/sh\necho '{told}'\n", encoding="utf-8")
    script.chmod(0o755)
    properties = folder / f"worker-{host}.conf"
    properties.write_text(
        f"spark.worker.resource.gpu.amount {len(addresses)}\nspark.worker.resource.gpu.discoveryScript {script}\n",
        encoding="utf-8",
    )
    return properties


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind((MASTER, 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Until the master listens.

    Raises:
        SystemExit: it does not start.
    """
    until = time.monotonic() + UP_S
    while True:
        try:
            socket.create_connection((MASTER, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise SystemExit("Spark's master did not start") from None
            time.sleep(0.2)
