"""Pictures of the store, read and decoded on threads beside the device; bounded in number."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from threading import Lock
from typing import TypeVar

from stark_udfs.images.candidates import read_picture
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.protocols import Pixels

READERS = min(8, os.cpu_count() or 1)  # threads; decoders let go of the interpreter's lock
AHEAD = 128  # pictures that wait for the device at most
LEAST_SIDE = 448  # px: no model here sees more, and a hash sees less

Given = TypeVar("Given")
Made = TypeVar("Made")


def worth_reading(sides: Iterable[int | None]) -> int | None:
    """The side to which a picture may be decoded for models that see such sides; None: whole."""
    known = list(sides)
    return None if None in known else max([LEAST_SIDE, *(side for side in known if side)])


def in_threads(rows: Iterable[Given], make: Callable[[Given], Made], *, readers: int = READERS) -> Iterator[Made]:
    """What is made of each row, in their order; two more than there are threads are under way or wait to be taken."""
    source = iter(rows)
    with ThreadPoolExecutor(readers, thread_name_prefix="stark-read") as pool:
        waiting = deque(pool.submit(make, row) for row in islice(source, readers + 2))
        try:
            while waiting:
                made = waiting.popleft().result()
                waiting.extend(pool.submit(make, row) for row in islice(source, 1))
                yield made
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True)
class PictureReader:
    """Reads pictures of a store; what is said to come next is read ahead."""

    files: ImageFiles
    _coming: "dict[tuple[str, int | None], Future[Pixels | str]]" = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(READERS, thread_name_prefix="stark-read")

    def ahead(self, paths: Iterable[str], side: int | None) -> None:
        """Begin to read; nothing where `AHEAD` pictures wait already."""
        with self._lock:
            for path in paths:
                if len(self._coming) >= AHEAD:
                    return
                if (path, side) not in self._coming:
                    self._coming[path, side] = self._pool.submit(read_picture, self.files, path, side)

    def read(self, paths: Sequence[str], side: int | None) -> list[Pixels | str]:
        """What each picture shows, or why it cannot be seen; equal paths are read once.

        Raises:
            StorageError: the storage itself cannot be read.
        """
        with self._lock:
            coming = {path: self._coming.pop((path, side), None) for path in dict.fromkeys(paths)}
        futures = {
            path: self._pool.submit(read_picture, self.files, path, side) if future is None else future
            for path, future in coming.items()
        }
        found = {path: future.result() for path, future in futures.items()}
        return [found[path] for path in paths]
