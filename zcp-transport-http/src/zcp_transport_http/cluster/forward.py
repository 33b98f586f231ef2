"""Passing a request on to another process of this server, over a private Unix socket.

The other process does with it what it does with any request: it looks at host, size and credentials
itself. Streams go through as they come; a client that leaves is gone there as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import anyio

from ..wire import NO_CONTENT, problem
from .vouching import VOUCHED

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

    from ..wire import Pairs, Request, Send

__all__ = ["Forwarding", "Gone"]

CONNECT_SECONDS = 2.0
REPEATABLE = ("GET", "DELETE")
"""Methods that may be asked of another process when it is unknown what became of the request."""
BUSY = "the process that has the session takes no connection; try again"
LOST = "the process that had the session ended while it ran this call; what became of it is unknown"
_HOP_BY_HOP = frozenset({
    b"connection", b"content-length", b"keep-alive", b"te", b"trailer", b"transfer-encoding",
    b"upgrade", VOUCHED.encode(),
})  # fmt: skip
"""RFC 9110, section 7.6.1, and what the next hop works out itself."""


class Gone(Exception):
    """The other process does not answer: it has ended, or is about to. Nothing was asked of it that
    may not be asked again."""


class Forwarding:
    """The way to the processes whose sockets are in `folder`, each named after its process."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder = folder
        self._secret = secret
        self._clients: dict[str, httpx2.AsyncClient] = {}

    def path_of(self, worker: str) -> Path:
        """Where a process listens."""
        return self._folder / f"{worker}.sock"

    async def to(self, worker: str, request: Request, send: Send) -> None:
        """Pass the request on and the response back. Raises `Gone` before anything was sent."""
        if not self.path_of(worker).exists():
            self._forget(worker)
            raise Gone(worker)
        gone: Gone | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(_watch, request, group.cancel_scope)
            try:
                await self._exchange(worker, request, send)
            except Gone as error:
                gone = error
            finally:
                group.cancel_scope.cancel()
        if gone is not None:
            raise gone

    async def aclose(self) -> None:
        """Close every connection. Idempotent."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _forget(self, worker: str) -> None:
        # It holds no connection but those of requests under way, which shall end by themselves.
        self._clients.pop(worker, None)

    def _client(self, worker: str) -> httpx2.AsyncClient:
        client = self._clients.get(worker)
        if client is None:
            import httpx2

            # No connection is kept: one that its process closes as a request comes would lose it.
            transport = httpx2.AsyncHTTPTransport(
                uds=str(self.path_of(worker)), limits=httpx2.Limits(max_keepalive_connections=0)
            )
            timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
            client = httpx2.AsyncClient(transport=transport, timeout=timeout)
            self._clients[worker] = client
        return client

    async def _exchange(self, worker: str, request: Request, send: Send) -> None:
        import httpx2

        scope = request.scope
        target = scope.get("raw_path") or scope["path"].encode()
        query: bytes = scope.get("query_string", b"")
        url = httpx2.URL("http://worker", raw_path=target + (b"?" + query if query else b""))
        fields = [*_end_to_end(scope["headers"]), (VOUCHED.encode(), self._secret.encode())]
        outgoing = self._client(worker).build_request(
            scope["method"], url, headers=fields, content=request.body or None
        )
        response: httpx2.Response | None = None
        try:
            response = await self._client(worker).send(outgoing, stream=True)
            await _back(response, send)
        except httpx2.ConnectError as error:
            self._forget(worker)
            raise Gone(worker) from error
        except httpx2.ConnectTimeout:
            await problem(send, 503, BUSY, headers=[(b"retry-after", b"1")])
        except httpx2.TransportError as error:
            if request.method in REPEATABLE:
                raise Gone(worker) from error
            await problem(send, 502, LOST)
        finally:
            if response is not None:
                with anyio.CancelScope(shield=True):
                    await response.aclose()


async def _back(response: httpx2.Response, send: Send) -> None:
    """Pass a response on. Raises `TransportError`, and then nothing was sent."""
    fields = list(_end_to_end(response.headers.raw))
    head = {"type": "http.response.start", "status": response.status_code, "headers": fields}
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        await _stream_back(response, head, send)
        return
    # The process may end before the whole body is here.
    body = b"".join([chunk async for chunk in response.aiter_raw()])
    if response.status_code != NO_CONTENT:
        fields.append((b"content-length", b"%d" % len(body)))
    await send(head)
    await send({"type": "http.response.body", "body": body})


async def _stream_back(response: httpx2.Response, head: dict[str, Any], send: Send) -> None:
    import httpx2

    await send(head)
    try:
        async for chunk in response.aiter_raw():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except httpx2.TransportError:
        # The process ended. A stream may end at any time: its client comes back for the rest.
        pass
    await send({"type": "http.response.body", "body": b""})


async def _watch(request: Request, scope: anyio.CancelScope) -> None:
    await request.disconnected()
    scope.cancel()


def _end_to_end(fields: Iterable[tuple[bytes, bytes]]) -> Pairs:
    return [(name, value) for name, value in fields if name.lower() not in _HOP_BY_HOP]
