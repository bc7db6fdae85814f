"""What counts as a change of code, without Spark: the meaning of a module and of what it imports from the package."""

import pytest

from stark_udfs.engine.fingerprint import code_hash, meaning

SOURCE = '''
"""A module."""
from stark_udfs.core.ids import digest, canonical

class Reply:
    """Sent to the model."""

def ask(row):
    """Ask."""
    return digest(row) + "?"  # a question
'''


def hash_of(source: str) -> str:
    return meaning(source)[0]


def describe_meaning():
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("  # a question", ""),
            ('"""A module."""', '"""Another word for it."""'),
            ('"""Ask."""', '"""Ask it."""'),
            ('    """Ask."""\n', ""),
            ('digest(row) + "?"', "(\n        digest(row)\n        + '?'\n    )"),
        ],
    )
    def it_stays_when_layout_comments_or_docstrings_of_functions_change(old: str, new: str):
        assert old in SOURCE
        assert hash_of(SOURCE.replace(old, new)) == hash_of(SOURCE)

    @pytest.mark.parametrize(
        ("old", "new"), [('"?"', '"!"'), ("Sent to the model.", "Sent to it."), ("class Reply", "class Answer")]
    )
    def it_moves_with_code_and_with_docstrings_of_classes(old: str, new: str):
        assert hash_of(SOURCE.replace(old, new)) != hash_of(SOURCE)

    def it_names_what_is_imported_from_the_package():
        _, imported = meaning(SOURCE + "import json\nfrom collections import abc\n")
        assert set(imported) == {
            "stark_udfs.core.ids",
            "stark_udfs.core.ids.digest",
            "stark_udfs.core.ids.canonical",
        }


def describe_code_hash():
    def it_is_of_all_modules_whatever_their_order():
        one, other = "stark_udfs.core.english", "stark_udfs.core.ids"
        assert code_hash(one, other) == code_hash(other, one)
        assert code_hash(one) != code_hash(one, "stark_udfs.core.rejects")

    def it_passes_over_what_changes_no_row():
        assert code_hash("stark_udfs.engine.lock") == code_hash() == code_hash("stark_udfs.calls.providers.transport")
