"""Bytes between client and server."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from zcp_kernel.contracts import Channel

Connect = Callable[[], AbstractAsyncContextManager[Channel]]


@dataclass
class Traffic:
    """Bytes of frames, both ways."""

    sent: int = 0
    received: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.received


class _Counting:
    def __init__(self, channel: Any, traffic: Traffic) -> None:
        self._channel = channel
        self._traffic = traffic

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    async def receive(self) -> bytes:
        frame: bytes = await self._channel.receive()
        self._traffic.received += len(frame)
        return frame

    async def send(self, frame: bytes) -> None:
        self._traffic.sent += len(frame)
        await self._channel.send(frame)


def counted(connect: Connect, traffic: Traffic) -> Connect:
    """The same connection, its frames counted."""

    @asynccontextmanager
    async def connected() -> AsyncGenerator[Any]:
        async with connect() as channel:
            yield _Counting(channel, traffic)

    return connected
