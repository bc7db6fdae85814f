"""Archives of pictures, hostile ones too: their members in one pass, and later one of them by where it lies.

What an index remembers of a member is its piece of the archive: from its headers to the end of its data. That is all
that a later read asks the storage for. Nothing is unpacked onto a disk; nothing that an archive says is believed.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

from stark_udfs.images.bounded import BoundedFile, CutShort
from stark_udfs.images.retrieval.members import BrokenArchive, Member, Most, elsewhere
from stark_udfs.images.retrieval.tars import tar_members
from stark_udfs.images.retrieval.zips import zip_member, zip_members
from stark_udfs.images.web.fetch import Refused

Kind = Literal["tar", "zip"]
KINDS: tuple[Kind, ...] = ("tar", "zip")


@dataclass(frozen=True)
class MemberAt:
    """Where a member is: bytes [offset, offset + size) of an archive, which is a path or URI."""

    kind: Kind
    archive: str
    name: str
    offset: int
    size: int

    @property
    def address(self) -> str:
        """As indexes write it, and as fsspec reads it."""
        return f"{self.kind}://{self.name}::{self.archive}"


def kind_of(path: str) -> Kind:
    """The kind of an archive by its name; without one that is known, a tar."""
    return "zip" if path.lower().endswith(".zip") else "tar"


def member_at(address: str, offset: int, size: int) -> MemberAt | None:
    """The member behind `tar://name::archive`; None if that is no address of a member."""
    for kind in KINDS:
        name, parted, archive = address.removeprefix(f"{kind}://").partition("::")
        if address.startswith(f"{kind}://") and parted:
            return MemberAt(kind, archive, name, offset, size)
    return None


def members(kind: Kind, file: IO[bytes], most: Most) -> Iterator[Member]:
    """The wanted members of an archive in the order in which they lie in it, read from its start to its end.

    Raises:
        BrokenArchive: the rest of it cannot be read. What the storage itself raises is passed on.
    """
    bounded = BoundedFile(file)
    try:
        yield from tar_members(bounded, most) if kind == "tar" else zip_members(bounded, most)
    except CutShort as short:
        raise BrokenArchive(str(short)) from short


def member_in(at: MemberAt, piece: bytes, most: int) -> bytes | Refused:
    """The data of a member from its piece of the archive, at most so many bytes."""
    if at.kind == "zip":
        return zip_member(piece, at.name, most)
    try:
        found = next(members("tar", io.BytesIO(piece), lambda _: most), None)
    except BrokenArchive:
        return elsewhere(at.name)
    return found.data if found is not None and found.name == at.name else elsewhere(at.name)
