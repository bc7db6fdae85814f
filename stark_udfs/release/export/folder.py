"""The folder of an export: whose it is, what an earlier export left in it, checksums of what it holds.

A local folder or a URI. Only files that an earlier export wrote, by its manifest, are ever removed.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import fsspec
from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import Buffer

from stark_udfs.core.errors import InputError, StorageError

MANIFEST, CHECKSUMS, WORK = "stark-export.json", "SHA256SUMS", ".stark-export-work"
BEGUN = f"{WORK}/begun"
OWN = re.compile(
    r"(?:[a-z_]+/(?:train|validation|test)-\d{5}-of-\d{5}\.(?:parquet|tar))|README\.md|croissant\.json|SHA256SUMS"
)
RELATIVE = re.compile(r"(?!.*(?:^|/)\.\.?(?:/|$))[\w.-]+(?:/[\w.-]+)*")
NAMED = 5


class ExportedFile(BaseModel):
    """A file of an export."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    bytes: int
    sha256: str
    rows: int = 0
    part: str = ""
    split: str = ""


class Manifest(BaseModel):
    """What an export wrote, so that the next one knows what is its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stark_export: int = 1
    files: list[ExportedFile]


class HashingFile:
    """A file that is written from front to back and hashed on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: Buffer) -> int:
        """As of a file."""
        self._hash.update(data)
        self._file.write(data)
        size = len(memoryview(data).cast("B"))
        self.bytes += size
        return size

    def tell(self) -> int:
        """Bytes so far."""
        return self.bytes

    def flush(self) -> None:
        """As of a file."""
        self._file.flush()

    def writable(self) -> bool:
        """As of a file."""
        return True

    def readable(self) -> bool:
        """As of a file."""
        return False

    def seekable(self) -> bool:
        """As of a file."""
        return False

    def close(self) -> None:
        """Leaves the file to who opened it."""
        self.closed = True

    @property
    def sha256(self) -> str:
        """Of what was written."""
        return self._hash.hexdigest()


@dataclass(frozen=True)
class ExportFolder:
    """Where an export goes; picklable, used by the driver and by executors."""

    root: str

    def whole(self, path: str) -> str:
        """The address of a file of the folder."""
        return f"{self.root.rstrip('/')}/{path}"

    @contextmanager
    def writing(self, path: str) -> Iterator[HashingFile]:
        """A file that is there whole or not at all: a second attempt of a task replaces the first.

        Raises:
            StorageError: the folder cannot be written.
        """
        try:
            files, address = fsspec.core.url_to_fs(self.whole(path))
            local = "file" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
            draft = address
            if local:
                os.makedirs(os.path.dirname(address), exist_ok=True)
                work = fsspec.core.url_to_fs(self.whole(WORK))[1]
                os.makedirs(work, exist_ok=True)
                draft = f"{work}/{path.replace('/', '-')}.{os.getpid()}"
            with files.open(draft, "wb") as file:
                yield HashingFile(file)
            if local:
                os.replace(draft, address)
        except OSError as error:
            raise StorageError(f"{self.whole(path)} cannot be written: {error}") from error

    def put(self, path: str, text: str, part: str = "") -> ExportedFile:
        """Write a text."""
        with self.writing(path) as file:
            file.write(text.encode("utf-8", "backslashreplace"))
        return ExportedFile(path=path, bytes=file.bytes, sha256=file.sha256, part=part)

    def listed(self) -> set[str]:
        """The files there are, without those of our work."""
        files, address = fsspec.core.url_to_fs(self.root.rstrip("/"))
        if not files.exists(address):
            return set()
        if files.isfile(address):
            raise InputError(f"{self.root} is a file; an export is a folder.")
        start = len(address.rstrip("/")) + 1
        found = {name[start:] for name in files.find(address)}
        return {name for name in found if name.split("/")[0] != WORK}

    def earlier(self) -> Manifest | None:
        """The manifest of an export that is there; None: there is none that can be read."""
        files, address = fsspec.core.url_to_fs(self.whole(MANIFEST))
        try:
            found = Manifest.model_validate_json(files.cat_file(address))
        except (FileNotFoundError, ValidationError, UnicodeDecodeError):
            return None
        return found if all(RELATIVE.fullmatch(file.path) for file in found.files) else None

    def prepare(self, *, overwrite: bool) -> None:
        """Make room for an export.

        Raises:
            InputError: something else is in the folder, or an earlier export without `overwrite`; nothing was changed.
        """
        there = self.listed()
        if there:
            self._refuse_or_clear(there, overwrite=overwrite)
        self.clear_work()
        self.put(BEGUN, "an export that is being written, or was cut off\n")

    def clear_work(self) -> None:
        """Remove what only the writing needed."""
        files, address = fsspec.core.url_to_fs(self.whole(WORK))
        if files.exists(address):
            files.rm(address, recursive=True)

    def finish(self, written: Sequence[ExportedFile], facts: dict[str, Any]) -> None:
        """Write the checksums and, last of all, the manifest."""
        lines = "".join(f"{file.sha256}  {file.path}\n" for file in sorted(written, key=lambda file: file.path))
        sums = self.put(CHECKSUMS, lines, "checksums")
        files = sorted([*written, sums], key=lambda file: file.path)
        manifest = {"stark_export": 1, **facts, "files": [file.model_dump() for file in files]}
        self.put(MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        self.clear_work()

    def _refuse_or_clear(self, there: set[str], *, overwrite: bool) -> None:
        before = self.earlier()
        own = set() if before is None else {file.path for file in before.files} | {MANIFEST}
        files, begun = fsspec.core.url_to_fs(self.whole(BEGUN))
        if files.exists(begun):
            own |= {name for name in there if OWN.fullmatch(name)}
        other = sorted(there - own)
        if other:
            more = f" and {len(other) - NAMED} more" if len(other) > NAMED else ""
            raise InputError(
                f"{self.root} holds what no export wrote: {', '.join(other[:NAMED])}{more}. "
                "Give an empty folder, or move these away; --overwrite removes files of an earlier export only."
            )
        if not overwrite:
            raise InputError(f"{self.root} holds an earlier export. --overwrite replaces it; or give another folder.")
        for name in sorted(there & own, key=lambda name: name != MANIFEST):
            files.rm_file(fsspec.core.url_to_fs(self.whole(name))[1])
        _remove_empty(files, fsspec.core.url_to_fs(self.root.rstrip("/"))[1], there)


def _remove_empty(files: fsspec.AbstractFileSystem, root: str, names: set[str]) -> None:
    folders = {name.rsplit("/", 1)[0] for name in names if "/" in name}
    for folder in sorted(folders, reverse=True):
        address = f"{root}/{folder}"
        if files.isdir(address) and not files.ls(address, detail=False):
            files.rmdir(address)


def absolute(root: str) -> str:
    """A local folder by its whole path, since executors may work in another; a URI as it is.

    Raises:
        InputError: it names no folder, or a kind of storage that is not known here.
    """
    protocol, path = fsspec.core.split_protocol(root)
    if not path.strip("/ ") or "\x00" in root:
        raise InputError(f"{root!r} names no folder to export to.")
    if protocol not in (None, "file"):
        try:
            fsspec.get_filesystem_class(protocol)
        except (ValueError, ImportError) as error:
            raise InputError(f"{root}: {error}. Name a folder, or a URI whose package is installed.") from None
    return os.path.abspath(path) if protocol in (None, "file") else root
