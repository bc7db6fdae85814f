"""Run the pipeline: `spark-submit run_pipeline.py --target databricks --conf conf [--until sessions]`."""

import argparse
import sys
from collections.abc import Sequence

from stark_udfs.cli.options import RunSelection
from stark_udfs.cli.run import carry_out
from stark_udfs.stages.pipeline import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages that the arguments name; the exit code is that of `stark run`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--conf", default="conf")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="A.B=C")
    parser.add_argument("--from", dest="first", metavar="STAGE")
    parser.add_argument("--until", metavar="STAGE")
    parser.add_argument("--episodes", type=int, metavar="N")
    parser.add_argument("--remake", action="append", default=[], metavar="STAGE")
    parser.add_argument("--keep-stale", action="store_true")
    parser.add_argument("--retry-rejects", nargs="?", const="all", metavar="REASON")
    options = parser.parse_args(arguments)
    order = RunSelection(
        first=options.first,
        until=options.until,
        remake=tuple(options.remake),
        keep_stale=options.keep_stale,
        retry_rejects=options.retry_rejects,
    )
    more = [] if options.episodes is None else [f"pipeline.episodes={options.episodes}"]
    return carry_out(load_settings(options.target, conf=options.conf, overrides=[*options.overrides, *more]), order)


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
