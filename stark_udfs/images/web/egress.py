"""The gate to the network: an address is checked in the step in which it is used."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from stark_udfs.images.web.addresses import literal, not_public
from stark_udfs.images.web.proxy import own_name

Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
AT_ONCE = 32  # connections


class Blocked(Exception):
    """The gate lets nobody through to that address."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class EgressGuard:
    """Lets connections to public addresses through, and to those of `allow`.

    proxied: a proxy connects in our place. Then only what a URL spells out, and what a name means here, is checked.
    """

    allow: frozenset[str]
    lookup: Lookup
    proxied: bool = False

    def check(self, address: str) -> None:
        """Raise Shut for an address that is not public."""
        if address in self.allow:
            return
        try:
            kind = not_public(ipaddress.ip_address(address))
        except ValueError as error:
            raise Blocked(f"{address[:60]!r} is no address") from error
        if kind:
            raise Blocked(f"{address} is {kind}")

    def check_host(self, host: str) -> None:
        """Raise Shut for a host that spells out an address which is not public, or one in an odd form."""
        try:
            address = literal(host)
        except ValueError as error:
            raise Blocked(f"an address in a form that is not asked for: {error}") from error
        if address is not None:
            self.check(str(address))

    async def check_name(self, host: str) -> None:
        """Behind a proxy, raise Blocked for a name of one's own network.

        That is one of such a form, or one that has an address here which is not public. A name that nobody knows here
        is the proxy's to resolve.
        """
        if not self.proxied or literal(host) is not None:
            return
        try:
            addresses = await self.lookup(host, 0)
        except OSError:
            addresses = ()
        for address in addresses:
            self.check(address)
        if not addresses and own_name(host):
            raise Blocked(f"{host} is a name of one's own network")

    def connector(self, tls: ssl.SSLContext | None = None) -> aiohttp.TCPConnector:
        """Connections that are checked twice: when a name is resolved, and when a socket is made.

        Behind a proxy the only address that is connected to is the proxy's, which is the operator's choice.
        """
        if self.proxied:
            return aiohttp.TCPConnector(limit=AT_ONCE, force_close=True, ssl=tls or True)
        return aiohttp.TCPConnector(
            resolver=GatedResolver(self),
            socket_factory=self._socket,
            use_dns_cache=False,
            ssl=tls or True,
            limit=AT_ONCE,
            force_close=True,  # no request finds a connection that another one made
        )

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        self.check(str(address[0]))
        return socket.socket(family, kind, protocol)


@dataclass(frozen=True)
class GatedResolver(AbstractResolver):
    """Resolves a name to the addresses that will be connected to; one bad address among them shuts the gate."""

    gate: EgressGuard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The checked addresses of a host."""
        addresses = await self.gate.lookup(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        for address in addresses:
            self.gate.check(address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""
