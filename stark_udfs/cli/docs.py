"""Writes docs/tables.md: `python -m stark_udfs.cli.docs docs/tables.md`."""

import sys
from pathlib import Path

from stark_udfs.engine.system_tables import SYSTEM, Provenance
from stark_udfs.sql.docs import tables_markdown
from stark_udfs.stages.pipeline import TABLES


def tables_page() -> str:
    """The whole page."""
    return tables_markdown(stages=TABLES, system=SYSTEM, provenance=Provenance)


def main() -> None:
    """Write the page to the path that is given."""
    Path(sys.argv[1]).write_text(tables_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
