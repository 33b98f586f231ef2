"""Connecting on trio, with `trio-websocket`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionRejected, WebSocketConnection, wrap_client_stream
from zcp_kernel.errors import ConnectionLost

from ..closing import NORMAL
from ..sockets.base import CLOSE_SECONDS, Socket
from ..sockets.on_trio import Line, TrioSocket
from .opening import Target, refused, unreachable

__all__ = ["connected"]

MESSAGE_QUEUE = 16
RECEIVE_BYTES = 64 * 1024
DEFAULT_PORTS = {"ws": 80, "wss": 443}


@asynccontextmanager
async def connected(
    target: Target, headers: Mapping[str, str], subprotocols: list[str]
) -> AsyncGenerator[Socket]:
    """See `open_socket`."""
    line = await _line(target)
    failure: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            try:
                connection = await _shaken(target, line, headers, subprotocols, nursery)
                socket = TrioSocket(connection, line, target.max_message_bytes)
                if target.keepalive_seconds:
                    nursery.start_soon(socket.keep_alive, target.keepalive_seconds)
                try:
                    yield socket
                finally:
                    await socket.close(NORMAL)
            except Exception as error:
                # Kept out of the nursery, which would wrap it in an exception group.
                failure = error
            nursery.cancel_scope.cancel()
    except* ConnectionRejected as rejected:
        failure = _refused(target, rejected) or failure
    except* (trio.BrokenResourceError, trio.ClosedResourceError) as broken:
        failure = failure or unreachable(target, broken.exceptions[0])
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await line.aclose()
    if failure is not None:
        raise failure


async def _line(target: Target) -> Line:
    parts = urlsplit(target.url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    host = parts.hostname or ""
    try:
        with trio.fail_after(target.open_seconds):
            if parts.scheme == "ws":
                return Line(await trio.open_tcp_stream(host, port))
            context = target.ssl_context or ssl.create_default_context()
            stream = await trio.open_ssl_over_tcp_stream(
                host, port, ssl_context=context, https_compatible=True
            )
            await stream.do_handshake()
            return Line(stream)
    except (OSError, trio.TooSlowError, trio.BrokenResourceError) as error:
        raise unreachable(target, _cause(error)) from _cause(error)


async def _shaken(
    target: Target,
    line: Line,
    headers: Mapping[str, str],
    subprotocols: list[str],
    nursery: trio.Nursery,
) -> WebSocketConnection:
    """The connection after its opening handshake. A refusal ends the nursery."""
    parts = urlsplit(target.url)
    resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    with trio.move_on_after(target.open_seconds) as patience:
        line.on_end = patience.cancel
        connection = await wrap_client_stream(
            nursery,
            line,  # type: ignore[arg-type]
            parts.netloc,
            resource,
            subprotocols=subprotocols,
            extra_headers=fields,
            message_queue_size=MESSAGE_QUEUE,
            max_message_size=target.max_message_bytes,
            receive_buffer_size=RECEIVE_BYTES,
        )
        line.on_end = None
        line.connection = connection
        return connection
    raise ConnectionLost(f"{target.origin} ended the opening handshake, or did not answer it")


def _refused(target: Target, group: BaseExceptionGroup[ConnectionRejected]) -> Exception | None:
    for error in group.exceptions:
        if isinstance(error, ConnectionRejected):
            fields = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in error.headers or ()
            }
            return refused(target.origin, error.status_code, fields, error.body or b"")
    return None


def _cause(error: Exception) -> Exception:
    if isinstance(error, trio.TooSlowError):
        return TimeoutError()
    cause: Any = error.__cause__
    # A group has one for each address of the name; they mostly say the same.
    first = getattr(cause, "exceptions", (cause,))[0]
    return first if isinstance(first, Exception) else error
