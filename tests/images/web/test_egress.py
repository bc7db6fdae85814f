import asyncio
import socket
from collections.abc import Sequence

import aiohttp
import pytest

from stark_udfs.images.web.egress import Blocked, EgressGuard, system_lookup


async def nowhere(host: str, port: int) -> Sequence[str]:
    return []


def describe_check():
    def it_lets_public_addresses_through():
        EgressGuard(frozenset(), nowhere).check("8.8.8.8")

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%lo", "not an address", ""])
    def it_shuts_for_all_others(address: str):
        with pytest.raises(Blocked):
            EgressGuard(frozenset(), nowhere).check(address)

    def it_opens_for_what_is_allowed_alone():
        gate = EgressGuard(frozenset({"127.0.0.1"}), nowhere)
        gate.check("127.0.0.1")
        with pytest.raises(Blocked):
            gate.check("127.0.0.2")


def describe_connector():
    @pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "[::1]"])
    def no_socket_is_made_for_an_address_that_skipped_the_resolver(host: str):
        async def ask() -> None:
            async with aiohttp.ClientSession(connector=EgressGuard(frozenset(), system_lookup).connector()) as session:
                await session.get(f"http://{host}:{port}/")

        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            server.settimeout(0.2)
            with pytest.raises((Blocked, aiohttp.ClientError)):
                asyncio.run(ask())
            with pytest.raises(TimeoutError):
                server.accept()


def describe_system_lookup():
    def it_gives_plain_addresses():
        assert "127.0.0.1" in asyncio.run(system_lookup("localhost", 80))
