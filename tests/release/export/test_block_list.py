from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.release.export.block_list import parse_block_list, read_block_list

SHA = "AB" * 32


def describe_parse_block_list():
    def it_tells_episodes_hashes_and_urls_apart():
        lines = [
            "# taken down",
            "",
            "e1a0000000000001  # asked for",
            "s1:e1b0000000000002-routine",
            SHA,
            "https://x.y/p#1",
        ]
        found = parse_block_list(lines, "list")
        assert found.episodes == {"e1a0000000000001", "e1b0000000000002"}
        assert found.hashes == {SHA.lower()}
        assert found.urls == {"https://x.y/p#1"}
        assert len(found) == 4

    @pytest.mark.parametrize("line", ["e1a000000000000", "Ana Lima", SHA[:-1], "ftp://x.y"])
    def it_refuses_a_line_that_would_block_nothing(line: str):
        with pytest.raises(InputError, match="line 2"):
            parse_block_list(["# fine", line], "list")


def describe_read_block_list():
    def it_is_empty_without_a_file():
        assert len(read_block_list(None)) == 0

    def it_refuses_a_file_that_is_not_there(tmp_path: Path):
        with pytest.raises(SettingsError, match=r"release\.block_list"):
            read_block_list(str(tmp_path / "none.txt"))
