"""A socket of `trio-websocket`, client's or server's end, over a line we hold ourselves."""

from __future__ import annotations

import struct
from collections.abc import Callable

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from ..closing import (
    DROPPED,
    INVALID_TEXT,
    NO_CODE,
    PROTOCOL_ERROR,
    TOO_BIG,
    Ending,
)
from .base import Socket

__all__ = ["Line", "TrioSocket"]

FAULTS = frozenset({PROTOCOL_ERROR, INVALID_TEXT, TOO_BIG})
FAREWELL_SECONDS = 1.0
CLOSE_FRAME = b"\x88"


class Line(trio.abc.Stream):
    """The connection below a socket.

    wsproto reports a fault of the peer as if the peer had closed, and trio-websocket then hangs up:
    the peer would never learn why. So a server's line says so itself before it is closed. `on_end`
    is called when the peer hangs up or this end does.
    """

    def __init__(self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream]) -> None:
        self.stream = stream
        self.connection: WebSocketConnection | None = None
        self.on_end: Callable[[], object] | None = None
        self._said_goodbye = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        # One frame at a time is handed over, so a close frame is seen by its first byte.
        self._said_goodbye = self._said_goodbye or bytes(data[:1]) == CLOSE_FRAME
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self.stream.receive_some(max_bytes)
        if not data:
            self._ended()
        return data

    async def aclose(self) -> None:
        self._ended()
        fault = self.connection.closed if self.connection is not None else None
        if fault is not None and fault.code in FAULTS and self.connection.is_server:  # type: ignore[union-attr]
            with trio.move_on_after(FAREWELL_SECONDS):
                await self._say_goodbye(fault.code)
        await self.stream.aclose()

    async def _say_goodbye(self, code: int) -> None:
        try:
            if not self._said_goodbye:
                await self.stream.send_all(CLOSE_FRAME + struct.pack("!BH", 2, code))
            if isinstance(self.stream, trio.SocketStream):
                # Closing with bytes unread would reset the connection, and the code with it.
                await self.stream.send_eof()
                while await self.stream.receive_some():
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def cut(self) -> None:
        """Drop the connection at once."""
        inner = self.stream
        plain = inner.transport_stream if isinstance(inner, trio.SSLStream) else inner
        plain.socket.close()
        self._ended()

    def _ended(self) -> None:
        if self.on_end is not None:
            self.on_end()


class TrioSocket(Socket):
    def __init__(self, connection: WebSocketConnection, line: Line, max_message_bytes: int) -> None:
        super().__init__(connection.subprotocol, max_message_bytes)
        self._connection = connection
        self._line = line

    async def _read(self) -> str | bytes:
        try:
            return await self._connection.get_message()
        except ConnectionClosed as closed:
            raise self._end(_ending(closed)) from None

    async def _write(self, frame: bytes) -> None:
        try:
            await self._connection.send_message(frame.decode())
        except ConnectionClosed as closed:
            raise self._end(_ending(closed)) from None

    async def _close(self, code: int, reason: str) -> None:
        await self._connection.aclose(code, reason or None)

    def _cut(self) -> None:
        self._line.cut()

    async def keep_alive(self, seconds: float) -> None:
        """Ping every so many seconds, and cut the line of a peer that does not answer in as many;
        returns when the socket is gone."""
        while self.ending is None:
            await trio.sleep(seconds)
            try:
                with trio.move_on_after(seconds) as patience:
                    await self._connection.ping()
            except ConnectionClosed as closed:
                self._end(_ending(closed))
                return
            if patience.cancelled_caught:
                self.abort("no answer to a ping")


def _ending(closed: ConnectionClosed) -> Ending:
    reason = closed.reason
    if reason is None:
        return Ending(DROPPED)
    return Ending(reason.code or NO_CODE, reason.reason or "", ours=reason.code in FAULTS)
