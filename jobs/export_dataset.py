"""Export the dataset: `spark-submit export_dataset.py /Volumes/main/stark/release --target databricks`.

Options as of `stark export`.
"""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the export that the arguments describe; the exit code is that of `stark export`."""
    return stark(["export", *(sys.argv[1:] if arguments is None else arguments)])


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
