"""A socket of the `websockets` library, client's or server's end, on asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from ..closing import DROPPED, NO_CODE, Ending
from .base import Socket

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection

__all__ = ["AsyncioSocket"]

MOST_UNWRITTEN = 4 * 1024 * 1024
"""Bytes of pongs a peer may leave unread; the library writes them without waiting."""


class AsyncioSocket(Socket):
    def __init__(self, connection: Connection, max_message_bytes: int) -> None:
        super().__init__(connection.subprotocol, max_message_bytes)
        self._connection = connection

    @property
    def overloaded(self) -> bool:
        return self._connection.transport.get_write_buffer_size() > MOST_UNWRITTEN + self._max

    async def _read(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise self._end(_ending(closed)) from None

    async def _write(self, frame: bytes) -> None:
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as closed:
            raise self._end(_ending(closed)) from None

    async def _close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)

    def _cut(self) -> None:
        self._connection.transport.abort()


def _ending(closed: ConnectionClosed) -> Ending:
    """Theirs if they closed; ours if we found them at fault; else the connection was lost, which is
    also how a ping without its pong ends."""
    if closed.rcvd is not None and closed.rcvd_then_sent is not False:
        return Ending(closed.rcvd.code or NO_CODE, closed.rcvd.reason)
    if closed.sent is not None and closed.sent.reason != "keepalive ping timeout":
        return Ending(closed.sent.code, closed.sent.reason, ours=True)
    why = "no answer to a ping" if closed.sent is not None else ""
    return Ending(DROPPED, why)
