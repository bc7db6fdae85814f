"""Members of a tar, in one pass forward.

A tar is one member after the other, so that the piece from a member's headers to the end of its data is a tar again.
`tarfile` reads single headers here; its walk would read whatever a header says into memory, and keeps every member.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from tarfile import BLOCKSIZE, SUPPORTED_TYPES, HeaderError, TarInfo

from stark_udfs.images.bounded import BoundedFile
from stark_udfs.images.retrieval.members import HEADERS, BrokenArchive, Member, Most, misnamed, no_file, too_large
from stark_udfs.images.web.fetch import FetchRefusal, Refused

GNU_NAME, GNU_LINK, PAX, SOLARIS_PAX, PAX_GLOBAL, GNU_SPARSE = b"L", b"K", b"x", b"X", b"g", b"S"
BEFORE = frozenset({GNU_NAME, GNU_LINK, PAX, SOLARIS_PAX, PAX_GLOBAL})  # headers that a member's own one follows
COMPRESSED = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"))


def tar_members(file: BoundedFile, most: Most) -> Iterator[Member]:
    """The wanted members.

    Raises:
        BrokenArchive: what follows is no tar.
        CutShort: it ends too early.
    """
    at, said = 0, _Extended(0)
    while header := _header(file, at):
        start, at = at, at + BLOCKSIZE
        if header.type in BEFORE:
            if header.size > HEADERS or at + header.size - said.start > HEADERS:
                raise BrokenArchive(f"more than {HEADERS} bytes of headers before a member")
            data = file.read_at(at, header.size)
            at += _blocks(header.size)
            if header.type == PAX_GLOBAL:
                said = _Extended(at)
            else:
                said.take(header.type, data)
            continue
        at = _after_sparse_map(file, start) if header.type == GNU_SPARSE else at
        size = header.size if said.size is None else said.size
        name, limit = said.name or header.name, most(said.name or header.name)
        if limit and not header.isdir():
            data_or_not = (
                misnamed(name)
                or _not_taken(header, sparse=said.sparse)
                or too_large(size, limit)
                or file.read_at(at, size)
            )
            yield Member(name, said.start, at + size - said.start, data_or_not)
        at += _blocks(size) if header.isreg() or header.type not in SUPPORTED_TYPES else 0
        said = _Extended(at)


@dataclass
class _Extended:
    """What the headers before a member's own one say of it."""

    start: int
    name: str = ""
    size: int | None = None
    sparse: bool = False

    def take(self, kind: bytes, data: bytes) -> None:
        if kind == GNU_NAME:
            self.name = data.split(b"\x00", 1)[0].decode("utf-8", "replace")
        for key, value in _records(data) if kind in (PAX, SOLARIS_PAX) else ():
            if key == b"path":
                self.name = value.decode("utf-8", "replace")
            elif key == b"size" and value.isdigit() and len(value) < 20:
                self.size = int(value)
            self.sparse = self.sparse or key.startswith(b"GNU.sparse.")


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a pax header: lines `LENGTH KEY=VALUE`, where the length counts the whole line."""
    at = 0
    while at < len(data) and data[at]:
        space = data.find(b" ", at, at + len(str(HEADERS)))
        length = data[at:space] if space > 0 else b""
        end = at + int(length) if length.isdigit() else 0
        if not 0 < space < end <= len(data):
            raise BrokenArchive("a pax header that cannot be read")
        key, _, value = data[space + 1 : end - 1].partition(b"=")
        yield key, value
        at = end


def _header(file: BoundedFile, at: int) -> TarInfo | None:
    """The header at a place; None at the end."""
    if file.size <= at < file.size + BLOCKSIZE:  # the last member may lack what fills its block
        return None
    block = file.read_at(at, min(BLOCKSIZE, max(1, file.size - at)))
    packed = next((name for start, name in COMPRESSED if not at and block.startswith(start)), None)
    if packed:
        raise BrokenArchive(f"packed as a whole by {packed}, so that no member can be read by itself: unpack it")
    if not any(block):
        return None
    try:
        header = TarInfo.frombuf(block, "utf-8", "replace")
    except (HeaderError, ValueError) as error:
        raise BrokenArchive(f"byte {at} is no header of a member: {error}"[:200]) from error
    if header.size < 0:
        raise BrokenArchive(f"the member at byte {at} says {header.size} bytes")
    return header


def _blocks(size: int) -> int:
    return -(-size // BLOCKSIZE) * BLOCKSIZE


def _after_sparse_map(file: BoundedFile, start: int) -> int:
    """Where the data of an old GNU sparse file begins: its map may go on in further blocks."""
    at, goes_on = start + BLOCKSIZE, file.read_at(start, BLOCKSIZE)[482]
    while goes_on:
        goes_on = file.read_at(at, BLOCKSIZE)[504]
        at += BLOCKSIZE
    return at


def _not_taken(header: TarInfo, *, sparse: bool) -> Refused | None:
    if sparse or header.type == GNU_SPARSE:
        return Refused(FetchRefusal.STATUS, "a sparse file")
    return None if header.isreg() else no_file()
