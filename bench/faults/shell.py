"""`stark run` in a process of its own, and the two ways in which a user, or the world, ends it."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

FINISHED = "finished"
ENDS: Mapping[int, str] = {0: FINISHED, 130: "stopped by the user"}
LONGEST_RUN_S = 600.0
ORPHANED_S = 30.0
OWN = "stark: "
CONDITION = re.compile(r"\[([A-Z_]{8,})\]")


class Shell:
    """`stark run` as a user starts it: a process group of its own, which has a driver, its JVM and Python workers."""

    def __init__(self, log: Path, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Starts it; what it says goes into `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=dict(environ),
            )
        self._seen: dict[int, psutil.Process] = {}

    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def descendants(self) -> list[psutil.Process]:
        """All its processes but the driver."""
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        self._seen.update({process.pid: process for process in found})
        return found

    def interrupt(self) -> None:
        """As Ctrl-C does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self) -> None:
        """kill -9 of the driver and its JVM; the Python workers are left to find out."""
        java = [process for process in self.descendants() if process.name() == "java"]
        self.process.kill()
        for process in java:
            _kill(process)
        self.process.wait()

    def kill_all(self) -> None:
        """kill -9 of all that runs on the driver's host."""
        processes = self.descendants()
        self.process.kill()
        for process in processes:
            _kill(process)
        self.process.wait()

    def wait_for_orphans(self) -> None:
        """Until the workers of a killed driver have found out."""
        until = time.monotonic() + ORPHANED_S
        while any(map(_lives, self._seen.values())) and time.monotonic() < until:
            time.sleep(0.1)

    def wait(self, seconds: float = LONGEST_RUN_S) -> str:
        """How it ended."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()
            return f"no end within {seconds:.0f} s"
        return ENDS.get(code, f"exit code {code}: {self.last_words()}")

    def last_words(self) -> str:
        """What it said about its end: Spark's name for an error, else the last line of its own, else its last line."""
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        named = CONDITION.search(text)
        if named:
            return named.group(1)
        lines = text.splitlines()
        own = [line.removeprefix(OWN) for line in lines if line.startswith(OWN)]
        return (own or lines or [""])[-1][:160]

    def end(self) -> None:
        """Leave nothing of it behind."""
        self.descendants()
        _kill(self.process)
        for process in self._seen.values():
            _kill(process)
        self.process.wait()


def _kill(process: "psutil.Process | subprocess.Popen[bytes]") -> None:
    with suppress(psutil.NoSuchProcess, ProcessLookupError):
        process.kill()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
