"""Connecting on asyncio, with the `websockets` library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

from ..closing import NORMAL
from ..sockets.base import CLOSE_SECONDS, Socket
from ..sockets.on_asyncio import AsyncioSocket
from .opening import Target, refused, unreachable

__all__ = ["connected"]

MESSAGE_QUEUE = 16


class _Connect(connect):
    """Follows no redirect: it would take the credentials wherever the server says."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def connected(
    target: Target, headers: Mapping[str, str], subprotocols: list[str]
) -> AsyncGenerator[Socket]:
    """See `open_socket`."""
    connection = await _connect(target, headers, subprotocols)
    socket = AsyncioSocket(connection, target.max_message_bytes)
    try:
        yield socket
    finally:
        with anyio.CancelScope(shield=True):
            await socket.close(NORMAL)
            if not await _closed(connection):
                connection.transport.abort()


async def _connect(
    target: Target, headers: Mapping[str, str], subprotocols: list[str]
) -> ClientConnection:
    offered: Any = subprotocols or None
    options: dict[str, Any] = {}
    if target.ssl_context is not None:
        options["ssl"] = target.ssl_context
    opening = _Connect(
        target.url,
        subprotocols=offered,
        additional_headers=dict(headers),
        user_agent_header=None,
        compression=None,
        open_timeout=target.open_seconds,
        close_timeout=CLOSE_SECONDS,
        ping_interval=target.keepalive_seconds or None,
        ping_timeout=target.keepalive_seconds or None,
        max_size=target.max_message_bytes,
        max_queue=MESSAGE_QUEUE,
        **options,
    )
    try:
        return await opening
    except InvalidStatus as error:
        response = error.response
        fields = {name.lower(): value for name, value in response.headers.raw_items()}
        raise refused(
            target.origin, response.status_code, fields, bytes(response.body or b"")
        ) from None
    except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
        raise unreachable(target, error) from error


async def _closed(connection: ClientConnection) -> bool:
    with anyio.move_on_after(CLOSE_SECONDS):
        await connection.wait_closed()
        return True
    return False
