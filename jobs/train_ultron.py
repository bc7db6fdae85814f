"""Train Ultron: `spark-submit train_ultron.py --target databricks [--task summary]`; options as of `stark train`.

Several processes: `--set ultron.processes=8`; on the executors of a cluster with GPUs: `--set ultron.local=false`.
"""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; the exit code is that of `stark train`."""
    return stark(["train", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
