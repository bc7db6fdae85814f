"""Picture files under the storage URI, named by what is in them: `images/ab/<sha256>.<ext>`."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar, cast

from stark_udfs.core.errors import StorageError

PATH = re.compile(r"images/([0-9a-f]{2})/(\1[0-9a-f]{62})\.(jpg|png)")

Kept = TypeVar("Kept")


class FileState(StrEnum):
    """How a file stands to the row that names it."""

    GOOD = "good"
    MISSING = "missing"
    DAMAGED = "damaged"  # another size or other bytes than the row says
    FOREIGN = "foreign"  # not a path that this store could have written


@dataclass(frozen=True)
class StoredFile:
    """A file of the store."""

    path: str  # below the storage URI, with slashes
    sha256: str
    size: int  # bytes


class Store(Protocol):
    """What is used of an fsspec file system."""

    def cat_file(self, path: str) -> bytes:
        """The bytes of a file; FileNotFoundError."""

    def pipe_file(self, path: str, value: bytes) -> None:
        """Write a file in one piece."""


def path_of(sha256: str, extension: str) -> str:
    """Where a picture of that content lies."""
    return f"images/{sha256[:2]}/{sha256}.{extension}"


@dataclass(frozen=True)
class ImageFiles:
    """The picture files below a folder or URI. A file is there whole or not at all, and never changes."""

    root: str  # storage.files

    def put(self, data: bytes, extension: str) -> StoredFile:
        """Write the bytes, unless they are there already; a damaged file is written anew.

        Raises:
            StorageError: the storage cannot be written, or the extension is unknown.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = path_of(sha256, extension)
        if not PATH.fullmatch(path):
            raise StorageError(f"{path}: pictures are kept as .jpg or .png.")
        if self.verify(path, sha256, len(data)) is not FileState.GOOD:
            self._write(path, data)
        return StoredFile(path, sha256, len(data))

    def read(self, path: str) -> bytes:
        """The bytes of a file of the store.

        Raises:
            StorageError: no such file, or a path that is not one of the store's.
        """
        if not PATH.fullmatch(path):
            raise StorageError(f"{path!r} is not a picture path; they read images/ab/<sha256>.<jpg|png>.")
        try:
            return self._storage(lambda store, base: store.cat_file(f"{base}/{path}"))
        except FileNotFoundError as error:
            raise StorageError(f"{self.root}/{path} is missing; a run makes it again.") from error

    def sound(self, path: str) -> bytes | FileState:
        """The bytes of a file that holds what its name says, or how it is instead.

        Raises:
            StorageError: the storage itself cannot be read.
        """
        parts = PATH.fullmatch(path)
        if not parts:
            return FileState.FOREIGN
        try:
            data = self._storage(lambda store, base: store.cat_file(f"{base}/{path}"))
        except FileNotFoundError:
            return FileState.MISSING
        return data if hashlib.sha256(data).hexdigest() == parts[2] else FileState.DAMAGED

    def verify(self, path: str, sha256: str, size: int) -> FileState:
        """Whether the file is there and holds what its row says.

        Raises:
            StorageError: the storage itself cannot be read.
        """
        parts = PATH.fullmatch(path)
        if not parts or parts[2] != sha256:
            return FileState.FOREIGN
        data = self.sound(path)
        if isinstance(data, FileState):
            return data
        return FileState.GOOD if len(data) == size else FileState.DAMAGED

    def _write(self, path: str, data: bytes) -> None:
        from fsspec.implementations.local import LocalFileSystem

        def write(store: Store, base: str) -> None:
            if isinstance(store, LocalFileSystem):
                write_atomically(Path(base) / path, data)
            else:  # an object appears when its upload has ended
                store.pipe_file(f"{base}/{path}", data)

        self._storage(write)

    def _storage(self, use: Callable[[Store, str], Kept]) -> Kept:
        from fsspec.core import url_to_fs

        try:
            store, base = url_to_fs(self.root)
            return use(cast("Store", store), str(base).rstrip("/"))
        except FileNotFoundError:
            raise
        except (OSError, ImportError, ValueError) as error:
            raise StorageError(f"{self.root} cannot be used for pictures: {error}") from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside the place, then rename: no reader and no crash sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
