"""The address table and the host name rules of the fetcher."""

from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from services.runtime.addresses import (
    AddressRule,
    is_host_name,
    is_literal,
    is_local_name,
    is_public,
    parse_address,
)

INTERNAL_TABLE = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.8
    192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1
    198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
    64:ff9b:1::1 100::1 2001::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2620:4f:8000::1
    3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1
"""

PUBLIC_TABLE = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
    168.63.129.15 168.63.129.17 172.15.255.255 172.32.0.1 192.0.1.1 198.17.255.255 198.20.0.1
    223.255.255.255 2600:1901::1 2a00:1450:4001::200e 2606:4700::1111 ::ffff:8.8.8.8
"""


@pytest.mark.parametrize("text", INTERNAL_TABLE.split())
def test_internal_addresses_are_not_public(text: str) -> None:
    """No address of a private, special or platform-internal range counts as public."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC_TABLE.split())
def test_public_addresses_are_public(text: str) -> None:
    """Addresses next to the refused ranges stay usable."""
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "1.2.3", "::1::", ""]
)
def test_only_the_canonical_spelling_is_an_address(text: str) -> None:
    """Spellings that getaddrinfo would accept are not read as addresses."""
    assert parse_address(text) is None


@pytest.mark.parametrize(
    "host",
    ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "a..b", "a.com.", "-a.com", "a_b.com", "a.0x"],
)
def test_a_host_that_can_be_read_as_a_number_is_no_name(host: str) -> None:
    """Numbers in disguise and malformed labels are not host names."""
    assert not is_host_name(host)


@pytest.mark.parametrize("host", ["example.com", "xn--bcher-kva.example", "1and1.com", "a-b.c0"])
def test_ordinary_names_are_host_names(host: str) -> None:
    """Letters, digits and inner hyphens make a host name."""
    assert is_host_name(host)


@pytest.mark.parametrize("host", ["redis", "localhost", "a.localhost", "metadata.google.internal"])
def test_names_of_the_network_itself_are_local(host: str) -> None:
    """Single labels and private suffixes can only mean something internal."""
    assert is_local_name(host)


def test_an_allowed_network_opens_every_port_and_name_inside_it() -> None:
    """Development and tests may name networks, and only those open up."""
    rule = AddressRule(allowed_networks=(IPv4Network("127.0.0.1/32"), IPv6Network("fd00::/8")))

    assert rule.permits(ip_address("127.0.0.1"), port=9000, host="localhost")
    assert rule.permits(ip_address("::ffff:127.0.0.1"), port=9000)
    assert rule.permits(ip_address("fd00::1"), port=1)
    assert not rule.permits(ip_address("127.0.0.2"), port=80)
    assert not rule.permits(ip_address("8.8.8.8"), port=9000)
    assert not rule.permits(ip_address("8.8.8.8"), port=80, host="localhost")


def test_without_allowed_networks_local_names_and_odd_ports_are_not_looked_up() -> None:
    """The default rule refuses before any name server is asked."""
    rule = AddressRule()

    assert rule.may_permit("example.com", port=443)
    assert not rule.may_permit("example.com", port=6379)
    assert not rule.may_permit("redis", port=80)


def test_a_literal_is_judged_without_a_name_server() -> None:
    """Before a look-up an address counts as itself, and a number in disguise as nothing."""
    rule = AddressRule(allowed_networks=(IPv4Network("10.0.0.0/8"),))

    assert rule.may_permit("8.8.8.8", port=443)
    assert rule.may_permit("2606:4700::1111", port=80)
    assert rule.may_permit("10.0.0.1", port=9000)
    assert not rule.may_permit("127.0.0.1", port=80)
    assert not rule.may_permit("8.8.8.8", port=8443)
    assert not rule.may_permit("0xa.0.0.1", port=80)


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "::1", "fe80::1%eth0", "127.1", "2130706433", "0x7f.1", "10.0.0.1.", "%31.0.0.1"],
)
def test_what_can_be_read_as_an_address_is_a_literal(host: str) -> None:
    """In any spelling that some client would take for one."""
    assert is_literal(host)


@pytest.mark.parametrize("host", ["localhost", "a.example", "1.a.example", "10-0-0-1.example", ""])
def test_a_name_is_no_literal(host: str) -> None:
    """What a name leads to is for whoever looks it up."""
    assert not is_literal(host)
