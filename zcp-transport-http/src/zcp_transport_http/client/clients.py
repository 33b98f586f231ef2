"""Sessions over HTTP, with servers on the network and in this process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.connecting import connect_over

from .inprocess import InProcessServer, sse_server, streamable_http_server
from .transport import SSETransport, StreamableHTTPTransport, check_fields, checked_url

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Authorizer

__all__ = ["sse_client", "streamable_http_client"]


def streamable_http_client(
    server: str | InProcessServer | FastZCP,
    *,
    headers: Mapping[str, str] | None = None,
    auth: str | Authorizer | None = None,
    **options: Any,
) -> ZCPClientSession:
    """A session with the server at a URL, or with one in this process: a
    `streamable_http_server(app)`, or the app itself at `/mcp`.

    A URL that ends in `/zcp` is the native plane's, another MCP's; one of a server that speaks only
    HTTP+SSE works as well. `headers` go with every request, and the credentials of `auth`: a bearer
    token or a `zcp_kernel.contracts.Authorizer`. `options` are those of
    `zcp_kernel.client.session_over` (hooks, `timeout`, `revision`, `prefer`, `client_info`), and
    for a URL `network` (a `NetworkOptions`), `session_id` to join a session that was opened
    elsewhere, `end_session`, `max_exchanges` and `least_silence_seconds`, see `StreamableOptions`.

    Raises `ConfigError` for what is no URL or header field, and what composing the server raises.
    """
    if isinstance(server, str):
        url, fields = checked_url(server), check_fields(headers)
        return connect_over(StreamableHTTPTransport(), url, headers=fields, auth=auth, **options)
    handle = server if isinstance(server, InProcessServer) else streamable_http_server(server)
    return _session(handle, headers, auth, options)


def sse_client(
    server: str | InProcessServer | FastZCP,
    *,
    headers: Mapping[str, str] | None = None,
    auth: str | Authorizer | None = None,
    **options: Any,
) -> ZCPClientSession:
    """A session over HTTP+SSE (MCP 2024-11-05) with the server whose stream is at a URL, or with an
    `sse_server(app)` (or the app itself); otherwise as `streamable_http_client`."""
    if isinstance(server, str):
        url, fields = checked_url(server), check_fields(headers)
        return connect_over(SSETransport(), url, headers=fields, auth=auth, **options)
    handle = server if isinstance(server, InProcessServer) else sse_server(server)
    return _session(handle, headers, auth, options)


def _session(
    server: InProcessServer,
    headers: Mapping[str, str] | None,
    auth: str | Authorizer | None,
    options: dict[str, Any],
) -> ZCPClientSession:
    options.setdefault("dialects", server.dialects)
    options.setdefault("transport", server.transport)
    return session_over(partial(server.connect, headers, auth), **options)
