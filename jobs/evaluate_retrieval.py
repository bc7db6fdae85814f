"""Measure retrieval: `spark-submit evaluate_retrieval.py --on sessions --system bm25 --train-tiny`.

Options as of `stark evaluate retrieval`.
"""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the arguments name; the exit code is that of `stark evaluate retrieval`."""
    return stark(["evaluate", "retrieval", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
