"""Report, viewer and `stark sql` on many episodes: a demo's warehouse, copied under new ids until there are enough.

    python -m bench.report_scale warehouse --episodes 100000 --to /data/many

Prints one JSON object a line: seconds by the clock and of the cores, and the peak of the process in MB; of
`stark sql` the median of the whole command's seconds.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.many_episodes import multiply
from stark_udfs.release.report.page import page
from stark_udfs.release.report.report import report_on
from stark_udfs.release.viewer.library import Library, Search
from stark_udfs.sql.duckdb import DuckSnapshot

ASKED = 11  # times each
QUESTIONS = (
    "SELECT count(*) FROM sessions",
    "SELECT category, count(*) AS personas FROM personas GROUP BY 1 ORDER BY 2 DESC",
    "SELECT module, count(*) AS images FROM images WHERE chosen GROUP BY 1",
)


def main() -> None:
    """Copy, report, open the list, open episodes, ask."""
    options = _options()
    tables, target = Path(options.warehouse) / "tables", Path(options.to) / "tables"
    if not target.exists():
        with _measured("copied") as told:
            told["copies"] = multiply(tables, target, options.episodes)
        print(json.dumps({"what": "tables", "gigabytes": round(_size(target) / 1e9, 2)}), flush=True)
    with _measured("report", episodes=options.episodes) as told:
        text = page(report_on(DuckSnapshot(str(target)), "many", "today"))
        told["megabytes"] = round(len(text.encode()) / 1e6, 2)
    (target.parent / "report.html").write_text(text, encoding="utf-8")
    with _measured("viewer's list, first time") as told:
        library = Library(DuckSnapshot(str(target)))
        found, told["episodes"] = library.find(Search())
    with _measured("viewer's list, narrowed"):
        library.find(Search(gender="female", band="30"))
    with _measured("viewer's list, by what is said") as told:
        _, told["found"] = library.find(Search(text="folding chairs"))
    with _measured("one episode, first time"):
        library.episode(str(found[0]["episode_id"]))
    with _measured("one episode"):
        library.episode(str(found[-1]["episode_id"]))
    with _measured("its prompts and replies"):
        library.calls(str(found[-1]["episode_id"]))
    for question in QUESTIONS:
        print(json.dumps({"what": "stark sql", "p50_seconds": _p50(question, target), "query": question}), flush=True)


def _p50(question: str, tables: Path) -> float:
    """Seconds of `stark sql`, the start of Python included."""
    command = [str(Path(sys.executable).with_name("stark")), "sql", "--set", f"storage.tables={tables}", question]
    took = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(time.perf_counter() - begun)
    return round(statistics.median(took), 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse")
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--to", required=True)
    return parser.parse_args()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@contextmanager
def _measured(what: str, **more: object) -> Iterator[dict[str, object]]:
    """Prints the seconds that went by, those that cores worked, and the most memory that the process had so far."""
    told = dict(more)
    clock, cores = time.perf_counter(), time.process_time()
    yield told
    seconds, worked = time.perf_counter() - clock, time.process_time() - cores
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": round(seconds, 2), "cpu_seconds": round(worked, 2), "peak_mb": round(peak)}
    print(json.dumps({"what": what, **figures, **told}), flush=True)


if __name__ == "__main__":
    main()
