"""Reads the pictures that an index names: files of one's own storage, or addresses on the web, as rules allow."""

import asyncio
from collections.abc import Sequence

from stark_udfs.images.decode import NoPicture, take
from stark_udfs.images.web.fetch import DECODED, Fetched, FetchRefusal, FetchRules, Refused, WebFetch
from stark_udfs.images.web.robots import RobotsCache
from stark_udfs.images.web.throttle import Turns

# What fsspec may open for a row of an index. Nothing of the web: `WebFetch` alone asks there, behind its gate.
OPENED = frozenset(
    {"", "file", "local", "memory", "tar", "zip", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "hdfs", "dbfs"}
)


def read_all(
    addresses: Sequence[str], rules: FetchRules, turns: Turns, robots: RobotsCache | None = None
) -> list[Fetched | Refused]:
    """The pictures, in the order of their addresses; in an event loop of their own."""
    return asyncio.run(_read_all(addresses, rules, turns, robots)) if addresses else []


async def _read_all(
    addresses: Sequence[str], rules: FetchRules, turns: Turns, robots: RobotsCache | None
) -> list[Fetched | Refused]:
    decoders = asyncio.Semaphore(DECODED)
    async with WebFetch(rules, turns=turns, robots=robots) as web:

        async def read(address: str) -> Fetched | Refused:
            if address.startswith(("http://", "https://")):
                return await web.fetch(address)
            async with decoders:
                return await asyncio.to_thread(read_file, address, rules)

        return list(await asyncio.gather(*(read(address) for address in addresses)))


def read_file(address: str, rules: FetchRules) -> Fetched | Refused:
    """The picture in a file of one's own storage; `tar://member.jpg::/folder/shard.tar` names one in an archive."""
    data = bytes_of(address, rules.bytes)
    if isinstance(data, Refused):
        return data
    picture = take(data, rules.bounds)
    if isinstance(picture, NoPicture):
        return Refused(FetchRefusal(picture.fault.value), picture.detail[:300])
    return Fetched(picture.data, picture.width, picture.height, picture.format, picture.sha256, address)


def bytes_of(address: str, most: int) -> bytes | Refused:
    """The bytes of a file of one's own storage, at most so many; nothing of the web."""
    import fsspec

    *outer, last = (part.partition("://") for part in address.split("::"))
    schemes = {scheme for scheme, _, _ in outer} | {last[0] if last[1] else ""}
    if not schemes <= OPENED:
        return Refused(FetchRefusal.SCHEME, f"{address[:200]!r}: not one of {', '.join(sorted(OPENED - {''}))}")
    try:
        with fsspec.open(address, "rb") as file:
            data: bytes = file.read(most + 1)
    except FileNotFoundError:
        return Refused(FetchRefusal.STATUS, f"no file {address[:250]}")
    except (OSError, ImportError, ValueError, KeyError) as error:
        return Refused(FetchRefusal.UNREACHABLE, f"{address[:150]}: {error}"[:300])
    return Refused(FetchRefusal.TOO_LARGE, f"more than {most} bytes") if len(data) > most else data
