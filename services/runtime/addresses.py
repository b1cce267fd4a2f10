"""Which network addresses and host names a user's URL may lead to.

The table is our own: `ipaddress.is_global` misses several platform-internal ranges, and its answers
change between patch releases of Python.
"""

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

import msgspec

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

WEB_PORTS: Final = frozenset({80, 443})

_IPV4_REFUSED: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        # Azure's WireServer: public in the registries, internal on the platform.
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

# Everything outside is refused, among it loopback, ULA, link-local, multicast and NAT64.
_IPV6_GLOBAL: Final = IPv6Network("2000::/3")
_IPV6_REFUSED: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",
        "2001:db8::/32",
        # 6to4 carries an IPv4 address, which may be a private one.
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)

_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
_LOCAL_SUFFIXES: Final = (
    ".arpa",
    ".corp",
    ".home",
    ".internal",
    ".intranet",
    ".invalid",
    ".lan",
    ".local",
    ".localdomain",
    ".localhost",
    ".onion",
    ".private",
    ".svc",
)


class AddressRule(msgspec.Struct, frozen=True, kw_only=True):
    """Public addresses on the web's ports, and anything inside `allowed_networks`."""

    allowed_networks: tuple[Network, ...] = ()

    def permits(self, address: Address, *, port: int, host: str | None = None) -> bool:
        """Say whether a connection may be opened; `host` is the name that was resolved, if any."""
        address = _unwrapped(address)
        if self._is_allowed(address):
            return True
        if port not in WEB_PORTS or (host is not None and is_local_name(host)):
            return False
        return is_public(address)

    def may_permit(self, host: str, *, port: int) -> bool:
        """Say without a look-up whether `host` is, or may lead to, an address that is permitted."""
        address = parse_address(host)
        if address is not None:
            return self.permits(address, port=port)
        if not is_host_name(host):
            return False
        return bool(self.allowed_networks) or (port in WEB_PORTS and not is_local_name(host))

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network for network in self.allowed_networks)


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the public internet."""
    match _unwrapped(address):
        case IPv4Address() as ipv4:
            return not any(ipv4 in network for network in _IPV4_REFUSED)
        case IPv6Address() as ipv6:
            if ipv6.scope_id is not None or ipv6 not in _IPV6_GLOBAL:
                return False
            return not any(ipv6 in network for network in _IPV6_REFUSED)


def parse_address(host: str) -> Address | None:
    """Read an address literal in its one canonical spelling; None for everything else."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_host_name(host: str) -> bool:
    """Say whether a host is letters, digits and hyphens, and cannot be read as a number.

    `getaddrinfo` takes `127.1`, `0x7f.1` and `2130706433` for loopback, so that a last label which
    looks like a number (the WHATWG rule) is never a name.
    """
    return _HOST_NAME.fullmatch(host) is not None and not _ends_in_a_number(host)


def is_literal(host: str) -> bool:
    """Say whether a host is an address, in this or that spelling, and no name to look up."""
    return parse_address(host) is not None or _ends_in_a_number(host.removesuffix("."))


def is_local_name(host: str) -> bool:
    """Say whether a name can only mean something inside a network, like `redis`."""
    return "." not in host or host.lower().endswith(_LOCAL_SUFFIXES)


def _ends_in_a_number(host: str) -> bool:
    last = host.rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
