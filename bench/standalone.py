"""A standalone Spark cluster on this machine: a master on 127.0.0.1, workers on hosts of their own (127.0.0.2, …)."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

MASTER = "127.0.0.1"
UP_S = 60.0
DEPLOY = "org.apache.spark.deploy"
DRIVER = {"spark.driver.host": MASTER, "spark.driver.bindAddress": MASTER}  # for applications on the cluster


@contextmanager
def cluster(
    folder: Path, hosts: Sequence[str], *, cores: int = 1, gpus: Mapping[str, Sequence[int]] | None = None
) -> Iterator[str]:
    """A cluster of a worker for each host; its address.

    Args:
        folder: for its logs; made here.
        hosts: addresses of the loopback network.
        cores: of each worker, as it says.
        gpus: the addresses that the discovery script of a host prints; nothing stands behind them.
    """
    folder.mkdir(parents=True)
    port = free_port()
    url = f"spark://{MASTER}:{port}"
    with ExitStack() as closing:
        closing.enter_context(
            _started(folder, "master.Master", "--host", MASTER, "--port", str(port), "--webui-port", "0")
        )
        wait_for(port)
        for host in hosts:
            words = ["--host", host, "--cores", str(cores), "--memory", "1g", "--webui-port", "0"]
            words += ["--work-dir", str(folder)]
            if gpus is not None:
                words += ["--properties-file", str(_resources(folder, host, gpus[host]))]
            closing.enter_context(_started(folder, "worker.Worker", *words, url))
        yield url


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
