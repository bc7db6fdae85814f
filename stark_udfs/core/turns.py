"""Processes of one machine that take turns."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def in_turn(folder: str) -> Iterator[bool]:
    """Wait until no other process of this machine is in this block for a folder; whether that holds.

    A share that knows no such locks, or a folder that is not there, keeps nobody waiting.
    """
    descriptor: int | None = None
    alone = False
    try:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            alone = True
        yield alone
    finally:
        if descriptor is not None:
            os.close(descriptor)
