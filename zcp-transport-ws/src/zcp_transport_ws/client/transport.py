"""The client transport of URL schemes `ws` and `wss`."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from .credentials import Credentials
from .keeping import AnyChannel, client_channel
from .opening import KEEPALIVE_SECONDS, MAX_MESSAGE_BYTES, OPEN_SECONDS, Target, open_socket

if TYPE_CHECKING:
    from zcp_kernel.contracts import Authorizer

__all__ = ["WebSocketTransport"]


class WebSocketTransport:
    """Implements `zcp_kernel.contracts.Transport`."""

    name = "websocket"
    schemes: tuple[str, ...] = ("ws", "wss")

    def prefer(self, target: Any) -> Sequence[str] | None:
        """None: every dialect can be spoken on a socket."""
        return None

    def connect(
        self,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: str | Authorizer | None = None,
        ssl_context: ssl.SSLContext | None = None,
        subprotocols: Sequence[str] = ("zcp", "mcp"),
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        keepalive_seconds: float = KEEPALIVE_SECONDS,
        open_seconds: float = OPEN_SECONDS,
    ) -> AbstractAsyncContextManager[AnyChannel]:
        """A channel to the URL. `headers` go with the upgrade, `auth` is a bearer token or an
        `Authorizer`, `subprotocols` are offered in this order. Every `keepalive_seconds` the server
        is pinged, and has as long to answer; 0 does not. The opening handshake may take
        `open_seconds`. Raises `ConfigError` for something else than a WebSocket URL."""
        where = Target(
            target,
            dict(headers or {}),
            ssl_context,
            max_message_bytes,
            keepalive_seconds,
            open_seconds,
        )
        opener = partial(open_socket, where)
        return client_channel(Credentials(auth, target).opener(opener), subprotocols)
