"""Compact tables and remove old files: `spark-submit maintain_tables.py --apply`; options as of `stark maintain`."""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Take care of the tables; the exit code is that of `stark maintain`."""
    return stark(["maintain", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
