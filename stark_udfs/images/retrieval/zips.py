"""Members of a zip: listed by its end, read from its start. A member's piece is its local header and its data."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator

from stark_udfs.images.bounded import BoundedFile, StorageLost
from stark_udfs.images.retrieval.members import BrokenArchive, Member, Most, elsewhere, misnamed, no_file, too_large
from stark_udfs.images.web.fetch import FetchRefusal, Refused

LISTED = 1 << 24  # bytes of the list of members: 150,000 or more
LOCAL = struct.Struct("<4sHHHHHIIIHH")
SIGNATURE = b"PK\x03\x04"
ENCRYPTED, SIZES_FOLLOW, UTF8 = 0x1, 0x8, 0x800
STORED, DEFLATED = 0, 8


def zip_members(file: BoundedFile, most: Most) -> Iterator[Member]:
    """The wanted members.

    Raises:
        BrokenArchive: it is no zip, or its members overlap.
        CutShort: it ends too early, or its list is too large.
    """
    try:
        with zipfile.ZipFile(file.within(LISTED)) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise BrokenArchive(f"no zip: {error}"[:200]) from error
    except StorageLost as lost:
        raise lost.error from lost
    end = 0
    for info in infos:
        name, start = info.orig_filename, info.header_offset
        limit = 0 if info.is_dir() else most(name)
        if start < end or start < 0:
            raise BrokenArchive(f"members that overlap, at byte {start}")
        size = _size_in_zip(file, start, info)
        end = start + size
        if limit:
            data = (
                misnamed(name)
                or (no_file() if stat.S_ISLNK(info.external_attr >> 16) else None)
                or too_large(max(info.file_size, info.compress_size), limit)
                or zip_member(file.read_at(start, size), name, limit)
            )
            yield Member(name, start, size, data)


def _size_in_zip(file: BoundedFile, start: int, info: zipfile.ZipInfo) -> int:
    """Of a local header and its data; the lengths in the list are those of other fields."""
    *_, name, extra = LOCAL.unpack(file.read_at(start, LOCAL.size))
    return LOCAL.size + int(name) + int(extra) + info.compress_size


def zip_member(piece: bytes, name: str, most: int) -> bytes | Refused:
    """The data of a member from its piece, at most so many bytes."""
    if len(piece) < LOCAL.size:
        return elsewhere(name)
    signature, _, flags, method, _, _, crc, _, _, named, extra = LOCAL.unpack(piece[: LOCAL.size])
    said = piece[LOCAL.size : LOCAL.size + named].decode("utf-8" if flags & UTF8 else "cp437", "replace")
    if signature != SIGNATURE or said != name:
        return elsewhere(name)
    if flags & ENCRYPTED or method not in (STORED, DEFLATED):
        return Refused(FetchRefusal.STATUS, f"encrypted, or packed by method {method}: stored and deflated are read")
    packed = piece[LOCAL.size + named + extra :]
    try:
        data = packed if method == STORED else _inflated(packed, most)
    except zlib.error as error:
        return Refused(FetchRefusal.BROKEN, str(error)[:200])
    damaged = not flags & SIZES_FOLLOW and zlib.crc32(data) != crc
    return too_large(len(data), most) or (Refused(FetchRefusal.BROKEN, "its checksum is another") if damaged else data)


def _inflated(packed: bytes, most: int) -> bytes:
    """At most one byte more than wanted, whatever the rest would come to."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(packed, most + 1)
    if not inflater.eof and len(data) <= most:
        raise zlib.error("the data is cut short")
    return data
