"""The ASGI application at the WebSocket's path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zcp_kernel.jsontext import dumps

from ..sockets.asgi import ASGISocket, Receive, Scope, Send
from .guard import Guard
from .sockets import Sockets
from .upgrade import Pairs, Refusal, Upgrade, Visitor, agree

if TYPE_CHECKING:
    from ..config import WebSocketConfig

__all__ = ["EXTENSION", "WebSocketApplication"]

EXTENSION = "zcp"
"""Scope extension an application that guards its mounts leaves: `{"principal", "admit"?}`."""

UPGRADE_REQUIRED = 426


class WebSocketApplication:
    """Serves ASGI scopes of type `websocket`.

    Whoever mounts it may guard it: see `EXTENSION`. Otherwise it guards itself. `surface` is what a
    server's description calls it.
    """

    surface = "ws"

    def __init__(self, sockets: Sockets, guard: Guard | None = None) -> None:
        """`guard` None: only guarded upgrades are let in."""
        self._sockets = sockets
        self._guard = guard

    @property
    def websocket_limits(self) -> tuple[int, float]:
        """Largest message in bytes, and seconds between pings (0: none), for the ASGI server."""
        settings = self._settings
        return settings.max_message_bytes, settings.keepalive_seconds

    @property
    def _settings(self) -> WebSocketConfig:
        return self._sockets.settings

    def websocket_credentials(self, scope: Scope) -> Pairs:
        """Header fields for the credentials an upgrade carries elsewhere. Raises `ValueError` for
        some that cannot be read."""
        try:
            return _upgrade(scope).credentials(self._settings)
        except Refusal as refusal:
            raise ValueError(refusal.message) from None

    def drain(self) -> None:
        """See `Sockets.drain`."""
        self._sockets.drain()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            return await _upgrade_required(send)
        upgrade = _upgrade(scope)
        await receive()
        try:
            self._sockets.check_room()
            visitor = await self._visitor(scope, upgrade)
            agreed = agree(upgrade.subprotocols, self._sockets.kernel.dialects)
        except Refusal as refusal:
            return await _refuse(refusal, scope, send)
        await send({"type": "websocket.accept", "subprotocol": agreed.subprotocol})
        limit = self._settings.max_message_bytes
        socket = ASGISocket(receive, send, agreed.subprotocol, limit)
        return await self._sockets.serve(socket, visitor, agreed)

    async def _visitor(self, scope: Scope, upgrade: Upgrade) -> Visitor:
        extensions: dict[str, Any] = scope.get("extensions") or {}
        if EXTENSION in extensions:
            known: dict[str, Any] = extensions[EXTENSION]
            return Visitor(known["principal"], known.get("admit"))
        if self._guard is None:
            raise Refusal(403, "this application must be mounted by one that guards it")
        return await self._guard.admit(upgrade)


def _upgrade(scope: Scope) -> Upgrade:
    server, client = scope.get("server"), scope.get("client")
    query: bytes = scope.get("query_string", b"")
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    return Upgrade(
        headers,
        scope["path"],
        query.decode("latin-1"),
        str(server[0]) if server else "",
        str(client[0]) if client else None,
    )


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    """With its status where the server can send one (ASGI, "Websocket Denial Response"); else the
    server says 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        return await send({"type": "websocket.close", "code": 1000, "reason": refusal.message})
    body = refusal.body
    headers = [*refusal.headers, (b"content-length", b"%d" % len(body))]
    start = {"type": "websocket.http.response.start", "status": refusal.status, "headers": headers}
    await send(start)
    return await send({"type": "websocket.http.response.body", "body": body})


async def _upgrade_required(send: Send) -> None:
    message = "this is a WebSocket: send an upgrade (RFC 6455, section 4.1)"
    body = dumps({"jsonrpc": "2.0", "error": {"code": -32600, "message": message}})
    headers = [
        (b"upgrade", b"websocket"),
        (b"connection", b"upgrade"),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": UPGRADE_REQUIRED, "headers": headers})
    await send({"type": "http.response.body", "body": body})
