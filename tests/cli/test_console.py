import json

import pytest

from stark_udfs.cli.console import as_json, cell, plain


def describe_plain():
    @pytest.mark.parametrize("mark", ["\x1b", "\x07", "\r", "\x9b", "\x7f", "\u202e", "\u2066", "\x00"])
    def it_replaces_what_a_terminal_obeys(mark: str):
        assert plain(f"a{mark}b") == "a\ufffdb"

    def it_keeps_lines_tabs_and_all_scripts():
        assert plain("a\n\tб 京 🍜 é") == "a\n\tб 京 🍜 é"


def describe_as_json():
    def it_is_json_that_says_the_same_without_control_characters():
        value = {"text": "\x1b[2J\x9b\u202e京", "list": [1, None, True]}
        text = as_json(value)
        assert text.isprintable()
        assert json.loads(text) == value

    def it_writes_null_for_numbers_that_json_does_not_have():
        assert as_json([float("nan"), float("inf"), 1.5]) == "[null, null, 1.5]"


def describe_cell():
    def it_is_one_line_of_bounded_length():
        assert cell("a\nb").plain == "a b"
        assert len(cell("x" * 500).plain) == 200
        assert cell(None).plain == ""
