"""HTTP as a client channel sees it: the same over a network and in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from attrs import frozen

__all__ = ["HTTPClient", "HTTPResponse", "Unreachable"]


class Unreachable(ConnectionError):
    """No connection could be had, so nothing of the request was sent. `refused`: the host is there,
    and nobody listens."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


@frozen
class HTTPResponse:
    """Status, header fields by lower-case name (those that repeat joined by commas), and the body
    as it comes. `chunks` raises `OSError` when the connection breaks before the body's end."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]

    @property
    def is_stream(self) -> bool:
        """Whether the body is an event stream."""
        kind = self.headers.get("content-type", "").partition(";")[0]
        return kind.strip().lower() == "text/event-stream"

    async def read(self, most: int | None = None) -> bytes:
        """The whole body, or its beginning once that is `most` bytes or more."""
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks:
            parts.append(chunk)
            size += len(chunk)
            if most is not None and size >= most:
                break
        return b"".join(parts)


class HTTPClient(Protocol):
    """All a client channel needs of HTTP."""

    def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AbstractAsyncContextManager[HTTPResponse]:
        """Send a request; entering gives the response once its head is there, leaving before the
        body's end closes the connection. Raises `Unreachable` if nothing was sent, another
        `OSError` if the connection broke."""
        ...
