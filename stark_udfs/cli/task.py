"""`stark-task`: the `stark` command as a task of a scheduler that takes what an entry point raises for its failure.

Databricks passes over what the entry point of a wheel returns, and takes a `SystemExit`, even of 0, for a failure.
"""

import sys
from collections.abc import Sequence

from stark_udfs.cli.main import main as stark
from stark_udfs.core.errors import StarkError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `stark` with these arguments, or with those of the process.

    Raises:
        StarkError: it ended with another exit code than 0; what it says stands above, on standard error.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if code := stark(given):
        raise StarkError(f"stark {' '.join(given[:1])} ended with exit code {code}: see the lines above.")
