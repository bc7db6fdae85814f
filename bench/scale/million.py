"""Parse, dedup, commit, merge and assembly of ever more persona sentences, each number in a process of its own.

`python -m bench.scale million --size 1000000` takes a hundredth, a tenth, and all. STARK_BENCH_FOLDER is where the rows
go (20 GB at a million), STARK_BENCH_DEMO the tables of a finished demo, if not `warehouse/tables`.
"""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.scale.figures import Figures

CASE = "million"
SHARES = (100, 10, 1)
MOST_EXPONENT = 1.1
FOLDER, DEMO = "STARK_BENCH_FOLDER", "STARK_BENCH_DEMO"


def measure(size: int) -> Iterator[Figures]:
    """All parts at a hundredth, a tenth, and all of `size`."""
    before: dict[str, Figures] = {}
    for share in SHARES:
        for figures in _parts(size // share):
            yield {**figures, **growth(before.get(str(figures["part"])), figures)}
            before[str(figures["part"])] = figures


def growth(before: Figures | None, after: Figures) -> Figures:
    """The growth exponents between two sizes: the slope of log time over log size, without the fixed cost."""
    if before is None:
        return {}
    times = {kind: _slope(before, after, f"{kind}_s") for kind in ("cpu", "wall")}
    return {**{f"{kind}_exponent": value for kind, value in times.items()}, "ok": times["cpu"] <= MOST_EXPONENT}


def _slope(before: Figures, after: Figures, name: str) -> float:
    low, high = (max(0.01, float(str(one[name])) - float(str(one[f"fixed_{name}"]))) for one in (before, after))
    return round(math.log(high / low) / math.log(float(str(after["size"])) / float(str(before["size"]))), 2)


def _parts(size: int) -> Iterator[Figures]:
    demo = os.environ.get(DEMO, "warehouse/tables")
    if not Path(demo).is_dir():
        raise SystemExit(f"{demo}: no tables of a demo; run `make demo`, or set {DEMO}")
    with TemporaryDirectory(dir=os.environ.get(FOLDER)) as folder:
        words = ["--size", str(size), "--folder", folder, "--demo", demo]
        command = [sys.executable, "-m", "bench.scale.parts", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            yield from (json.loads(line) for line in process.stdout)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
