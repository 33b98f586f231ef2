"""Sessions with servers in this process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from zcp_kernel.client import ZCPClientSession, session_over

from .servers import InProcessServer, sse_server, streamable_http_server

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

__all__ = ["sse_client", "streamable_http_client"]


def streamable_http_client(
    server: InProcessServer | FastZCP, *, headers: Mapping[str, str] | None = None, **hooks: Any
) -> ZCPClientSession:
    """A session with a `streamable_http_server(app)` (or the app itself, at `/mcp`).

    `headers` go with every request, credentials for instance. `hooks` are those of
    `zcp_kernel.client.session_over`: `roots_provider`, `sampling_handler`, `elicitation_handler`,
    `log_handler`, `progress_handler`, `notification_handler`, and `timeout`, `revision`, `prefer`,
    `client_info`. Raises what composing the server raises.
    """
    handle = server if isinstance(server, InProcessServer) else streamable_http_server(server)
    return _session(handle, headers, hooks, "streamable-http")


def sse_client(
    server: InProcessServer | FastZCP, *, headers: Mapping[str, str] | None = None, **hooks: Any
) -> ZCPClientSession:
    """A session with an `sse_server(app)` (or the app itself); options as for
    `streamable_http_client`."""
    handle = server if isinstance(server, InProcessServer) else sse_server(server)
    return _session(handle, headers, hooks, "sse")


def _session(
    server: InProcessServer,
    headers: Mapping[str, str] | None,
    hooks: dict[str, Any],
    transport: str,
) -> ZCPClientSession:
    hooks.setdefault("dialects", server.dialects)
    return session_over(partial(server.connect, headers), transport=transport, **hooks)
