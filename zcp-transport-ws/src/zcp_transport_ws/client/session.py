"""`websocket_client`: a session over WebSocket, with a URL or with a server in this process."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.connecting import connect_over
from zcp_kernel.errors import InvalidParams
from zcp_kernel.plugins import PluginHost

from .transport import WebSocketTransport

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Authorizer, Dialect

    from ..inprocess import WebSocketServer

__all__ = ["subprotocols_of", "websocket_client"]

SUBPROTOCOLS = {"native": "zcp", "mcp": "mcp"}


def websocket_client(
    target: str | WebSocketServer | FastZCP,
    *,
    headers: Mapping[str, str] | None = None,
    auth: str | Authorizer | None = None,
    ssl_context: ssl.SSLContext | None = None,
    **hooks: Any,
) -> ZCPClientSession:
    """A session with `target`: a `ws://` or `wss://` URL, a `websocket_server(app)`, or the app
    itself; on asyncio and trio.

    `headers` go with the upgrade. `auth` is a bearer token, or an `Authorizer`. `hooks` are those
    of `zcp_kernel.client.session_over`: `roots_provider`, `sampling_handler`,
    `elicitation_handler`, `log_handler`, `progress_handler`, `notification_handler`, and `timeout`,
    `revision`, `prefer`, `client_info`.

    On the native plane a socket that drops is opened anew by itself, and nothing is lost or doubled
    by it, as long as the server keeps the session. Otherwise calls in flight raise
    `ConnectionLost`, and the next call connects anew.

    Raises `ConfigError` for something else than a WebSocket URL, `PluginError` for a broken plugin,
    `ConfigError` for an unknown setting.
    """
    if not isinstance(target, str):
        return _client_here(target, headers, auth, hooks)
    if "dialects" not in hooks:
        host = PluginHost()
        hooks["dialects"] = host.dialects(ServerConfig.load(host))
    offered = subprotocols_of(hooks["dialects"], hooks.get("prefer"), hooks.get("revision"))
    return connect_over(
        WebSocketTransport(),
        target,
        headers=headers,
        auth=auth,
        ssl_context=ssl_context,
        subprotocols=offered,
        **hooks,
    )


def _client_here(
    target: WebSocketServer | FastZCP,
    headers: Mapping[str, str] | None,
    auth: str | Authorizer | None,
    hooks: dict[str, Any],
) -> ZCPClientSession:
    from ..inprocess import WebSocketServer, websocket_server

    server = target if isinstance(target, WebSocketServer) else websocket_server(target)
    hooks.setdefault("dialects", server.dialects)
    offered = subprotocols_of(hooks["dialects"], hooks.get("prefer"), hooks.get("revision"))
    connect = partial(server.connect, headers, auth=auth, subprotocols=offered)
    return session_over(connect, transport=server.transport, **hooks)


def subprotocols_of(
    dialects: Sequence[Dialect], prefer: Sequence[str] | None, revision: str | None
) -> list[str]:
    """What to offer for these dialects, best first: those preferred, or that of the revision."""
    names = [each.name for each in dialects]
    if revision is not None:
        names = [each.name for each in dialects if _has(each, revision)]
    elif prefer is not None:
        names = [name for name in prefer if name in names]
    else:
        names.sort(key=list(SUBPROTOCOLS).index if set(names) <= set(SUBPROTOCOLS) else str)
    return [SUBPROTOCOLS[name] for name in names if name in SUBPROTOCOLS]


def _has(dialect: Dialect, revision: str) -> bool:
    try:
        dialect.revision(revision)
    except InvalidParams:
        return False
    return True
