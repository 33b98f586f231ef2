"""`serve_websocket`: an app on a socket of its own, without an HTTP application."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import anyio
from anyio.abc import TaskStatus
from attrs import evolve, frozen
from zcp_kernel.config import ServerConfig

from ..config import WebSocketConfig
from .guard import Guard, authenticators_in_force
from .sockets import Sockets, sockets_of

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.runtime import Kernel

__all__ = ["Listening", "Standalone", "composed", "serve_websocket"]


@frozen
class Listening:
    """Where a server listens: the address, and the URL clients use."""

    host: str
    port: int
    url: str


@frozen
class Standalone:
    """What the two event loops' servers share. `certificate` turns TLS on."""

    sockets: Sockets
    guard: Guard
    settings: WebSocketConfig
    host: str
    port: int
    certificate: ssl.SSLContext | None

    def listening(self, port: int) -> Listening:
        name = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "ws" if self.certificate is None else "wss"
        return Listening(self.host, port, f"{scheme}://{name}:{port}{self.settings.path}")


async def serve_websocket(
    app: FastZCP,
    host: str | None = None,
    port: int | None = None,
    *,
    config: ServerConfig | Any | None = None,
    ssl_context: ssl.SSLContext | None = None,
    task_status: TaskStatus[Listening] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` over WebSocket until cancelled: on trio (`trio-websocket`) or asyncio
    (`websockets`), whichever runs.

    `host` and `port` stand instead of those of section `websocket`; 0 takes a free port. `config`
    is what `FastZCP.compose` takes. With `await tasks.start(serve_websocket, app)` the caller goes
    on once it listens, and is told where. Cancelled, it takes nothing more in; calls in flight have
    `drain_seconds` to be answered, and sockets are closed with 1001.

    Raises what composing raises, and `OSError` if it cannot listen there.
    """
    kernel = composed(app, config)
    settings: WebSocketConfig = kernel.config.section(WebSocketConfig)
    guard = Guard(kernel, settings, authenticators_in_force(app, kernel, settings))
    sockets = sockets_of(kernel)
    host = settings.host if host is None else host
    port = settings.port if port is None else port
    standalone = Standalone(sockets, guard, settings, host, port, ssl_context)
    async with kernel.running():
        if _on_trio():
            from .on_trio import listen
        else:
            from .on_asyncio import listen
        await listen(standalone, task_status)


def composed(app: FastZCP, config: Any) -> Kernel:
    """The kernel; in production without the messages of unexpected exceptions."""
    import os

    if config is None:
        config = ServerConfig.load(app.host, environ=os.environ)
    elif not isinstance(config, ServerConfig):
        config = config.server_config(app.host)
    server = config.section("server")
    if server.environment == "production":
        sections = {**config.sections, "server": evolve(server, mask_errors=True)}
        config = evolve(config, sections=sections)
    return app.compose(config)


def _on_trio() -> bool:
    try:
        from trio.lowlevel import current_task

        current_task()
    except RuntimeError:
        return False
    return True
