"""Reads the pictures that an index names: files of one's own storage, or addresses on the web, as rules allow."""

import asyncio
from collections.abc import Sequence
from typing import IO, TypeAlias

from stark_udfs.core.errors import InputError
from stark_udfs.images.decode import NoPicture, take
from stark_udfs.images.retrieval.archives import MemberAt, member_in
from stark_udfs.images.retrieval.members import HEADERS
from stark_udfs.images.web.fetch import DECODED, Fetched, FetchRefusal, FetchRules, Refused, WebFetch
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.throttle import Turns

Address: TypeAlias = str | MemberAt

# What fsspec may open for a row of an index. Nothing of the web: `WebFetch` alone asks there, behind its gate.
OPENED = frozenset(
    {"", "file", "local", "memory", "tar", "zip", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "hdfs", "dbfs"}
)


def read_all(
    addresses: Sequence[Address], rules: FetchRules, turns: Turns, robots: RobotsCache | None = None
) -> list[Fetched | Refused]:
    """The pictures, in the order of their addresses; in an event loop of their own."""
    return asyncio.run(_read_all(addresses, rules, turns, robots)) if addresses else []


async def _read_all(
    addresses: Sequence[Address], rules: FetchRules, turns: Turns, robots: RobotsCache | None
) -> list[Fetched | Refused]:
    decoders = asyncio.Semaphore(DECODED)
    async with WebFetch(rules, turns=turns, robots=robots) as web:

        async def read(address: Address) -> Fetched | Refused:
            if isinstance(address, str) and address.startswith(("http://", "https://")):
                return await web.fetch(address)
            async with decoders:
                return await asyncio.to_thread(read_file, address, rules)

        return list(await asyncio.gather(*(read(address) for address in addresses)))


def read_file(address: Address, rules: FetchRules) -> Fetched | Refused:
    """The picture in a file of one's own storage; `tar://member.jpg::/folder/shard.tar` names one in an archive.

    By such a name the whole archive is listed to find it. A `MemberAt` says where it lies, and nothing else is read.
    """
    data = bytes_of(address, rules.bytes)
    if isinstance(data, Refused):
        return data
    picture = take(data, rules.bounds)
    if isinstance(picture, NoPicture):
        return Refused(FetchRefusal(picture.fault.value), picture.detail[:300])
    told = address.address if isinstance(address, MemberAt) else address
    return Fetched(picture.data, picture.width, picture.height, picture.format, picture.sha256, told)


def bytes_of(address: Address, most: int) -> bytes | Refused:
    """The bytes of a file of one's own storage, at most so many; nothing of the web."""
    import fsspec

    archive = address.archive if isinstance(address, MemberAt) else address
    if refused := not_ours(archive):
        return refused
    try:
        if isinstance(address, MemberAt):
            return _of_member(address, most)
        with fsspec.open(address, "rb") as file:
            data: bytes = file.read(most + 1)
    except FileNotFoundError:
        return Refused(FetchRefusal.STATUS, f"no file {archive[:250]}")
    except (OSError, ImportError, ValueError, KeyError) as error:
        return Refused(FetchRefusal.UNREACHABLE, f"{archive[:150]}: {error}"[:300])
    return Refused(FetchRefusal.TOO_LARGE, f"more than {most} bytes") if len(data) > most else data


def not_ours(address: str) -> Refused | None:
    """Why fsspec is not to open an address: some part of it is not of one's own storage."""
    *outer, last = (part.partition("://") for part in address.split("::"))
    schemes = {scheme for scheme, _, _ in outer} | {last[0] if last[1] else ""}
    if schemes <= OPENED:
        return None
    return Refused(FetchRefusal.SCHEME, f"{address[:200]!r}: not one of {', '.join(sorted(OPENED - {''}))}")


def _of_member(member: MemberAt, most: int) -> bytes | Refused:
    """The bytes of a member: one read of its piece of the archive."""
    from fsspec.core import url_to_fs

    if member.offset < 0 or not 0 < member.size <= most + HEADERS:
        return Refused(FetchRefusal.TOO_LARGE, f"a piece of {member.size} bytes at {member.offset}, at most {most}")
    store, path = url_to_fs(member.archive)
    piece: bytes = store.cat_file(path, start=member.offset, end=member.offset + member.size)
    return member_in(member, piece, most)


def open_archive(path: str) -> IO[bytes]:
    """An archive of one's own storage, to be read from its start to its end.

    Raises:
        InputError: it is not of one's own storage.
        OSError: it cannot be opened.
    """
    import fsspec

    if refused := not_ours(path):
        raise InputError(refused.detail)
    file: IO[bytes] = fsspec.open(path, "rb").open()
    return file
