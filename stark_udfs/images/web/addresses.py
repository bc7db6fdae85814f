"""Which addresses of the network may be asked for a picture: public ones alone.

The lists stand here and not in `ipaddress`, whose notion of global differs between Python versions and takes an
address that wraps another one at its word.

Source: IANA IPv4 and IPv6 special-purpose address registries.
"""

import ipaddress
import re
from typing import TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

NOT_PUBLIC_4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by carriers",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "for protocols",
    "192.0.2.0/24": "for documents",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documents",
    "203.0.113.0/24": "for documents",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
NOT_PUBLIC_6 = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::ffff:0:0/96": "an IPv4 address in IPv6 clothes",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
    "2001::/32": "Teredo",
    "2001::/23": "for protocols",
    "2001:db8::/32": "for documents",
    "2002::/16": "6to4",
    "3fff::/20": "for documents",
}
KINDS_4 = tuple((ipaddress.IPv4Network(network), kind) for network, kind in NOT_PUBLIC_4.items())
KINDS_6 = tuple((ipaddress.IPv6Network(network), kind) for network, kind in NOT_PUBLIC_6.items())
UNICAST_6 = ipaddress.IPv6Network("2000::/3")  # all that was ever given out as public

ENDS_IN_NUMBER = re.compile(r"(^|\.)(\d+|0x[0-9a-f]*)$", re.IGNORECASE)


def not_public(address: Address) -> str | None:
    """What kind of address it is, if it is not a public one."""
    if isinstance(address, ipaddress.IPv4Address):
        return next((kind for network, kind in KINDS_4 if address in network), None)
    if address.scope_id is not None:
        return "link-local"
    kind = next((kind for network, kind in KINDS_6 if address in network), None)
    return kind or (None if address in UNICAST_6 else "reserved")


def literal(host: str) -> Address | None:
    """The address that a URL's host spells out; None for a name.

    Raises:
        ValueError: a spelling that resolvers read in different ways: decimal, octal, hex or short IPv4.
    """
    bare = host.rstrip(".")
    if ":" in host:
        return ipaddress.IPv6Address(host)
    if not ENDS_IN_NUMBER.search(bare):
        return None
    return ipaddress.IPv4Address(bare)
