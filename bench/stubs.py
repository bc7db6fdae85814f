"""What the programs of paid calls share: the stub server in a process of its own, and the file of their figures."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stark_udfs.core.ids import Json

OUT = Path("bench/out/paid_calls.json")
LATENCY_MS = 500  # in all benches of paid calls: fixed, or the median
STOP_S = 10.0

Line = Mapping[str, Json]  # one line of the file; "system" says whose it is


@contextmanager
def stub(**faults: float) -> Iterator[str]:
    """The stub server on a free port; its address without `/v1`.

    `faults`: fields of `stark_udfs.testing.stub_server.Faults`.
    """
    options = [word for name, value in faults.items() for word in (f"--{name.replace('_', '-')}", f"{value:g}")]
    command = [sys.executable, "-m", "stark_udfs.testing.serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()  # "listening on http://127.0.0.1:40123/v1"
            if not said.startswith("listening on "):
                raise SystemExit("the stub server did not start")
            yield said.split()[-1].removesuffix("/v1")
        finally:
            process.terminate()
            process.wait(STOP_S)


def stats(url: str) -> dict[str, float]:
    """What the stub counted so far, and `cpu_s`, its own CPU seconds."""
    with urllib.request.urlopen(f"{url}/stats", timeout=10) as answer:
        found: dict[str, float] = json.load(answer)
    return found


def calls(url: str) -> dict[str, list[float]]:
    """Of each call, in the order of arrival: `arrived_s` since the first, and `latency_s`, what was drawn for it."""
    with urllib.request.urlopen(f"{url}/calls", timeout=30) as answer:
        found: dict[str, list[float]] = json.load(answer)
    return found


def read_lines(path: Path = OUT) -> list[Line]:
    """The lines that are there; none where there is no file."""
    if not path.exists():
        return []
    found: list[Line] = json.loads(path.read_text(encoding="utf-8"))
    return found


def keep_lines(lines: Sequence[Line], systems: Sequence[str], path: Path = OUT) -> None:
    """Put `lines` in the place of all lines of `systems`; the lines of other systems stay as they are."""
    others = [line for line in read_lines(path) if line["system"] not in systems]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps([*others, *lines], indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)
