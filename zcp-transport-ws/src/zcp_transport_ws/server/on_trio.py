"""Listening on trio, with `trio-websocket`."""

from __future__ import annotations

import errno
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import trio
from anyio.abc import TaskStatus
from trio_websocket import ConnectionClosed, WebSocketRequest, wrap_server_stream

from ..sockets.base import CLOSE_SECONDS
from ..sockets.on_trio import Line, TrioSocket
from .upgrade import Refusal, Upgrade, agree

if TYPE_CHECKING:
    from .standalone import Listening, Standalone

__all__ = ["listen"]

log = logging.getLogger("zcp.ws")

RECEIVE_BYTES = 64 * 1024
MESSAGE_QUEUE = 16
NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
NO_ROOM_SECONDS = 0.1


async def listen(standalone: Standalone, task_status: TaskStatus[Listening]) -> None:
    """Serve until cancelled, then drain."""
    sockets = standalone.sockets
    try:
        listeners: list[Any] = await _listeners(standalone)
        async with trio.open_nursery() as accepting:
            for each in listeners:
                accepting.start_soon(_accept, each, standalone)
            task_status.started(standalone.listening(_port(listeners[0])))
    finally:
        with anyio.CancelScope(shield=True):
            sockets.drain()
            with anyio.move_on_after(standalone.settings.drain_seconds + CLOSE_SECONDS):
                await sockets.emptied()
            await sockets.aclose()


async def _listeners(standalone: Standalone) -> Any:
    host, port = standalone.host, standalone.port
    if standalone.certificate is None:
        return await trio.open_tcp_listeners(port, host=host)
    return await trio.open_ssl_over_tcp_listeners(
        port, standalone.certificate, host=host, https_compatible=True
    )


def _port(listener: Any) -> int:
    plain = getattr(listener, "transport_listener", listener)
    port: int = plain.socket.getsockname()[1]
    return port


async def _accept(listener: Any, standalone: Standalone) -> None:
    kernel = standalone.sockets.kernel
    try:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                log.warning("no socket could be taken in: %s", error)
                await trio.sleep(NO_ROOM_SECONDS)
                continue
            # The kernel's, not ours: sockets have their time to end when this is cancelled.
            kernel.spawn(partial(_serve, standalone, Line(stream)))
    finally:
        with trio.CancelScope(shield=True):
            await listener.aclose()


async def _serve(standalone: Standalone, line: Line) -> None:
    """One connection, from its first byte to its last; nothing a peer does leaves this function."""
    try:
        async with trio.open_nursery() as nursery:
            request = await _requested(standalone, line, nursery)
            if request is not None:
                await _let_in(standalone, request, line, nursery)
            nursery.cancel_scope.cancel()
    except* (ConnectionClosed, trio.BrokenResourceError, trio.ClosedResourceError):
        log.debug("a connection was lost", exc_info=True)
    except* Exception:
        log.warning("a connection failed", exc_info=True)
    finally:
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            await line.aclose()


async def _requested(
    standalone: Standalone, line: Line, nursery: trio.Nursery
) -> WebSocketRequest | None:
    """The opening handshake's request; None if none came in time. trio-websocket itself answers
    what is no handshake, and hangs up."""
    with trio.move_on_after(standalone.settings.handshake_seconds) as patience:
        line.on_end = patience.cancel
        return await wrap_server_stream(
            nursery,
            line,
            message_queue_size=MESSAGE_QUEUE,
            max_message_size=standalone.settings.max_message_bytes,
            receive_buffer_size=RECEIVE_BYTES,
        )
    return None


async def _let_in(
    standalone: Standalone, request: WebSocketRequest, line: Line, nursery: trio.Nursery
) -> None:
    line.on_end = None
    sockets, settings = standalone.sockets, standalone.settings
    path, _, query = request.path.partition("?")
    address, peer = _addresses(line)
    upgrade = Upgrade(_headers(request), path, query, address, peer)
    try:
        sockets.check_room()
        visitor = await standalone.guard.admit(upgrade)
        agreed = agree(upgrade.subprotocols, sockets.kernel.dialects)
    except Refusal as refusal:
        headers = [*refusal.headers, (b"connection", b"close")]
        await request.reject(refusal.status, extra_headers=headers, body=refusal.body)
        return
    line.connection = await request.accept(subprotocol=agreed.subprotocol)
    socket = TrioSocket(line.connection, line, settings.max_message_bytes)
    if settings.keepalive_seconds:
        nursery.start_soon(socket.keep_alive, settings.keepalive_seconds)
    await sockets.serve(socket, visitor, agreed)


def _headers(request: WebSocketRequest) -> list[tuple[bytes, bytes]]:
    """As they came: wsproto takes some out of the list and keeps them in members of their own."""
    headers = [(name.lower(), value) for name, value in request.headers]
    known = {name for name, _ in headers}
    if b"sec-websocket-protocol" not in known and request.proposed_subprotocols:
        offered = ", ".join(request.proposed_subprotocols)
        headers.append((b"sec-websocket-protocol", offered.encode("latin-1")))
    if b"host" not in known:
        # The library has no public name for it, and without it no page could be told from another.
        event: Any = vars(request)["_event"]
        headers.append((b"host", str(event.host).encode("idna")))
    return headers


def _addresses(line: Line) -> tuple[str, str | None]:
    """This end's and the peer's, as far as they are known."""
    inner: Any = line.stream
    plain = getattr(inner, "transport_stream", inner)
    try:
        return str(plain.socket.getsockname()[0]), str(plain.socket.getpeername()[0])
    except OSError:
        return "", None
