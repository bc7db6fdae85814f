"""A file that is read by places: nothing behind its end, and nothing larger than allowed."""

import io
from typing import IO


class CutShort(Exception):
    """What was to be read lies behind the end, or is larger than anything honest."""


class StorageLost(Exception):
    """What the storage raised, kept from code that takes an OSError for a fault of the archive."""

    def __init__(self, error: OSError) -> None:
        """Keep it."""
        super().__init__(str(error))
        self.error = error


class BoundedFile:
    """Reads of a file that can seek."""

    def __init__(self, file: IO[bytes]) -> None:
        """The size is asked for once."""
        self._file = file
        self.size = file.seek(0, io.SEEK_END)

    def read_at(self, start: int, size: int) -> bytes:
        """Exactly these bytes.

        Raises:
            CutShort: the file ends before.
        """
        if start + size > self.size:
            raise CutShort(f"{size} bytes at byte {start}, but the archive has {self.size}")
        if self._file.tell() != start:
            self._file.seek(start)
        data = self._file.read(size)
        if len(data) < size:
            raise CutShort(f"the archive ended at byte {start + len(data)} while it was read")
        return data

    def within(self, most: int) -> "Reads":
        """The same as a file object, for code that reads whatever an archive says."""
        return Reads(self, most)


class Reads:
    """What `zipfile` uses of a file object; no read is larger than allowed."""

    def __init__(self, file: BoundedFile, most: int) -> None:
        """At the start of the file."""
        self._file, self._most, self._at = file, most, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; a negative one is a ValueError."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise ValueError(f"byte {start + offset}")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes.

        Raises:
            CutShort: they are more than allowed.
            StorageLost: they cannot be read.
        """
        left = max(0, self._file.size - self._at)
        size = left if size < 0 else min(size, left)
        if size > self._most:
            raise CutShort(f"a list of members of {size} bytes, at most {self._most}")
        try:
            data = self._file.read_at(self._at, size)
        except OSError as error:
            raise StorageLost(error) from error
        self._at += size
        return data
