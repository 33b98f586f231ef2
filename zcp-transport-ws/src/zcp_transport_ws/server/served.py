"""The channel a kernel serves: it counts messages, and can stop reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.errors import LimitReached, ParseError
from zcp_kernel.jsontext import dumps, is_list, is_object, loads

from ..closing import GOING_AWAY, INTERNAL_ERROR, NORMAL, TRY_AGAIN
from .upgrade import Visitor

if TYPE_CHECKING:
    from ..channels import LastingChannel, SocketChannel

__all__ = ["Served"]

MOST_REFUSED = 1000
"""Requests refused in a row for their rate before the socket is closed."""


class Served:
    """Implements `zcp_kernel.contracts.Channel` around another.

    `on_gone` is called when the client is gone: nobody waits for its calls any more. `visitor` may
    change when the client comes back on another socket.
    """

    def __init__(
        self,
        channel: SocketChannel | LastingChannel,
        visitor: Visitor,
        on_gone: Callable[[], object],
        new_scope: Callable[[], anyio.CancelScope],
    ) -> None:
        self.visitor = visitor
        self.failed = False
        self._channel = channel
        self._on_gone = on_gone
        self._new_scope = new_scope
        self._draining = False
        self._gone = False
        self._reading: anyio.CancelScope | None = None
        self._refused = 0

    async def receive(self) -> bytes:
        """The next frame that is not too much. Raises `anyio.EndOfStream` when the client is gone,
        or no more is to be read."""
        while not self._draining:
            frame: bytes | None = None
            with self._new_scope() as self._reading:
                frame = await self._next()
            if frame is not None and await self._admits(frame):
                return frame
        raise anyio.EndOfStream

    async def _next(self) -> bytes:
        try:
            return await self._channel.receive()
        except anyio.EndOfStream:
            self._gone = True
            self._on_gone()
            raise

    def drain(self) -> None:
        """Read nothing more; calls in flight are still answered."""
        self._draining = True
        if self._reading is not None:
            self._reading.cancel()

    async def send(self, frame: bytes) -> None:
        await self._channel.send(frame)

    async def aclose(self) -> None:
        if self.failed:
            await self._channel.aclose(INTERNAL_ERROR, "the server failed; its log says why")
        elif self._draining or not self._gone:
            # Not told to drain, it was cut short by whoever runs this.
            await self._channel.aclose(GOING_AWAY, "the server is shutting down")
        else:
            await self._channel.aclose(NORMAL)

    # -- the rate ----------------------------------------------------------------------------------

    async def _admits(self, frame: bytes) -> bool:
        """Whether a frame is passed on: its messages are counted, and requests beyond the limit are
        answered with an error. Answers and notifications count, but are never held back: a call
        that is to stop must stop."""
        admit = self.visitor.admit
        if admit is None:
            return True
        messages = _messages(frame) if frame[:1] == b"[" else 1
        wait = await admit(messages if isinstance(messages, int) else max(1, len(messages)))
        requests = [] if wait is None else _requests(frame)
        if wait is None or not requests:
            self._refused = 0
            return True
        self._refused += len(requests)
        if self._refused > MOST_REFUSED:
            await self._channel.aclose(TRY_AGAIN, f"too many requests; wait {wait:.0f} seconds")
            return False
        for each in requests:
            await self._refuse(each["id"], wait)
        return False

    async def _refuse(self, request_id: Any, wait: float) -> None:
        error = {
            "code": LimitReached.code,
            "message": f"too many requests; try again in {wait:.0f} seconds",
            "data": {"retryAfter": wait},
        }
        try:
            await self._channel.send(dumps({"jsonrpc": "2.0", "id": request_id, "error": error}))
        except anyio.BrokenResourceError:
            return


def _messages(frame: bytes) -> list[Any] | int:
    try:
        parsed = loads(frame)
    except ParseError:
        return 1
    return parsed if is_list(parsed) else 1


def _requests(frame: bytes) -> list[dict[str, Any]]:
    try:
        parsed = loads(frame)
    except ParseError:
        return []
    parts: list[Any] = parsed if is_list(parsed) else [parsed]
    return [each for each in parts if is_object(each) and "method" in each and "id" in each]
