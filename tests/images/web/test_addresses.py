import ipaddress

import pytest

from stark_udfs.images.web.addresses import literal, not_public

PUBLIC = ["8.8.8.8", "93.184.216.34", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1", "172.32.0.1", "100.128.0.1"]
NOT_PUBLIC = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "10.1.2.3": "private",
    "100.64.0.1": "shared by carriers",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "for protocols",
    "192.168.1.1": "private",
    "198.18.0.1": "for benchmarks",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::7f00:1": "reserved",
    "::ffff:127.0.0.1": "an IPv4 address in IPv6 clothes",
    "::ffff:8.8.8.8": "an IPv4 address in IPv6 clothes",
    "::ffff:0:127.0.0.1": "reserved",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b:1::a9fe:a9fe": "NAT64",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2001:20::1": "for protocols",
    "2001:db8::1": "for documents",
    "2002:7f00:1::": "6to4",
    "3fff::1": "for documents",
    "5f00::1": "reserved",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "2606:4700::1%eth0": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
}


def describe_not_public():
    @pytest.mark.parametrize("address", PUBLIC)
    def it_lets_public_addresses_pass(address: str):
        assert not_public(ipaddress.ip_address(address)) is None

    @pytest.mark.parametrize(("address", "kind"), NOT_PUBLIC.items())
    def it_names_the_kind_of_any_other(address: str, kind: str):
        assert not_public(ipaddress.ip_address(address)) == kind


def describe_literal():
    @pytest.mark.parametrize("host", ["example.org", "a1.b2", "3com", "1e100.net", "0x.example", "localhost"])
    def it_takes_names_for_names(host: str):
        assert literal(host) is None

    @pytest.mark.parametrize("host", ["8.8.8.8", "8.8.8.8.", "2606:4700::1111"])
    def it_reads_plain_addresses(host: str):
        assert str(literal(host)) == host.rstrip(".")

    @pytest.mark.parametrize(
        "host",
        [
            "2130706433",
            "0x7f000001",
            "0X7F.1",
            "0177.0.0.1",
            "017700000001",
            "127.1",
            "127.0.1",
            "1.2.3.4.5",
            "256.1.1.1",
            "example.1",
            "0x",
            "127.0.0.0x1",
            "127.0.0.01",
            "[::1",
            "::1%25lo%",
        ],
    )
    def it_refuses_spellings_that_resolvers_read_in_their_own_way(host: str):
        with pytest.raises(ValueError):  # the texts are of the standard library
            literal(host)
