from pathlib import Path

import pytest

from stark_udfs.cli.docs import pages

ROOT = Path(__file__).parents[2]


def describe_pages():
    @pytest.mark.parametrize("path", list(pages()))
    def they_are_what_the_checkout_holds(path: str):
        assert (ROOT / path).read_text(encoding="utf-8") == pages()[path], f"{path} is stale: make docs"

    def it_has_a_comment_for_what_is_not_plain():
        page = pages()["docs/tables.md"]
        assert "| `entity_value` | string | as 'kimchi stew'; stands in the sentence |" in page
        assert "| `interval` | string, or null | " in page
        assert "### replies" in page
        assert "Partitioned by `stage`." in page
