"""Judges whether an internet address may be spoken to: only public ones, or those the settings allow."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED_V4 = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; also the metadata address of one cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent, although the address is public
        "169.254.0.0/16",  # link-local, and most clouds' metadata
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
_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.ip_network(network)
    for network in ("2001::/23", "2001:db8::/32", "3fff::/20", "2620:4f:8000::/48")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """False for private, loopback, link-local, multicast, reserved and documentation addresses.

    An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, ISATAP) is judged by what it carries;
    Teredo and whatever lies outside 2000::/3 is refused. Source: IANA special-purpose address registries.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    carried = _carried(address)
    if carried is not None and not is_public(carried):
        return False
    if address.ipv4_mapped is not None or address in _NAT64:
        return True
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _NAT64:
        return low
    if address.sixtofour is not None:
        return address.sixtofour
    isatap = (int(address) >> 32) & 0xFFFFFFFF in (0x00005EFE, 0x02005EFE)
    return low if isatap else None


class Allowed:
    """Exceptions to `is_public`: host names, addresses and CIDR networks, as the settings list them."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._hosts: set[str] = set()
        self._networks: list[_Network] = []
        for entry in entries:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip().strip("[]"), strict=False))
            except ValueError:
                self._hosts.add(entry.strip().rstrip(".").lower())

    def permits(self, host: str, address: Address) -> bool:
        """True when `address`, to which `host` led, may be connected to."""
        if is_public(address) or host.rstrip(".").lower() in self._hosts:
            return True
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self._networks)

    def names(self, host: str) -> bool:
        """Whether the settings name `host` itself, or as an address a network that holds it."""
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return host.rstrip(".").lower() in self._hosts
        return any(address in network for network in self._networks)
