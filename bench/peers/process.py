"""One run of one peer in a process of its own, seen from outside: wall, CPU of its whole tree, what else ran."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Timer

from bench.load import Cpu
from bench.peers.task import Task
from bench.stubs import stats

QUIET = {  # no telemetry, no look-ups outside, no reply from a cache
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TELEMETRY_ENABLED": "false",
    "CURATOR_DISABLE_CACHE": "true",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "NEMO_TELEMETRY_ENABLED": "false",
}
END_S = 30.0  # for a peer to close what it has open, once its run is over


@dataclass(frozen=True)
class Ran:
    """What was seen. cpu_s: the peer's, of all its processes. foreign: cores' worth of CPU that others took meanwhile.

    happened: empty where every row came back.
    """

    wall_s: float
    cpu_s: float
    foreign: float
    happened: str


def run_peer(python: Path, name: str, task: Task, *, stub: str, limit_s: float) -> Ran:
    """Run the peer's script on `task`; what lies between its two lines is measured.

    stub: the server's address. limit_s: for all of it, imports included; then it is killed.
    """
    log = Path(task.folder) / "log"
    command = [str(python), "-m", f"bench.peers.{name}", str(task.write())]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            env=_environment(python, task.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,  # so that its children can be ended with it
        )
    timer = Timer(limit_s, _kill, (process.pid,))
    timer.start()
    try:
        if not _line(process):
            return Ran(0.0, 0.0, 0.0, f"ended before its run: {_last(log)}")
        ran = _measured(process, len(task.users), stub, log)
        return ran if timer.is_alive() else replace(ran, happened=f"stopped after {limit_s:.0f} s: {_last(log)}")
    finally:
        timer.cancel()
        _end(process)


def _measured(process: subprocess.Popen[str], asked: int, stub: str, log: Path) -> Ran:
    served, cpu, begun = stats(stub)["cpu_s"], Cpu.now(), time.monotonic()
    _tell(process)
    answer = _line(process)
    wall = time.monotonic() - begun
    spent = Cpu.now().since(cpu)
    if not answer:
        return Ran(wall, 0.0, 0.0, f"ended after {wall:.1f} s: {_last(log)}")
    peer = spent.own - (stats(stub)["cpu_s"] - served)  # this process does nothing meanwhile
    rows = json.loads(answer)["rows"]
    return Ran(wall, peer, spent.foreign(wall), "" if rows == asked else f"{rows} of {asked} rows came back")


def _environment(python: Path, folder: str) -> dict[str, str]:
    path = f"{python.parent}:{os.environ.get('PATH', os.defpath)}"
    return {"PATH": path, "HOME": folder, "LANG": "C.UTF-8", "PYTHONPATH": str(Path.cwd()), **QUIET}


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _end(process: subprocess.Popen[str]) -> None:
    """Close the peer's input, which ends it, and whatever it has left running."""
    assert process.stdin is not None and process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    _kill(process.pid)
    process.wait(END_S)
    process.stdout.close()


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _last(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return next((line[:300] for line in reversed(lines) if line), "it said nothing")
