"""A server of Spark Connect on this machine, in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from bench.standalone import free_port
from stark_udfs.tables.session import DELTA, DELTA_SQL, STARTED
from stark_udfs.tables.tuning import EVERYWHERE, SMALL

SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
SECONDS = 300


@contextlib.contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """Its address, for `spark.master`; the server is gone afterwards."""
    port = free_port()
    options = {
        **STARTED,
        **DELTA_SQL,
        **EVERYWHERE,
        **SMALL,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
        "spark.jars.packages": f"{DELTA}:{version('delta-spark')}",
    }
    submit = Path(sys.executable).with_name("spark-submit")
    command = [str(submit), "--master", "local[2]", "--class", SERVER]
    command += [word for key, value in options.items() for word in ("--conf", f"{key}={value}")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "spark-internal"],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, "PYSPARK_PYTHON": sys.executable},
            start_new_session=True,
        )
    try:
        _wait(server, port, folder / "server.log")
        yield f"sc://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise RuntimeError(f"no server of Spark Connect: {log.read_text(errors='replace')[-2000:]}")
