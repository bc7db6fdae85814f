"""One environment per peer, at bench/.venvs/<name>: installed once from the pinned list beside this file."""

import os
import subprocess
import sys
from pathlib import Path

VENVS = Path("bench/.venvs")
PINS = Path(__file__).parent
CERTIFICATES = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}  # the system's own: as in the Makefile
INSTALL_S = 1800.0


class NotInstalled(Exception):
    """A peer cannot be installed here; what the installer said last."""


def python_of(name: str) -> Path:
    """The Python of that peer, installed where it is not yet or where the pins have changed.

    Raises:
        NotInstalled: the installer failed.
    """
    venv = (VENVS / name).absolute()
    python = venv / "bin" / "python"
    pins = PINS / f"{name}.txt"
    stamp = venv / ".installed"
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == pins.read_text(encoding="utf-8")):
        print(f"installing {name} into {VENVS / name}", flush=True)
        _uv("venv", "--clear", "--python", sys.executable, str(venv))
        _uv("pip", "install", "--compile-bytecode", "--python", str(python), "--requirements", str(pins))
        stamp.write_text(pins.read_text(encoding="utf-8"), encoding="utf-8")
    return python


def version_of(name: str) -> str:
    """`package version` of the peer itself: the first of its requirements."""
    first = (PINS / f"{name}.in").read_text(encoding="utf-8").split()[0]
    return first.replace("==", " ")


def _uv(*words: str) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *words]
    try:
        done = subprocess.run(
            command, env={**os.environ, **CERTIFICATES}, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"the installer took more than {INSTALL_S:g} s") from error
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise NotInstalled(said[-1] if said else f"the installer ended with {done.returncode}")
