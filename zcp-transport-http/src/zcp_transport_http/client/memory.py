"""An ASGI application in this process, spoken to in memory."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio
from anyio.abc import TaskGroup

from ..wire import Headers, Receive, Scope, Send
from .http import HTTPResponse

__all__ = ["ASGIApp", "MemoryHTTP"]

log = logging.getLogger("zcp.http")

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Message = dict[str, Any]

DEFAULT_PORTS = {"http": 80, "https": 443}


class MemoryHTTP:
    """An `HTTPClient` whose server is an ASGI application in this process.

    Nothing is buffered: the application waits until a chunk of its response is read. It runs in
    `tasks`, and goes on when its client has left, until it ends by itself or they are cancelled.
    """

    def __init__(
        self, app: ASGIApp, tasks: TaskGroup, client: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        self._app = app
        self._tasks = tasks
        self._client = client

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        """See `HTTPClient`. Raises `ConnectionError` if the application ends without a response."""
        exchange = _Exchange(body)
        scope = self._scope(method, url, headers, len(body))
        self._tasks.start_soon(exchange.serve, self._app, scope)
        try:
            yield await exchange.response()
        finally:
            exchange.leave()

    def _scope(self, method: str, url: str, headers: Mapping[str, str], size: int) -> Scope:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        host = parts.hostname or "localhost"
        fields = {"host": parts.netloc or host, "content-length": str(size), **headers}
        if not size:
            del fields["content-length"]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": parts.path or "/",
            "raw_path": (parts.path or "/").encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in fields.items()],
            "client": self._client,
            "server": (host, port),
            "extensions": {},
        }


class _Exchange:
    """One request and its response, between two tasks."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._started = anyio.Event()
        self._over = anyio.Event()
        self._head: Message | None = None
        self._send, self._chunks = anyio.create_memory_object_stream[bytes](0)

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._receive, self._take)
        except Exception:
            log.exception("the application failed")
        finally:
            self._over.set()
            self._started.set()
            self._send.close()

    async def response(self) -> HTTPResponse:
        await self._started.wait()
        if self._head is None:
            raise ConnectionError("the server ended without a response")
        headers = Headers(self._head.get("headers", ()))
        return HTTPResponse(self._head["status"], headers, self._chunks)

    def leave(self) -> None:
        self._over.set()
        self._send.close()
        self._chunks.close()

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _take(self, message: Any) -> None:
        if self._over.is_set():
            raise OSError("the client is gone")
        if message["type"] == "http.response.start":
            self._head = dict(message)
            return
        self._started.set()
        chunk: bytes = message.get("body", b"")
        try:
            if chunk:
                await self._send.send(chunk)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise OSError("the client is gone") from None
        if not message.get("more_body", False):
            self._over.set()
            self._send.close()
