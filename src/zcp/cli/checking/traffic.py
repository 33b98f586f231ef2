"""What goes on below a session: connections made, and requests turned away as too many.

A client that waits and asks again, as ours does, hides both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from attrs import define, field
from zcp_kernel.errors import RateLimited
from zcp_kernel.plugins import PluginHost

if TYPE_CHECKING:
    from zcp_kernel.contracts import Channel, Transport


@define
class Traffic:
    """`opened` counts channels; one over HTTP is one however many connections it makes. `limits`
    are the refusals of a server that wanted fewer requests."""

    opened: int = 0
    limits: list[RateLimited] = field(factory=list[RateLimited])


class WatchingHost(PluginHost):
    """The plugins as they are installed, their transports watched."""

    def __init__(self, traffic: Traffic) -> None:
        super().__init__()
        self._traffic = traffic

    def transports(self) -> list[Transport]:
        return [WatchedTransport(each, self._traffic) for each in super().transports()]


class WatchedTransport:
    """Implements `contracts.Transport` by another one."""

    def __init__(self, transport: Transport, traffic: Traffic) -> None:
        self.name = transport.name
        self.schemes = transport.schemes
        self._transport = transport

        # Its own options are what tells a wrong one from a right one.
        @wraps(transport.connect)
        @asynccontextmanager
        async def connect(*target: Any, **options: Any) -> AsyncGenerator[Channel]:
            traffic.opened += 1
            async with transport.connect(*target, **options) as channel:
                yield cast("Channel", WatchedChannel(channel, traffic))

        self.connect = connect

    def prefer(self, target: Any) -> Sequence[str] | None:
        return self._transport.prefer(target)


class WatchedChannel:
    """A channel of whatever kind, its exchanges watched."""

    def __init__(self, channel: Channel, traffic: Traffic) -> None:
        self._channel = channel
        self._traffic = traffic

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._channel, name)
        return self._exchange if name == "exchange" else found

    async def _exchange(
        self, frame: bytes, headers: Mapping[str, str], deliver: Callable[[bytes], None]
    ) -> None:
        channel: Any = self._channel
        try:
            await channel.exchange(frame, headers, deliver)
        except RateLimited as error:
            self._traffic.limits.append(error)
            raise
