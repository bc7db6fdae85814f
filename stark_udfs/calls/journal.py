"""The journal: a reply is durable here before it counts.

`<files>/journal/<run>/<stage>/<bucket>/<attempt>-<n>.jsonl`, one reply a line. A local folder takes each line as it
comes, flushed to the operating system: a killed process loses nothing that was acknowledged; a machine that loses its
power may. Elsewhere lines are kept for `flush_s` seconds and written as numbered objects.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

import fsspec
from pydantic import ValidationError

from stark_udfs.calls.request import Reply
from stark_udfs.core.errors import StorageError

FOLDER = "journal"
LARGEST_OBJECT = 8_000_000  # bytes that are kept before an object is written early


@dataclass(frozen=True)
class JournalPlace:
    """Where one stage of one run keeps its journal; picklable. `flush_s` is for file systems that cannot append."""

    files: str
    run_id: str
    stage: str
    flush_s: float = 2.0
    append: bool | None = None  # None: as the file system can

    def bucket(self, bucket: int) -> str:
        """The folder of one bucket."""
        return "/".join((self.files.rstrip("/"), FOLDER, quote(self.run_id), self.stage, str(bucket)))

    @property
    def local(self) -> bool:
        """Whether lines are appended to a local file."""
        if self.append is not None:
            return self.append
        protocol = fsspec.core.split_protocol(self.files)[0]
        return protocol in (None, "file", "local") and not self.files.startswith("/Volumes/")


@dataclass(frozen=True)
class Segment:
    """What one file of the journal holds; `torn` counts the lines that are no reply."""

    replies: tuple[Reply, ...]
    torn: int


class Journal(Protocol):
    """Where a partition's replies go."""

    def append(self, bucket: int, reply: Reply) -> "asyncio.Future[None]":
        """Keep a reply; the future is done when it is durable, and fails with StorageError if it never will be."""
        ...

    async def close(self) -> None:
        """Make all of it durable.

        Raises:
            StorageError: that is not possible.
        """
        ...


def open_journal(place: JournalPlace, attempt: str) -> Journal:
    """A journal for one task attempt; to be used on one event loop, which is running."""
    return LocalJournal(place, attempt) if place.local else ObjectJournal(place, attempt)


class LocalJournal:
    """One open file per bucket, appended to line by line."""

    def __init__(self, place: JournalPlace, attempt: str) -> None:
        """Nothing is created before the first reply."""
        self.place = place
        self.attempt = attempt
        self._files: dict[int, int] = {}
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._done.set_result(None)

    def append(self, bucket: int, reply: Reply) -> "asyncio.Future[None]":
        """Write and flush."""
        try:
            file = self._files.get(bucket)
            if file is None:
                file = self._files[bucket] = self._create(bucket)
            append_whole(file, _line(reply))
        except OSError as error:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(_unwritable(self.place.bucket(bucket), error))
            return failed
        return self._done

    async def close(self) -> None:
        """Close the files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _create(self, bucket: int) -> int:
        folder = fsspec.core.strip_protocol(self.place.bucket(bucket))
        os.makedirs(folder, exist_ok=True)
        for number in range(10_000):
            try:
                return os.open(
                    f"{folder}/{self.attempt}-{number}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644
                )
            except FileExistsError:
                continue
        raise FileExistsError(f"{folder}/{self.attempt}-*.jsonl")


def append_whole(file: int, line: bytes, write: Callable[[int, bytes], int] = os.write) -> None:
    """Append a line whole or not at all.

    Raises:
        OSError: the disk is full, or worse; what had been written of the line is taken back.
    """
    before = os.fstat(file).st_size
    left = memoryview(line)
    try:
        while left:
            left = left[write(file, bytes(left)) :]
    except OSError:
        os.ftruncate(file, before)
        raise


class ObjectJournal:
    """Numbered objects, one per bucket and flush."""

    def __init__(self, place: JournalPlace, attempt: str) -> None:
        """The first flush comes `flush_s` after the first reply."""
        self.place = place
        self.attempt = attempt
        self._system = fsspec.url_to_fs(place.files)[0]
        self._batches: dict[int, list[bytes]] = {}
        self._size = 0
        self._numbers: dict[int, int] = {}
        self._flushed: asyncio.Future[None] | None = None
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def append(self, bucket: int, reply: Reply) -> "asyncio.Future[None]":
        """Keep for the next flush."""
        line = _line(reply)
        self._batches.setdefault(bucket, []).append(line)
        self._size += len(line)
        if self._flushed is None:
            self._flushed = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._keep_flushing())
        if self._size >= LARGEST_OBJECT:
            self._full.set()
        return self._flushed

    async def close(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        flushed = self._flushed
        await self._flush()
        if flushed is not None:
            await flushed

    async def _keep_flushing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self.place.flush_s):
                    await self._full.wait()
            except TimeoutError:
                pass
            await asyncio.shield(self._flush())

    async def _flush(self) -> None:
        async with self._writing:
            batches, self._batches = self._batches, {}
            flushed, self._flushed = self._flushed, None
            self._size = 0
            self._full.clear()
            if flushed is None:
                return
            try:
                for bucket, lines in batches.items():
                    await asyncio.to_thread(self._write, bucket, b"".join(lines))
            except OSError as error:
                flushed.set_exception(_unwritable(self.place.files, error))
            else:
                flushed.set_result(None)

    def _write(self, bucket: int, content: bytes) -> None:
        folder = self._system._strip_protocol(self.place.bucket(bucket))
        number = self._numbers.get(bucket)
        if number is None:
            self._system.makedirs(folder, exist_ok=True)
            number = 0
            while self._system.exists(f"{folder}/{self.attempt}-{number:06d}.jsonl"):
                number += 1
        self._system.pipe_file(f"{folder}/{self.attempt}-{number:06d}.jsonl", content)
        self._numbers[bucket] = number + 1


def read_buckets(place: JournalPlace, buckets: Iterable[int]) -> Segment:
    """All replies of some buckets, whatever attempt wrote them."""
    replies: list[Reply] = []
    torn = 0
    for bucket in buckets:
        for path in list_segments(place.bucket(bucket)):
            segment = read_segment(path)
            replies.extend(segment.replies)
            torn += segment.torn
    return Segment(tuple(replies), torn)


def list_segments(folder: str) -> list[str]:
    """The URIs of all segments below a folder, sorted; none where there is no such folder."""
    return list(sized_segments(folder))


def sized_segments(folder: str) -> dict[str, int]:
    """As `list_segments`, with the size of each in bytes."""
    system, path = fsspec.url_to_fs(folder)
    system.invalidate_cache()
    found = system.find(path, detail=True)
    return {system.unstrip_protocol(name): found[name]["size"] for name in sorted(found) if name.endswith(".jsonl")}


def read_segment(uri: str) -> Segment:
    """The replies of one segment. A line that a crash tore, or filled with NULs, is counted and passed over."""
    with fsspec.open(uri, "rb") as file:
        content: bytes = file.read()
    return parse_lines(content.split(b"\n"))


def parse_lines(lines: Iterable[bytes]) -> Segment:
    """The replies in some lines; empty lines count for nothing."""
    replies: list[Reply] = []
    torn = 0
    for line in lines:
        bare = line.strip(b"\0 \r\t")
        if not bare:
            torn += b"\0" in line
            continue
        try:
            replies.append(Reply.model_validate_json(bare))
        except ValidationError:
            torn += 1
    return Segment(tuple(replies), torn)


def runs_with_segments(files: str) -> list[str]:
    """The ids of the runs that have a journal."""
    system, path = fsspec.url_to_fs(f"{files.rstrip('/')}/{FOLDER}")
    if not system.isdir(path):
        return []
    return sorted(name.rstrip("/").rpartition("/")[2] for name in system.ls(path, detail=False))


def by_unit(replies: Iterable[Reply]) -> dict[str, dict[str, Reply]]:
    """The replies of each unit, by key; of two with one key the first holds."""
    known: dict[str, dict[str, Reply]] = {}
    for reply in replies:
        known.setdefault(reply.unit_key, {}).setdefault(reply.key, reply)
    return known


def _line(reply: Reply) -> bytes:
    return reply.model_dump_json().encode() + b"\n"


def _unwritable(place: str, error: OSError) -> StorageError:
    return StorageError(
        f"{place}: the journal cannot be written ({error.strerror or error}). "
        "No further call is paid; what was acknowledged is kept. Make room, or set storage.files, and run again."
    )
