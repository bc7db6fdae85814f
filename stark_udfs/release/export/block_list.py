"""The block list: episodes, pictures and pages that no export may hold, whatever the tables say."""

import re
from dataclasses import dataclass

import fsspec

from stark_udfs.core.errors import InputError, SettingsError

EPISODE = re.compile(r"(?:[\w.-]{1,64}:)?([0-9a-f]{16})(?:-[a-z]+)?")  # an id, or the public index around one
SHA256 = re.compile(r"[0-9a-fA-F]{64}")
URL = re.compile(r"https?://\S+", re.IGNORECASE)
MOST = 1_000_000  # lines


@dataclass(frozen=True)
class BlockList:
    """What is left out."""

    episodes: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    urls: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.episodes) + len(self.hashes) + len(self.urls)


def read_block_list(path: str | None) -> BlockList:
    """The list of a file or URI; empty for None.

    One entry a line: an episode's id or public index, a picture's SHA-256, or a URL. `#` begins a comment.

    Raises:
        SettingsError: the file cannot be read.
        InputError: a line is none of these; it is named, since a typo would release what must not be.
    """
    if path is None:
        return BlockList()
    try:
        with fsspec.open(path, "r", encoding="utf-8-sig") as file:
            lines = file.read().splitlines()
    except (OSError, ValueError, ImportError) as error:
        raise SettingsError(f"release.block_list: {path} cannot be read: {error}. Nothing was exported.") from error
    if len(lines) > MOST:
        raise InputError(f"{path}: {len(lines):,} lines; a block list has at most {MOST:,}.")
    return parse_block_list(lines, path)


def parse_block_list(lines: list[str], path: str) -> BlockList:
    """The list of these lines; raises as `read_block_list`."""
    episodes, hashes, urls = set(), set(), set()
    for number, line in enumerate(lines, 1):
        entry = line.strip() if URL.match(line.strip()) else line.partition("#")[0].strip()
        if not entry:
            continue
        if SHA256.fullmatch(entry):
            hashes.add(entry.lower())
        elif URL.fullmatch(entry):
            urls.add(entry)
        elif found := EPISODE.fullmatch(entry):
            episodes.add(found[1])
        else:
            raise InputError(
                f"{path}, line {number}: {entry[:80]!r} is neither an episode's id, nor a SHA-256, nor a URL. "
                "Nothing was exported."
            )
    return BlockList(frozenset(episodes), frozenset(hashes), frozenset(urls))
