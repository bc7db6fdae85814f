"""Run one stage: `spark-submit run_stage.py personas --target databricks`; further options as of `stark run`."""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stage that the first argument names; the exit code is that of `stark run`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0].startswith("-"):
        sys.stderr.write("run_stage: name a stage first, as: run_stage.py personas --target databricks\n")
        return 2
    return stark(["run", "--from", given[0], "--until", given[0], *given[1:]])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
