"""`python -m bench.faults [--only FAULT …]`: try each fault on the real chat stages and print what came of it.

The stub server answers as the offline author, over HTTP, 300 ms a call. Ten episodes: about 200 calls, four at once.
A fault whose promise does not hold is printed as FAILED, and the exit code is 1. Writes bench/out/faults.json.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.faults import batches, ends, kills, network, outcome, speculation
from bench.faults.outcome import Outcome
from bench.faults.trial import Bench, Work
from stark_udfs.calls.providers.offline import embedded
from stark_udfs.cli.run import between
from stark_udfs.settings.chat_models import Defects
from stark_udfs.stages.pipeline import load_settings, stages
from stark_udfs.tables.session import spark_session

OUT = Path("bench/out/faults.json")
OVERRIDES = (
    "people.count=60",
    "pipeline.episodes=10",
    "models.default.in_flight=4",
    "models.default.price={input: 1.0, output: 2.0}",
)
LAST = "image_plans"  # the last stage that pays
JOURNAL_BYTES = 128 * 1024  # sessions write about 500 kB

FAULTS: Mapping[str, Callable[[Bench], Outcome]] = {
    "throttled": network.throttled,
    "errors": network.errors,
    "malformed": network.malformed,
    "truncated": network.truncated,
    "slow-tail": network.slow_tail,
    "down": network.down,
    "budget": ends.budget,
    "disk-full": partial(ends.disk_full, size=JOURNAL_BYTES),
    "interrupted": ends.interrupted,
    "kill-worker": kills.kill_worker,
    "kill-driver": kills.kill_driver,
    "kill-executor": kills.kill_executor,
    "speculation": speculation.forced,
    "batches": batches.killed,
}


def main() -> int:
    """Try the faults; 1 if a promise was broken."""
    options = _options()
    root = Path(tempfile.mkdtemp(prefix="stark-faults-"))
    try:
        done = _tried(options.only, root, options.until)
    finally:
        if options.keep:
            print(f"kept: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)
    print(outcome.table(done))
    return 0 if all(one.ok for one in done) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS), metavar="FAULT")
    parser.add_argument("--until", default=LAST, metavar="STAGE", help="a run's last stage; no file is written then")
    parser.add_argument("--keep", action="store_true", help="leave the warehouses and logs, and say where")
    return parser.parse_args()


def _tried(names: Sequence[str], root: Path, until: str) -> list[Outcome]:
    """Each fault's outcome, printed and kept as it comes."""
    work = Work(
        load=lambda overrides: load_settings("demo", overrides=overrides),
        stages=lambda settings: between(stages(settings), None, until),
        author=embedded(Defects()),
        overrides=OVERRIDES,
        command=("run", "--target", "demo", "--until", until),
    )
    spark = spark_session(work.load((f"spark.log={root}/spark.log",)).spark, app="faults")
    bench = Bench(root, spark, work)
    done: list[Outcome] = []
    try:
        for name in names:
            done.append(FAULTS[name](bench))
            print(outcome.line(done[-1]), flush=True)
            if until == LAST or name == "batches":
                outcome.keep(done[-1:], OUT)
    finally:
        spark.stop()
    return done


if __name__ == "__main__":
    sys.exit(main())
