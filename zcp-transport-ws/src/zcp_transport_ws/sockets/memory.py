"""A client's socket to an ASGI application in this process."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import anyio

from ..closing import DROPPED, NORMAL, Ending
from .asgi import Receive, Scope, Send
from .base import CLOSE_SECONDS, Socket

__all__ = ["ASGIApp", "MemorySocket", "memory_socket"]

log = logging.getLogger("zcp.ws")

Message = dict[str, Any]
ASGIApp = Any
"""`async (scope, receive, send) -> None`."""

QUEUED = 64
"""Messages one end may be ahead of the other."""

DEFAULT_PORTS = {"ws": 80, "wss": 443}


class MemorySocket(Socket):
    """The client's end; the application is the server."""

    def __init__(self, max_message_bytes: int) -> None:
        super().__init__(None, max_message_bytes)
        self.refusal: tuple[int, Mapping[str, str], bytes] | None = None
        self.decided = anyio.Event()
        self.finished = anyio.Event()
        self._to_app, self._from_client = anyio.create_memory_object_stream[Message](QUEUED)
        self._to_client, self._from_app = anyio.create_memory_object_stream[Message](QUEUED)
        self._head: Message | None = None

    # -- what the application sees -----------------------------------------------------------------

    async def serve(self, app: ASGIApp, scope: Scope) -> None:
        """Run the application."""
        receive: Receive = self._app_receives
        send: Send = self._app_sends
        self._to_app.send_nowait({"type": "websocket.connect"})
        try:
            await app(scope, receive, send)
        except Exception:
            log.exception("the application failed")
        finally:
            self.decided.set()
            self.finished.set()
            self._to_client.close()
            self._from_client.close()

    async def _app_receives(self) -> Message:
        try:
            return await self._from_client.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            ending = self.ending
            code = ending.code if ending is not None else DROPPED
            return {"type": "websocket.disconnect", "code": code}

    async def _app_sends(self, message: Any) -> None:
        kind = message["type"]
        if kind == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            self.decided.set()
        elif kind == "websocket.http.response.start":
            self._head = dict(message)
        elif kind == "websocket.http.response.body":
            assert self._head is not None
            fields = {key.decode(): value.decode() for key, value in self._head["headers"]}
            self.refusal = (self._head["status"], fields, message.get("body", b""))
            self.decided.set()
        else:
            try:
                await self._to_client.send(dict(message))
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                raise OSError("the client is gone") from None

    # -- the client's end --------------------------------------------------------------------------

    async def _read(self) -> str | bytes:
        try:
            message = await self._from_app.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            raise self._end(Ending(DROPPED, "the application ended")) from None
        if message["type"] == "websocket.close":
            raise self._end(Ending(message.get("code", NORMAL), message.get("reason") or ""))
        text: str | None = message.get("text")
        return text if text is not None else bytes(message.get("bytes") or b"")

    async def _write(self, frame: bytes) -> None:
        try:
            message = {"type": "websocket.receive", "text": frame.decode()}
            await self._to_app.send(message)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise self._end(Ending(DROPPED, "the application ended")) from None

    async def _close(self, code: int, reason: str) -> None:
        self._cut()

    def hang_up(self) -> None:
        """Let go of the connection, however it ended."""
        self._to_app.close()
        self._from_app.close()

    _cut = hang_up


@asynccontextmanager
async def memory_socket(
    app: ASGIApp,
    url: str,
    headers: Mapping[str, str],
    subprotocols: Sequence[str],
    max_message_bytes: int,
) -> AsyncGenerator[MemorySocket]:
    """Open a socket to the application. The application runs until it ends by itself, or this
    context is left. A socket that was refused has a `refusal`."""
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        socket = MemorySocket(max_message_bytes)
        tasks.start_soon(socket.serve, app, _scope(url, headers, subprotocols))
        try:
            await socket.decided.wait()
            yield socket
        except Exception as error:
            # Kept out of the task group, which would wrap it in an exception group.
            failure = error
        finally:
            with anyio.CancelScope(shield=True):
                await socket.close(NORMAL)
                socket.hang_up()
                with anyio.move_on_after(CLOSE_SECONDS):
                    # It still reads what was sent before.
                    await socket.finished.wait()
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _scope(url: str, headers: Mapping[str, str], subprotocols: Sequence[str]) -> Scope:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    fields = {"host": parts.netloc or host, **headers}
    if subprotocols:
        fields["sec-websocket-protocol"] = ", ".join(subprotocols)
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": parts.path or "/",
        "raw_path": (parts.path or "/").encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in fields.items()],
        "client": ("127.0.0.1", 0),
        "server": (host, parts.port or DEFAULT_PORTS.get(parts.scheme, 80)),
        "subprotocols": list(subprotocols),
        "extensions": {"websocket.http.response": {}},
    }
