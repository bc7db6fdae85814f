"""A member of an archive, and why one is not taken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stark_udfs.images.web.fetch import FetchRefusal, Refused

HEADERS = 1 << 20  # bytes before a member's data
LONGEST_NAME = 500  # characters

Most: TypeAlias = Callable[[str], int]  # how many bytes are wanted of a member with that name; 0: it is passed over


class BrokenArchive(Exception):
    """From here on an archive cannot be read, and why."""


@dataclass(frozen=True)
class Member:
    """A file of an archive, its bytes or why they were not taken; `offset` and `size` are those of its piece."""

    name: str
    offset: int
    size: int
    data: bytes | Refused


def misnamed(name: str) -> Refused | None:
    """Why an address cannot be made of a name."""
    if len(name) > LONGEST_NAME or "::" in name or not name.isprintable():
        return Refused(FetchRefusal.BAD_URL, f"a name that no address can hold: {name[:100]!r}")
    if name.startswith("/") or ".." in name.split("/"):
        return Refused(FetchRefusal.BAD_URL, f"a name that leads out of its archive: {name[:100]!r}")
    return None


def too_large(size: int, most: int) -> Refused | None:
    """Why a member of that size is not taken."""
    return Refused(FetchRefusal.TOO_LARGE, f"{size} bytes, at most {most}") if size > most else None


def no_file() -> Refused:
    """The refusal of a link in an archive."""
    return Refused(FetchRefusal.STATUS, "a link or device, no file")


def elsewhere(name: str) -> Refused:
    """What is said where an index does not fit its archive."""
    return Refused(FetchRefusal.STATUS, f"{name[:100]} no longer lies where the index says: build the index anew")
