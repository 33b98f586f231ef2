"""The client's end of HTTP+SSE (MCP 2024-11-05), over any `HTTPClient`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from urllib.parse import urljoin, urlsplit

import anyio

from ..sse import Event, EventParser
from .http import HTTPClient, HTTPResponse

__all__ = ["SSEChannel", "sse_channel"]


@asynccontextmanager
async def sse_channel(
    http: HTTPClient, url: str, headers: Mapping[str, str] | None = None
) -> AsyncGenerator[SSEChannel]:
    """A channel to the event stream at `url`; leaving closes it, and the session with it.

    Raises `ConnectionError` if there is no such stream, or it names a place to post to on another
    host.
    """
    fields = {**(headers or {}), "accept": "text/event-stream"}
    async with http.request("GET", url, fields) as response:
        if response.status != 200:
            raise ConnectionError(f"{url}: HTTP {response.status} where a stream should be")
        async with aclosing(_events(response)) as events:
            yield SSEChannel(http, await _endpoint(url, events), events, headers or {})


async def _endpoint(url: str, events: AsyncIterator[Event]) -> str:
    async for event in events:
        if event.name == "endpoint":
            target = urljoin(url, event.data.decode())
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                raise ConnectionError(f"{url}: posts were to go to another host: {target}")
            return target
    raise ConnectionError(f"{url}: the stream ended before it named where to post")


async def _events(response: HTTPResponse) -> AsyncGenerator[Event]:
    parser = EventParser()
    async for chunk in response.chunks:
        for event in parser.feed(chunk):
            yield event


class SSEChannel:
    """Implements `zcp_kernel.contracts.Channel`."""

    exit_reason: str | None = None

    def __init__(
        self,
        http: HTTPClient,
        target: str,
        events: AsyncIterator[Event],
        headers: Mapping[str, str],
    ) -> None:
        self._http = http
        self._target = target
        self._events = events
        self._headers = {**headers, "content-type": "application/json"}
        self._closed = False

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the stream has ended."""
        async for event in self._events:
            if event.name == "message" and event.data:
                return event.data
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        """Post one frame. Raises `anyio.BrokenResourceError` when the server refuses it, as it does
        when the stream is gone."""
        if self._closed:
            raise anyio.BrokenResourceError
        try:
            async with self._http.request("POST", self._target, self._headers, frame) as response:
                if response.status >= 400:
                    raise anyio.BrokenResourceError
        except OSError:
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        """Send nothing more; the stream is closed by leaving `sse_channel`."""
        self._closed = True
