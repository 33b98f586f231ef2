"""Listening on asyncio, with the `websockets` library."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import anyio
from anyio.abc import TaskStatus
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from ..sockets.base import CLOSE_SECONDS
from ..sockets.on_asyncio import AsyncioSocket
from .upgrade import Agreed, Refusal, Upgrade, Visitor, agree

if TYPE_CHECKING:
    from .standalone import Listening, Standalone

__all__ = ["listen"]

MESSAGE_QUEUE = 16
TURNS = 3
"""Rounds of the event loop within which what was accepted has become a connection."""


async def listen(standalone: Standalone, task_status: TaskStatus[Listening]) -> None:
    """Serve until cancelled, then drain."""
    server = await _Server(standalone).start()
    port = server.sockets[0].getsockname()[1]
    try:
        task_status.started(standalone.listening(port))
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(server, standalone)


async def _stop_accepting(server: Server) -> None:
    """Take in no more connections, and serve those just taken: asyncio forgets whom it has
    accepted when the server closes before it looked at them, and they would wait for ever
    (python/cpython#109564)."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        # Other event loops accept in a way of their own, and refuse this.
        with suppress(NotImplementedError, RuntimeError):
            loop.remove_reader(listener.fileno())
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def _stop(server: Server, standalone: Standalone) -> None:
    await _stop_accepting(server)
    server.close(close_connections=False)
    standalone.sockets.drain()
    with anyio.move_on_after(standalone.settings.drain_seconds + CLOSE_SECONDS):
        await standalone.sockets.emptied()
    await standalone.sockets.aclose()
    with anyio.move_on_after(CLOSE_SECONDS):
        await server.wait_closed()


class _Server:
    def __init__(self, standalone: Standalone) -> None:
        self._standalone = standalone

    async def start(self) -> Server:
        settings = self._standalone.settings
        keepalive = settings.keepalive_seconds or None
        return await serve(
            self._serve,
            self._standalone.host,
            self._standalone.port,
            process_request=self._let_in,
            select_subprotocol=_agreed,
            ssl=self._standalone.certificate,
            compression=None,
            server_header=None,
            open_timeout=settings.handshake_seconds,
            close_timeout=CLOSE_SECONDS,
            ping_interval=keepalive,
            ping_timeout=keepalive,
            max_size=settings.max_message_bytes,
            max_queue=MESSAGE_QUEUE,
        )

    async def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _, query = request.path.partition("?")
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in request.headers.raw_items()
        ]
        address, peer = connection.local_address, connection.remote_address
        upgrade = Upgrade(
            headers, path, query, str(address[0]) if address else "", str(peer[0]) if peer else None
        )
        sockets = self._standalone.sockets
        try:
            sockets.check_room()
            visitor = await self._standalone.guard.admit(upgrade)
            agreed = agree(upgrade.subprotocols, sockets.kernel.dialects)
        except Refusal as refusal:
            return _response(refusal)
        vars(connection)["zcp_upgrade"] = (visitor, agreed)
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        visitor, agreed = _upgraded(connection)
        socket = AsyncioSocket(connection, self._standalone.settings.max_message_bytes)
        try:
            await self._standalone.sockets.serve(socket, visitor, agreed)
        except asyncio.CancelledError:
            # The library cancels its handlers when it stops; the socket was closed on the way.
            return


def _upgraded(connection: Any) -> tuple[Visitor, Agreed]:
    return cast("tuple[Visitor, Agreed]", vars(connection)["zcp_upgrade"])


def _agreed(connection: ServerConnection, offered: Any) -> Any:
    return _upgraded(connection)[1].subprotocol


def _response(refusal: Refusal) -> Response:
    headers = Headers()
    for name, value in refusal.headers:
        headers[name.decode()] = value.decode("latin-1")
    body = refusal.body
    headers["content-length"] = str(len(body))
    headers["connection"] = "close"
    return Response(refusal.status, HTTPStatus(refusal.status).phrase, headers, body)
