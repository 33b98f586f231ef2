"""Where URLs that others name may lead (SSRF): never closer to this machine than the server is that
the user chose."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from enum import IntEnum
from ipaddress import ip_address

import anyio
from attrs import field, frozen

from ...fetch.guard import is_public
from ..errors import FetchFailed


class Nearness(IntEnum):
    """How close an address is."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    NOWHERE = 3
    """Link-local (where clouds keep their machines' credentials), multicast, reserved."""


def nearness_of(address: str) -> Nearness:
    """How close an address is to this machine."""
    if is_public(address):
        return Nearness.PUBLIC
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    if found.is_loopback:
        return Nearness.LOOPBACK
    strange = found.is_link_local or found.is_multicast or found.is_unspecified
    if strange or (found.is_reserved and not found.is_private) or not found.is_private:
        return Nearness.NOWHERE
    return Nearness.PRIVATE


async def addresses_of(host: str, port: int) -> Sequence[str]:
    """Every address of a host. Raises `FetchFailed`."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed(f"{host} cannot be found") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@frozen
class Reach:
    """What may be reached for the sake of one server, at `host` and `port`, which itself always
    may. `private`: addresses of private networks may be reached even if it is a public one."""

    host: str
    port: int
    private: bool = False
    _known: list[Nearness] = field(factory=list[Nearness], init=False, repr=False)

    async def vetted(self, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to. Raises `FetchFailed`."""
        found = await addresses_of(host, port)
        if (host, port) == (self.host, self.port):
            return found
        most = await self._nearest()
        good = [one for one in found if nearness_of(one) <= most]
        if len(good) < len(found) or not good:
            raise FetchFailed(
                f"{host} is an address of this machine or of a private network, and the server "
                "that named it is not; nothing was sent there",
                refused=True,
            )
        return good

    async def _nearest(self) -> Nearness:
        if not self._known:
            own = [nearness_of(one) for one in await addresses_of(self.host, self.port)]
            self._known.append(max((one for one in own if one < Nearness.NOWHERE), default=_FAR))
        return max(self._known[0], Nearness.PRIVATE if self.private else _FAR)


_FAR = Nearness.PUBLIC
