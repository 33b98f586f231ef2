"""A channel that is one socket."""

from __future__ import annotations

import anyio

from ..closing import NORMAL, SocketClosed
from ..sockets import Socket

__all__ = ["SocketChannel"]


class SocketChannel:
    """Implements `zcp_kernel.contracts.Channel`: a frame is a text message."""

    exit_reason: str | None = None

    def __init__(self, socket: Socket, first: bytes | None = None) -> None:
        """`first` is a message that was read already."""
        self._socket = socket
        self._first = first

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the socket has ended; `exit_reason` says
        how."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        try:
            return await self._socket.receive()
        except SocketClosed as closed:
            self.exit_reason = str(closed.ending)
            raise anyio.EndOfStream from None

    async def send(self, frame: bytes) -> None:
        """Send a frame; waits while the peer is slow. Raises `anyio.BrokenResourceError` when the
        socket has ended."""
        try:
            await self._socket.send(frame)
        except SocketClosed as closed:
            self.exit_reason = self.exit_reason or str(closed.ending)
            raise anyio.BrokenResourceError from None

    async def aclose(self, code: int = NORMAL, reason: str = "") -> None:
        """Idempotent."""
        await self._socket.close(code, reason)
