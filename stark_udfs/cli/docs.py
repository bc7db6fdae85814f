"""Writes what is derived from code: `python -m stark_udfs.cli.docs`, in a checkout; or `make docs`."""

from pathlib import Path

from stark_udfs.cli.setup.bundle import bundle_pages
from stark_udfs.engine.system_tables import SYSTEM, Provenance
from stark_udfs.settings.render import as_yaml
from stark_udfs.sql.docs import tables_markdown
from stark_udfs.stages.pipeline import TABLES, Settings
from stark_udfs.stages.probes.scores import TABLE as SCORES
from stark_udfs.stages.verdicts.ratings import TABLE as RATINGS

ROOT = Path(__file__).parents[2]


def pages() -> dict[str, str]:
    """Path in the checkout → what stands there."""
    return {
        "docs/tables.md": tables_markdown(stages=(*TABLES, RATINGS, SCORES), system=SYSTEM, provenance=Provenance),
        "conf/base.yml": as_yaml(Settings()),
        **bundle_pages(ROOT),
    }


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        Path(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
