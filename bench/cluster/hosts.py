"""A standalone Spark cluster on this machine: a master, and a worker of one core on each of some loopback addresses."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pyspark

from bench.standalone import DEPLOY, MASTER, UP_S, free_port, wait_for

HOSTS = ("127.0.0.1", "127.0.0.2")
HOME = Path(pyspark.__file__).parent


class Cluster:
    """A master and its hosts; made by `cluster`."""

    def __init__(self, folder: Path, *, bare: bool) -> None:
        self.folder = folder
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
        work = self.folder / f"work-{host}"
        words = ("--host", host, "--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", str(work))
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
def cluster(folder: Path, hosts: Sequence[str] = HOSTS, *, bare: bool = False) -> Iterator[Cluster]:
    """A cluster as long as the block; its logs lie in `folder`.

    bare: the hosts know nothing of this process's Python: what executors import has to be submitted.
    """
    folder.mkdir(parents=True)
    made = Cluster(folder, bare=bare)
    try:
        wait_for(made.port)
        for host in hosts:
            made.add(host)
        yield made
    finally:
        made.close()
