"""A URL of a server that speaks Streamable HTTP, or HTTP+SSE if it is an old one.

MCP 2025-11-25, basic/transports, "Backwards Compatibility": post the `initialize`; if that is
answered 400, 404 or 405, see whether a GET brings the stream of HTTP+SSE.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, RateLimited, SessionLost
from zcp_kernel.jsontext import loads

from .channel import StreamableChannel, StreamableOptions, streamable_channel
from .exchange import Deliver
from .http import HTTPClient
from .legacy import SSEChannel, sse_channel

__all__ = ["EitherChannel", "either_channel"]

OLD_SERVER = frozenset({400, 404, 405})
CLOSED_DOOR = frozenset({401, 403})


@asynccontextmanager
async def either_channel(
    http: HTTPClient,
    url: str,
    headers: Mapping[str, str] | None = None,
    options: StreamableOptions | None = None,
) -> AsyncGenerator[EitherChannel]:
    """A channel to the server at `url`, whichever of the two it speaks; otherwise as
    `streamable_channel`."""
    async with (
        streamable_channel(http, url, headers, options) as channel,
        AsyncExitStack() as stack,
    ):
        yield EitherChannel(http, url, headers or {}, channel, stack)


class EitherChannel:
    """Implements `zcp_kernel.contracts.ExchangeChannel` and `Attachable`."""

    def __init__(
        self,
        http: HTTPClient,
        url: str,
        headers: Mapping[str, str],
        channel: StreamableChannel,
        stack: AsyncExitStack,
    ) -> None:
        self._http = http
        self._url = url
        self._headers = headers
        self._stack = stack
        self._channel: StreamableChannel | SSEChannel = channel
        self._reading = anyio.CancelScope()

    @property
    def session_id(self) -> str | None:
        """What the server calls the session; None without one that has a name."""
        return self._channel.session_id if isinstance(self._channel, StreamableChannel) else None

    @property
    def exit_reason(self) -> str | None:
        return self._channel.exit_reason

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`."""
        self._channel.agree(headers, session=session)

    async def receive(self) -> bytes:
        """As the channel's that is in use."""
        while True:
            channel = self._channel
            with anyio.CancelScope() as self._reading:
                return await channel.receive()
            # Cancelled by the change to the other channel, which is read from now on.

    async def exchange(self, frame: bytes, headers: Mapping[str, str], deliver: Deliver) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel`."""
        try:
            await self._channel.exchange(frame, headers, deliver)
        except ExchangeRefused as refused:
            opening = loads(frame)["method"] == "initialize"
            if not opening or refused.status not in OLD_SERVER or not await self._changed():
                raise
            await self._channel.exchange(frame, headers, deliver)

    async def _changed(self) -> bool:
        if isinstance(self._channel, SSEChannel):
            return False
        try:
            other = sse_channel(self._http, self._url, self._headers)
            self._channel = await self._stack.enter_async_context(other)
        except ExchangeRefused as error:
            if error.status in CLOSED_DOOR:
                # There is one, and it does not let us in.
                raise
            return False
        except (ConnectionLost, SessionLost, RateLimited):
            # No old server either: what the new transport was told is the better explanation.
            return False
        self._reading.cancel()
        return True

    async def send(self, frame: bytes) -> None:
        """See `zcp_kernel.contracts.Channel`."""
        await self._channel.send(frame)

    async def aclose(self) -> None:
        """End the session. Idempotent."""
        await self._channel.aclose()
