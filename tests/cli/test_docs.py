from pathlib import Path

from stark_udfs.cli.docs import tables_page

DOCS = Path(__file__).parents[2] / "docs" / "tables.md"


def describe_tables_page():
    def it_is_what_docs_tables_md_holds():
        assert DOCS.read_text(encoding="utf-8") == tables_page(), "docs/tables.md is stale: make docs"

    def it_has_a_comment_for_what_is_not_plain():
        page = tables_page()
        assert "| `entity_value` | string | as 'kimchi stew'; stands in the sentence |" in page
        assert "| `interval` | string, or null | " in page
        assert "### replies" in page
        assert "Partitioned by `stage`." in page
