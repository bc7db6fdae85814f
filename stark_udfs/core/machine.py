"""What a machine of a cluster has, told by the standard library alone.

Sent to executors by value, so that it also tells of those which have neither this package nor what it needs.
"""

import glob
import hashlib
import importlib
import importlib.metadata
import importlib.resources
import os
import platform
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PACKAGE = "stark_udfs"
PATIENCE_S = 5.0
SETTLE_S = 0.5  # of one task, so that the next one goes to another core
GPUS = "/dev/nvidia[0-9]*"


@dataclass(frozen=True)
class Questions:
    """What a machine is asked.

    Attributes:
        packages: names of distributions whose versions are wanted.
        variables: names of environment variables; only whether they are set is told.
        broker: host and port of a server that greets; None: none is tried.
        files: URI of a folder with a file `driver` in it, into which a file is written.
    """

    packages: Sequence[str]
    variables: Sequence[str]
    broker: tuple[str, int] | None
    files: str


def answers(asked: Questions) -> dict[str, object]:
    """The facts of this machine, as JSON takes them."""
    own = f"{socket.gethostname()}-{os.getppid()}"
    wrote, seen = _files(asked.files, own)
    return {
        "host": socket.gethostname(),
        "executor": own,
        "python": platform.python_version(),
        "code": code_digest(),
        "packages": {name: _version(name) for name in asked.packages},
        "variables": {name: bool(os.environ.get(name)) for name in asked.variables},
        "broker": asked.broker is None or reaches(*asked.broker),
        "wrote": wrote,
        "seen": seen,
        "gpus": len(glob.glob(GPUS)),
    }


def answers_of_a_task(asked: Questions, _rows: Iterator[object]) -> Iterator[dict[str, object]]:
    """`answers`, once per task, after a moment in which other tasks go to other cores."""
    time.sleep(SETTLE_S)
    yield answers(asked)


def code_digest() -> str | None:
    """A digest of this package's code, wherever it is imported from; None: it cannot be imported."""
    try:
        root = importlib.resources.files(importlib.import_module(PACKAGE))
    except ImportError:
        return None
    digest = hashlib.sha256()
    stack = [("", root)]
    while stack:
        name, place = stack.pop()
        if place.is_dir():
            below = sorted(place.iterdir(), key=lambda one: one.name)
            stack += [(f"{name}/{one.name}", one) for one in below if one.name != "__pycache__"]
        elif name.endswith(".py"):
            digest.update(name.encode() + b"\0" + place.read_bytes())
    return digest.hexdigest()[:16]


def reaches(host: str, port: int) -> bool:
    """Whether a server that greets can be reached from here."""
    try:
        with socket.create_connection((host, port), timeout=PATIENCE_S) as connection:
            connection.settimeout(PATIENCE_S)
            return bool(connection.recv(64))
    except OSError:
        return False


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _files(folder: str, own: str) -> tuple[str, bool]:
    """Why nothing could be written into the folder, empty if it was; and whether the driver's file is seen in it."""
    try:
        fsspec = importlib.import_module("fsspec")
    except ImportError:
        return "fsspec is not installed", False
    try:
        filesystem, path = fsspec.core.url_to_fs(folder)
        seen = bool(filesystem.exists(f"{path}/driver"))
        if not seen:
            return "", False  # another disk: a file written there would stay behind
        filesystem.pipe_file(f"{path}/{own}", b"")
    except (OSError, ValueError, ImportError) as error:
        return f"{type(error).__name__}: {error}"[:200], False
    return "", seen
