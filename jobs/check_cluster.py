"""Compare executors with the driver: `spark-submit check_cluster.py --target openai`; options as of `stark doctor`."""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine driver and executors; the exit code is that of `stark doctor --cluster`."""
    return stark(["doctor", "--cluster", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
