"""One HTTP response that is an event stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from ..sse import COMMENT, HEADERS, encode_event
from ..wire import Pairs, Send

__all__ = ["STALL_SECONDS", "EventResponse"]

STALL_SECONDS = 30.0
"""A client that takes nothing for this long is cut off."""


class EventResponse:
    """Writes events as they come, from any task.

    A writer waits while the client is slow, so nothing is queued here. `open` is False once no more
    events are taken; `on_close` is called at that moment.
    """

    __slots__ = ("_ended", "_lock", "_retry", "_send", "_stall", "on_close", "open", "started")

    def __init__(
        self, send: Send, retry_ms: int | None = None, stall_seconds: float = STALL_SECONDS
    ) -> None:
        """`retry_ms`, if given, goes with the first event."""
        self._send = send
        self._retry = retry_ms
        self._stall = stall_seconds
        self._lock = anyio.Lock()
        self._ended = False
        self.open = True
        self.started = False
        self.on_close: Callable[[], None] | None = None

    async def start(self, headers: Pairs = ()) -> None:
        """Send the response's head, which is due even if it was stopped before it began. Servers
        hold it back until something follows."""
        self.started = True
        fields = [*HEADERS, *headers]
        head = {"type": "http.response.start", "status": 200, "headers": fields}
        await self._write(head, stopped=True)

    async def event(self, data: bytes, id: str | None = None, name: str | None = None) -> bool:
        """Send one event; False if the client is gone."""
        retry, self._retry = self._retry, None
        return await self._write(_body(encode_event(data, id=id, retry=retry, name=name)))

    async def comment(self) -> None:
        """Send something that says nothing, so that the connection stays open."""
        await self._write(_body(COMMENT))

    async def end(self) -> None:
        """Complete the response. Idempotent."""
        if not self._ended:
            await self._write(_body(b"", more=False), stopped=True)
            self.lose()

    def stop(self) -> None:
        """Take no more events; whoever owns the response will `end` it."""
        if self.open:
            self.open = False
            if self.on_close is not None:
                self.on_close()

    def lose(self) -> None:
        """The client is gone, or the response complete: write nothing any more."""
        self._ended = True
        self.stop()

    async def _write(self, message: dict[str, Any], *, stopped: bool = False) -> bool:
        """`stopped`: also when no more events are taken."""
        async with self._lock:
            if self._ended or not (self.open or stopped):
                return False
            # Shielded: a write cut short by its writer's cancellation would leave half an event.
            with anyio.move_on_after(self._stall, shield=True) as scope:
                try:
                    await self._send(message)
                except OSError:
                    # ASGI 2.4: how a server says that the client is gone.
                    self.lose()
            if scope.cancelled_caught:
                self.lose()
            return self.open


def _body(chunk: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": chunk, "more_body": more}
