"""A socket of an ASGI server (ASGI 3.0, WebSocket protocol 2.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio

from ..closing import DROPPED, NO_CODE, Ending, SocketClosed
from .base import Socket

__all__ = ["ASGISocket", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ASGISocket(Socket):
    """The server's end, after `websocket.accept`. To cut it, the application must return."""

    def __init__(
        self, receive: Receive, send: Send, subprotocol: str | None, max_message_bytes: int
    ) -> None:
        super().__init__(subprotocol, max_message_bytes)
        self._asgi_receive = receive
        self._asgi_send = send
        self._reading = anyio.CancelScope()

    async def _read(self) -> str | bytes:
        if self.ending is not None:
            raise self._closed()
        # A server need not say anything more once we closed: `_end` wakes whoever reads.
        message: MutableMapping[str, Any] | None = None
        with anyio.CancelScope() as self._reading:
            message = await self._asgi_receive()
        if message is None:
            raise self._closed()
        if message["type"] == "websocket.receive":
            text: str | None = message.get("text")
            return text if text is not None else bytes(message.get("bytes") or b"")
        raise self._end(Ending(message.get("code") or NO_CODE, message.get("reason") or ""))

    def _end(self, ending: Ending) -> SocketClosed:
        self._reading.cancel()
        return super()._end(ending)

    async def _write(self, frame: bytes) -> None:
        try:
            await self._asgi_send({"type": "websocket.send", "text": frame.decode()})
        except (OSError, RuntimeError) as error:
            # How servers say that nobody reads this any more; some have no type of their own. What
            # came before can still be read, and then the disconnect.
            raise SocketClosed(self.ending or Ending(DROPPED, str(error))) from None

    async def _close(self, code: int, reason: str) -> None:
        try:
            await self._asgi_send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            return

    def _cut(self) -> None:
        """Only the server can, once the application has returned: it does when `gone` is set."""
