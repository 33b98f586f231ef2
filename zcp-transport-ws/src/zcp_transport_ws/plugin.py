"""Hook implementations of WebSocket; they import when called, so discovery is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.contracts import Transport
    from zcp_kernel.runtime import Kernel


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .config import WebSocketConfig

    return {"websocket": WebSocketConfig}


@hookimpl
def zcp_transports() -> Sequence[Transport]:
    from .client.transport import WebSocketTransport

    return [WebSocketTransport()]


@hookimpl
def zcp_asgi_mounts(kernel: Kernel) -> Mapping[str, Any]:
    from .config import WebSocketConfig
    from .server.app import WebSocketApplication
    from .server.sockets import sockets_of

    settings = kernel.config.section(WebSocketConfig)
    if not settings.enabled:
        return {}
    return {settings.path: WebSocketApplication(sockets_of(kernel))}


@hookimpl
def zcp_lifespan(kernel: Kernel) -> AbstractAsyncContextManager[None]:
    from .server.life import closing_at_the_end

    return closing_at_the_end(kernel)
