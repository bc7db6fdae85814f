"""Run the pipeline: `spark-submit run_pipeline.py --target databricks [--until sessions]`.

Options as of `stark run`.
"""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the stages that the arguments name; the exit code is that of `stark run`."""
    return stark(["run", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
