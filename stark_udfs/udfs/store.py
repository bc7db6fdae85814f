"""Replies by what was asked: `<files>/udf/<model>/<first digits>/<unit>.jsonl`, one small file per prompt.

A UDF has no plan of its open calls and no stage: Spark may evaluate it twice, in any task, today and next week. So a
reply is found by the content of its question alone, by whoever asks it, without an index that could be out of date.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import fsspec

from stark_udfs.calls.journal import JournalPlace, append_whole, list_segments, parse_lines, read_segment
from stark_udfs.calls.limits.client import LimiterClient
from stark_udfs.calls.request import Reply
from stark_udfs.calls.sequence import SequenceEnd, advance
from stark_udfs.calls.unit import CallUnit
from stark_udfs.core.errors import StorageError

FOLDER = "udf"
FAN = 3  # hex digits of a folder's name: 4,096 folders
READERS = 16  # threads that add up what was spent


@dataclass(frozen=True)
class StorePlace:
    """Where the replies of one model are kept; picklable. `local`: lines are appended, else objects are written."""

    files: str
    model: str
    local: bool

    @classmethod
    def of(cls, files: str, model: str, append: bool | None) -> "StorePlace":
        """`append` as `storage.journal_append`."""
        return cls(files.rstrip("/"), model, JournalPlace(files, "", "", append=append).local)

    def path(self, unit: str) -> str:
        """The file of one unit."""
        return "/".join((self.files, FOLDER, quote(self.model, safe=""), unit[:FAN], f"{unit}.jsonl"))


class ReplyStore:
    """The replies of one model, as one task reads and adds to them. It is the task's journal, too."""

    def __init__(self, place: StorePlace) -> None:
        """Nothing is opened."""
        self.place = place
        self._system, _ = fsspec.url_to_fs(place.files)
        self._objects: dict[str, bytes] = {}  # of units whose turn it is, where nothing can be appended
        self._writing: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def turn(self, limiter: LimiterClient, unit: CallUnit) -> AsyncIterator[Mapping[str, Reply]]:
        """What is known of a unit, once nobody else asks it; asked by nobody else until the block ends."""
        name = unit.conversation.unit_key
        known = await self._read(name)
        if known and isinstance(advance(unit.conversation, known), SequenceEnd):
            yield known
            return
        await limiter.claim(name)
        try:
            yield await self._read(name)
        finally:
            self._objects.pop(name, None)
            self._writing.pop(name, None)
            await limiter.release(name)

    def append(self, bucket: int, reply: Reply) -> "asyncio.Future[None]":
        """Keep a reply beside those of its unit."""
        line = reply.model_dump_json().encode() + b"\n"
        if not self.place.local:
            self._objects[reply.unit_key] = self._objects.get(reply.unit_key, b"") + line
            return asyncio.ensure_future(self._put(reply.unit_key))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            self._append(self._path(reply.unit_key), line)
            done.set_result(None)
        except OSError as error:
            done.set_exception(self._unusable(error))
        return done

    async def close(self) -> None:
        """Every reply was durable before its unit ended."""

    def _path(self, unit: str) -> str:
        return str(self._system._strip_protocol(self.place.path(unit)))

    def _append(self, path: str, line: bytes) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(file).st_size
            torn = size and os.pread(file, 1, size - 1) != b"\n"  # by a crash: the line would be lost with it
            append_whole(file, b"\n" + line if torn else line)
        finally:
            os.close(file)

    async def _put(self, unit: str) -> None:
        try:
            async with self._writing.setdefault(unit, asyncio.Lock()):  # the longer one last
                await asyncio.to_thread(self._write, self._path(unit), self._objects[unit])
        except OSError as error:
            raise self._unusable(error) from error

    def _write(self, path: str, content: bytes) -> None:
        self._system.makedirs(os.path.dirname(path), exist_ok=True)
        self._system.pipe_file(path, content)

    async def _read(self, unit: str) -> dict[str, Reply]:
        """The replies of a unit by key; of two with one key the first holds.

        Raises:
            StorageError: the file is there and cannot be read.
        """
        path = self._path(unit)
        try:
            if self.place.local:
                with open(path, "rb") as file:
                    content = file.read()
            else:
                content = await asyncio.to_thread(self._system.cat_file, path)
                self._objects[unit] = content
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable(error) from error
        known: dict[str, Reply] = {}
        for reply in parse_lines(content.split(b"\n")).replies:
            known.setdefault(reply.key, reply)
        return known

    def _unusable(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.place.files}/{FOLDER}: replies of UDFs cannot be kept there ({error.strerror or error}). "
            "No further call is paid. Set storage.files to a place that all executors can write."
        )


def spent(files: str) -> float:
    """The money of all replies that UDFs have paid for below `storage.files`."""
    paths = list_segments(f"{files.rstrip('/')}/{FOLDER}")
    with ThreadPoolExecutor(READERS) as readers:
        return sum(readers.map(_money, paths))


def _money(path: str) -> float:
    return sum({reply.key: reply.money for reply in read_segment(path).replies}.values())
