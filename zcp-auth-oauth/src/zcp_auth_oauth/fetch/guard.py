"""Where a URL from a stranger may lead (SSRF): to public addresses, and nowhere else."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

Resolve = Callable[[str, int], Sequence[str]]
"""Host and port -> the addresses to connect to."""


class FetchRefused(Exception):
    """The document was not fetched; the message says why."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a host. Raises `FetchRefused`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchRefused(f"{host} cannot be found") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_only(host: str, port: int) -> Sequence[str]:
    """`resolve`, refusing a host with any address that is not on the public internet."""
    addresses = resolve(host, port)
    if not addresses or not all(is_public(one) for one in addresses):
        raise FetchRefused(f"{host} is not on the public internet")
    return addresses


def is_public(address: str) -> bool:
    """Whether anybody on the internet could reach this address: also through the IPv4 address an
    IPv6 one may hold."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(found) if isinstance(found, IPv6Address) else None
    return _reachable(found) and (inner is None or _reachable(inner))


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address.packed[:12] == bytes.fromhex("0064ff9b0000000000000000"):
        return IPv4Address(address.packed[12:])
    return None


def _reachable(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved)
