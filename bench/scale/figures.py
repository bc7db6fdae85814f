"""The file of the figures: one JSON object a line, the newest of each case."""

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from bench.load import Cpu
from stark_udfs.core.ids import Json

OUT = Path("bench/out/scale.json")

Figures = Mapping[str, Json]
Made = TypeVar("Made")


def keep(case: str, lines: Iterable[Figures]) -> None:
    """Print the lines of a case as they come; then put them in the place of its earlier ones."""
    at = {"at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), "cores": os.cpu_count()}
    fresh = []
    for line in lines:
        fresh.append({"case": case, **line, **at})
        print(json.dumps(fresh[-1]), flush=True)
    others = [line for line in _read() if line["case"] != case]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("".join(json.dumps(line) + "\n" for line in (*others, *fresh)), encoding="utf-8")


def timed(work: Callable[[], Made]) -> tuple[Made, dict[str, float]]:
    """What `work` gives; its wall time, the CPU of the Python workers, and the cores that other programs took."""
    begun, before = time.monotonic(), Cpu.now()
    made = work()
    wall, cpu = time.monotonic() - begun, Cpu.now().since(before)
    return made, {
        "wall_s": round(wall, 1),
        "worker_cpu_s": round(cpu.workers, 2),
        "foreign_load": round(cpu.foreign(wall), 2),
    }


def _read() -> list[dict[str, Json]]:
    if not OUT.exists():
        return []
    return [json.loads(line) for line in OUT.read_text(encoding="utf-8").splitlines()]
