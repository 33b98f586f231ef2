"""Connections to one server, kept for the next request.

The library's own pool looks at all its connections for every request and every response, so that a
hundred calls at once cost each of them more than all else. Here every connection has a pool of its
own, a lane, and the one used last is taken first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from time import monotonic

import anyio
import httpx2
from attrs import define

__all__ = ["Lanes"]

KEPT_CONNECTIONS = 20
KEPT_SECONDS = 4.0
"""Below the five seconds after which common servers close an idle connection: a request sent into
that closing may or may not have been served."""


@define(eq=False)
class _Lane:
    transport: httpx2.AsyncBaseTransport
    since: float = 0.0


class Lanes(httpx2.AsyncBaseTransport):
    """An httpx2 transport of any number of connections, of which the idle ones are few and young.

    `make(limits)` gives the transport of one lane.
    """

    def __init__(self, make: Callable[[httpx2.Limits], httpx2.AsyncBaseTransport]) -> None:
        self._make = make
        self._limits = httpx2.Limits(max_connections=1, keepalive_expiry=KEPT_SECONDS)
        self._free: deque[_Lane] = deque()
        self._closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        lane = self._free.pop() if self._free else _Lane(self._make(self._limits))
        try:
            response = await lane.transport.handle_async_request(request)
        except BaseException:
            await self.give_back(lane)
            raise
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Borrowed(response.stream, lane, self)
        return response

    async def give_back(self, lane: _Lane) -> None:
        """Its request is over; whatever became of it, its pool knows whether it can be used."""
        now = lane.since = monotonic()
        self._free.append(lane)
        while self._free and (
            self._closed
            or len(self._free) > KEPT_CONNECTIONS
            or now - self._free[0].since > KEPT_SECONDS
        ):
            await self._close(self._free.popleft())

    async def aclose(self) -> None:
        """Close idle connections now, and others when their requests are over."""
        self._closed = True
        while self._free:
            await self._close(self._free.popleft())

    @staticmethod
    async def _close(lane: _Lane) -> None:
        with anyio.CancelScope(shield=True):
            await lane.transport.aclose()


class _Borrowed(httpx2.AsyncByteStream):
    """A response's body; closing it gives the connection back."""

    def __init__(self, body: httpx2.AsyncByteStream, lane: _Lane, lanes: Lanes) -> None:
        self._body = body
        self._lane: _Lane | None = lane
        self._lanes = lanes

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        lane, self._lane = self._lane, None
        if lane is not None:
            try:
                await self._body.aclose()
            finally:
                await self._lanes.give_back(lane)
